//! Bytes that come compressed, expanded within a bound.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use stave_core::{Error, Result};

/// What `bytes` are that gzip has compressed; refused when it is more than `max` bytes.
pub fn gunzip(bytes: &[u8], max: usize) -> Result<Vec<u8>> {
    let mut expanded = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(max as u64 + 1);
    reader
        .read_to_end(&mut expanded)
        .map_err(|error| Error::invalid("the bytes are not those of gzip").caused_by(error))?;
    if expanded.len() > max {
        return Err(Error::limit_exceeded(format!(
            "the bytes come to more than {max} when they are expanded"
        )));
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use stave_core::ErrorKind;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(bytes).expect("packed");
        packer.finish().expect("packed")
    }

    #[test]
    fn what_was_packed_comes_out_within_the_bound() {
        let bytes = vec![7; 100_000];
        assert_eq!(gunzip(&packed(&bytes), 100_000).expect("expanded"), bytes);
        let error = gunzip(&packed(&bytes), 99_999).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        for wrong in [&b""[..], b"plain", &packed(&bytes)[..50]] {
            let error = gunzip(wrong, 100_000).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    }
}
