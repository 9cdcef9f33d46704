//! Cuts a JSON array of objects into its rows, however large it is, in the
//! memory of a block and a row.

use std::io::Read;

use crate::client::{Error, Result};

const BLOCK: usize = 256 << 10;

/// A row of the export has about 700 bytes.
const ROW_MAX: usize = 1 << 20;

/// What the cutter has gone through so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the `[`.
    Start,
    /// Before the first row, or the `]`.
    First,
    /// After a row: a `,` or the `]`.
    After,
    /// After a `,`: a row.
    Row,
    /// After the `]`.
    End,
}

/// Cuts the array that `source` holds; gives each row's bytes to `each`, with
/// its number. Says how many rows there were.
///
/// Fails on anything that is not one whole array of objects, with the place:
/// rows before it have been given by then.
pub(super) fn cut<R: Read>(
    mut source: R,
    mut each: impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut held: Vec<u8> = Vec::new();
    let mut scan = Scan::default();
    let (mut at, mut rows, mut read) = (At::Start, 0, 0_u64);
    loop {
        let got = fill(&mut source, &mut block)?;
        if got == 0 {
            break;
        }
        let part = &block[..got];
        let mut here = 0;
        if read == 0 && part.starts_with(b"\xef\xbb\xbf") {
            here = 3;
        }
        while here < part.len() {
            if scan.depth > 0 {
                let end = scan.run(&part[here..]);
                let piece = &part[here..here + end.unwrap_or(part.len() - here)];
                if held.len() + piece.len() > ROW_MAX {
                    return Err(broken(
                        read + here as u64,
                        rows,
                        "a row is larger than 1 MiB",
                    ));
                }
                here += piece.len();
                if end.is_none() {
                    held.extend_from_slice(piece);
                } else {
                    if held.is_empty() {
                        each(rows, piece)?;
                    } else {
                        held.extend_from_slice(piece);
                        each(rows, &held)?;
                        held.clear();
                    }
                    rows += 1;
                    at = At::After;
                }
                continue;
            }
            let byte = part[here];
            at = match (at, byte) {
                (_, b' ' | b'\t' | b'\r' | b'\n') => at,
                (At::Start, b'[') => At::First,
                (At::First | At::After, b']') => At::End,
                (At::After, b',') => At::Row,
                (At::First | At::Row, b'{') => {
                    // The row begins at this byte: leave it to the scan.
                    scan = Scan::begun();
                    continue;
                }
                _ => {
                    let what = format!("{:?} is not expected here", char::from(byte));
                    return Err(broken(read + here as u64, rows, &what));
                }
            };
            here += 1;
        }
        read += got as u64;
    }
    if at == At::End && scan.depth == 0 {
        Ok(rows)
    } else {
        Err(broken(read, rows, "the file ends in the middle"))
    }
}

/// Where in an object the scan is.
#[derive(Default)]
struct Scan {
    /// Open braces and brackets; one more than there are before the first byte.
    depth: u32,
    opened: bool,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    fn begun() -> Self {
        Self {
            depth: 1,
            ..Self::default()
        }
    }

    /// Goes on through `bytes`; gives where the object ends in them, if it does.
    fn run(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.escaped {
                self.escaped = false;
                at += 1;
            } else if self.in_string {
                at += plain(&bytes[at..]);
                match bytes.get(at) {
                    Some(b'"') => self.in_string = false,
                    Some(_) => self.escaped = true,
                    None => return None,
                }
                at += 1;
            } else {
                at += 1;
                match byte {
                    b'"' => self.in_string = true,
                    b'{' if !self.opened => self.opened = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return Some(at);
                        }
                    }
                    _ => {}
                }
            }
        }
        None
    }
}

/// How many bytes come before the first quote or backslash; eight at a time,
/// because most of an export is text.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    // The lowest byte that is zero has its high bit set, whatever is above it.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut at = 0;
    while let Some(eight) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        let found = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes[at..]
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\'));
    rest.map_or(bytes.len(), |rest| at + rest)
}

fn fill<R: Read>(source: &mut R, block: &mut [u8]) -> Result<usize> {
    let mut got = 0;
    while got < block.len() {
        match source.read(&mut block[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(
                    Error::invalid("it can't be read to its end: it is damaged").caused_by(error)
                );
            }
        }
    }
    Ok(got)
}

fn broken(at: u64, rows: u64, what: &str) -> Error {
    Error::invalid(format!(
        "no list of plays at byte {at}, after {rows} rows: {what}"
    ))
    .hint("the file is cut off or changed; take it again from Spotify's zip")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let n = self.1.min(self.0.len()).min(into.len());
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn rows(text: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let n = cut(Slow(text.as_bytes(), 3), |at, row| {
            assert_eq!(at, found.len() as u64);
            found.push(String::from_utf8(row.to_vec()).unwrap());
            Ok(())
        })?;
        assert_eq!(n, found.len() as u64);
        Ok(found)
    }

    #[test]
    fn rows_are_cut_as_they_are() {
        assert!(rows(" [ ] \n").unwrap().is_empty());
        let nasty = r#"{"a": "}],[{\"\\", "b": {"c": [1, {}]}}"#;
        let text = format!("\u{feff}[\n {nasty} ,{{}}\n,{nasty}]");
        assert_eq!(rows(&text).unwrap(), [nasty, "{}", nasty]);
    }

    #[test]
    fn the_first_quote_or_backslash_is_found() {
        for length in 0..20 {
            for at in 0..length {
                for end in [b'"', b'\\'] {
                    let mut text = vec![b'!'; length];
                    (text[at], text[length - 1]) = (end, b'"');
                    assert_eq!(plain(&text), at);
                    text = vec![0xa2; length];
                    text[at] = end;
                    assert_eq!(plain(&text), at);
                }
            }
            assert_eq!(plain(&vec![b'#'; length]), length);
        }
    }

    #[test]
    fn rows_over_the_edge_of_a_block_are_whole() {
        let row = format!(r#"{{"a": "{}"}}"#, "x".repeat(100_000));
        let text = format!("[{}]", vec![row.clone(); 9].join(", "));
        let found = rows(&text).unwrap();
        assert_eq!(found.len(), 9);
        assert!(found.iter().all(|found| *found == row));
    }

    #[test]
    fn anything_but_a_whole_list_is_refused() {
        for text in [
            "",
            "{}",
            "[",
            "[{}",
            "[{},",
            "[{},]",
            "[{} {}]",
            "[{}]x",
            "[1]",
            "[[{}]]",
            "[{\"a\": \"",
            "[null]",
        ] {
            let error = rows(text).unwrap_err();
            assert!(error.message().contains("byte"), "{text}: {error}");
        }
        let error = rows(&format!("[{{\"a\": \"{}\"}}]", "x".repeat(ROW_MAX))).unwrap_err();
        assert!(error.message().contains("1 MiB"));
    }
}
