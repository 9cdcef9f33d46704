//! The checksums that S3 keeps of an object: computed while the bytes go by,
//! put together from those of the parts.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, checksum_combine};
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};
use stave_core::{Error, Result, Sha256};

/// How a checksum is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChecksumAlgorithm {
    /// CRC-32 as in zip and gzip.
    Crc32,
    /// CRC-32 after Castagnoli.
    Crc32C,
    /// CRC-64 as in NVMe.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// What a checksum of an object in parts is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChecksumType {
    /// All bytes.
    FullObject,
    /// The checksums of the parts.
    Composite,
}

/// A checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// How it was computed.
    pub algorithm: ChecksumAlgorithm,
    /// What of.
    pub kind: ChecksumType,
    /// The value in base64; a composite one ends in `-` and the number of parts.
    pub value: String,
}

impl ChecksumAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32C,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// S3's name, as in `x-amz-checksum-algorithm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32C => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The algorithm of that name, in upper or lower case.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                Error::invalid(format!("checksum algorithm \"{name}\" is not known"))
                    .hint("it is one of CRC32, CRC32C, CRC64NVME, SHA1 and SHA256")
            })
    }

    /// What the checksum of an object in parts is made from, unless asked otherwise.
    pub fn default_type(self) -> ChecksumType {
        match self {
            Self::Crc64Nvme => ChecksumType::FullObject,
            _ => ChecksumType::Composite,
        }
    }

    /// Refuses what S3 does not offer: a composite CRC-64, a SHA over all parts.
    pub fn check_type(self, kind: ChecksumType) -> Result<()> {
        let fits = match self {
            Self::Crc32 | Self::Crc32C => true,
            Self::Crc64Nvme => kind == ChecksumType::FullObject,
            Self::Sha1 | Self::Sha256 => kind == ChecksumType::Composite,
        };
        if fits {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "a {kind} checksum of an upload in parts cannot be {}",
            self.name()
        )))
    }

    /// How many bytes a value has.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32C => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32C => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// The checksum of `bytes` in base64.
    pub fn of(self, bytes: &[u8]) -> String {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The bytes of a value in base64; an error when they cannot be this algorithm's.
    pub(crate) fn decode(self, value: &str) -> Result<Vec<u8>> {
        STANDARD
            .decode(value)
            .ok()
            .filter(|bytes| bytes.len() == self.length())
            .ok_or_else(|| {
                Error::invalid(format!(
                    "\"{value}\" is no {} checksum in base64",
                    self.name()
                ))
            })
    }

    /// The checksum of parts put together, from their sizes and values.
    pub(crate) fn of_parts<'a>(
        self,
        kind: ChecksumType,
        parts: impl IntoIterator<Item = (u64, &'a str)>,
    ) -> Result<Checksum> {
        self.check_type(kind)?;
        let value = if let (ChecksumType::FullObject, Some(crc)) = (kind, self.crc()) {
            self.combine(crc, parts)?
        } else {
            let mut hasher = Hasher::new(self);
            let mut count = 0;
            for (_, value) in parts {
                hasher.update(&self.decode(value)?);
                count += 1;
            }
            format!("{}-{count}", hasher.finish())
        };
        Ok(Checksum {
            algorithm: self,
            kind,
            value,
        })
    }

    fn combine<'a>(
        self,
        crc: CrcAlgorithm,
        parts: impl IntoIterator<Item = (u64, &'a str)>,
    ) -> Result<String> {
        let mut whole = None;
        for (size, value) in parts {
            let bytes = self.decode(value)?;
            let value = bytes
                .iter()
                .fold(0, |value, byte| value << 8 | u64::from(*byte));
            whole = Some(match whole {
                None => value,
                Some(before) => checksum_combine(crc, before, value, size),
            });
        }
        let whole = whole.unwrap_or_else(|| crc_fast::checksum(crc, b""));
        Ok(STANDARD.encode(&whole.to_be_bytes()[8 - self.length()..]))
    }
}

