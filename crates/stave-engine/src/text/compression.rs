//! Which files are compressed, and the readers that undo it.

use std::io::{self, Read};

use stave_core::{Error, Result};

const BUFFER_BYTES: usize = 1 << 18;

/// How a whole file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, also several members in a row.
    Gzip,
    /// bzip2, also several streams in a row.
    Bzip2,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// What the ending of a key says, as Hadoop and Athena go by it.
    pub fn of_key(key: &str) -> Self {
        match key
            .rsplit('.')
            .next()
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            Some("gz" | "gzip") => Self::Gzip,
            Some("bz2" | "bzip2") => Self::Bzip2,
            Some("zst" | "zstd") => Self::Zstd,
            _ => Self::None,
        }
    }

    /// Reads Glue's `CompressionType`.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "" | "none" | "uncompressed" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            "bzip2" => Ok(Self::Bzip2),
            "zstd" => Ok(Self::Zstd),
            other => Err(Error::unsupported(format!(
                "compression \"{other}\" of text files is not supported"
            ))
            .hint("supported are none, gzip, bzip2 and zstd")),
        }
    }

    /// The name that crawlers write as `compressionType`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Zstd => "zstd",
        }
    }

    /// A reader of the uncompressed bytes of `inner`, which is not read before the
    /// reader is.
    pub(crate) fn decode<'a>(self, inner: impl Read + Send + 'a) -> Box<dyn Read + Send + 'a> {
        Box::new(Decode {
            compression: self,
            inner: Some(inner),
            reader: Box::new(io::empty()),
        })
    }

    fn open<'a>(self, inner: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        let buffered = io::BufReader::with_capacity(BUFFER_BYTES, inner);
        Ok(match self {
            Self::None => Box::new(buffered),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(buffered)?),
        })
    }
}

/// A decoder that is made with the first read: some look at their input at once,
/// and that may block.
struct Decode<'a, R> {
    compression: Compression,
    inner: Option<R>,
    reader: Box<dyn Read + Send + 'a>,
}

impl<'a, R: Read + Send + 'a> Read for Decode<'a, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(inner) = self.inner.take() {
            self.reader = self.compression.open(inner)?;
        }
        self.reader.read(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_tells() {
        for (key, expected) in [
            ("a/b.csv", Compression::None),
            ("a/b.csv.gz", Compression::Gzip),
            ("b.BZ2", Compression::Bzip2),
            ("b.csv.zst", Compression::Zstd),
            ("gz", Compression::Gzip),
        ] {
            assert_eq!(Compression::of_key(key), expected, "{key}");
        }
    }
}