impl ChecksumType {
    /// S3's name, as in `x-amz-checksum-type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Result<Self> {
        [Self::FullObject, Self::Composite]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| {
                Error::invalid(format!("checksum type \"{name}\" is not known"))
                    .hint("it is COMPOSITE or FULL_OBJECT")
            })
    }
}

impl fmt::Display for ChecksumType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A checksum under way.
pub(crate) enum Hasher {
    Crc(ChecksumAlgorithm, Box<crc_fast::Digest>),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    pub(crate) fn new(algorithm: ChecksumAlgorithm) -> Self {
        match (algorithm, algorithm.crc()) {
            (_, Some(crc)) => Self::Crc(algorithm, Box::new(crc_fast::Digest::new(crc))),
            (ChecksumAlgorithm::Sha1, None) => Self::Sha1(Sha1::new()),
            (_, None) => Self::Sha256(Sha256::default()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(_, digest) => digest.update(bytes),
            Self::Sha1(digest) => digest.update(bytes),
            Self::Sha256(digest) => digest.update(bytes),
        }
    }

    /// The value in base64.
    pub(crate) fn finish(self) -> String {
        match self {
            Self::Crc(algorithm, digest) => {
                let bytes = digest.finalize().to_be_bytes();
                STANDARD.encode(&bytes[8 - algorithm.length()..])
            }
            Self::Sha1(digest) => STANDARD.encode(digest.finalize()),
            Self::Sha256(digest) => STANDARD.encode(digest.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The check values of the CRC catalogue and of FIPS 180, for "123456789".
    #[test]
    fn check_values() {
        let hex = |value: &str| super::super::hex(&STANDARD.decode(value).expect("base64"));
        for (algorithm, expected) in [
            (ChecksumAlgorithm::Crc32, "cbf43926"),
            (ChecksumAlgorithm::Crc32C, "e3069283"),
            (ChecksumAlgorithm::Crc64Nvme, "ae8b14860a799888"),
            (
                ChecksumAlgorithm::Sha1,
                "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
            ),
            (
                ChecksumAlgorithm::Sha256,
                "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
            ),
        ] {
            assert_eq!(hex(&algorithm.of(b"123456789")), expected, "{algorithm:?}");
        }
    }

    #[test]
    fn types_that_s3_does_not_offer_are_refused() {
        let refused = |algorithm: ChecksumAlgorithm, kind| algorithm.check_type(kind).is_err();
        assert!(refused(
            ChecksumAlgorithm::Crc64Nvme,
            ChecksumType::Composite
        ));
        assert!(refused(ChecksumAlgorithm::Sha1, ChecksumType::FullObject));
        assert!(!refused(ChecksumAlgorithm::Crc32, ChecksumType::FullObject));
        assert!(ChecksumAlgorithm::Crc32.decode("AAAA").is_err());
        assert!(ChecksumAlgorithm::from_name("MD5").is_err());
    }

    proptest! {
        #[test]
        fn parts_combine_to_the_whole(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..8)) {
            let whole = parts.concat();
            for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc32C, ChecksumAlgorithm::Crc64Nvme] {
                let values: Vec<_> = parts.iter().map(|part| (part.len() as u64, algorithm.of(part))).collect();
                let values = values.iter().map(|(size, value)| (*size, value.as_str()));
                let sum = algorithm.of_parts(ChecksumType::FullObject, values).expect("combined");
                prop_assert_eq!(sum.value, algorithm.of(&whole));
            }
        }

        #[test]
        fn a_composite_is_the_checksum_of_the_checksums(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..8)) {
            let algorithm = ChecksumAlgorithm::Sha256;
            let values: Vec<_> = parts.iter().map(|part| algorithm.of(part)).collect();
            let mut raw = Vec::new();
            for value in &values {
                raw.extend(STANDARD.decode(value).expect("base64"));
            }
            let sum = algorithm.of_parts(ChecksumType::Composite, values.iter().map(|value| (0, value.as_str())));
            prop_assert_eq!(sum.expect("made").value, format!("{}-{}", algorithm.of(&raw), parts.len()));
        }
    }
}
