//! Writes CSV cells into a reused buffer and hands full buffers on.
//!
//! Quotes only where RFC 4180 asks for it. Formats numbers by hand, because
//! this is where the generator's time goes. Must not know what the cells mean.

use std::io::{self, Write};

const FLUSH_BYTES: usize = 256 * 1024;

/// The buffer in front of the file that is written.
pub(super) struct Page<'a> {
    pub(super) cells: Vec<u8>,
    out: &'a mut dyn Write,
    progress: &'a mut dyn FnMut(u64),
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut dyn Write, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self {
            cells: Vec::with_capacity(FLUSH_BYTES + FLUSH_BYTES / 4),
            out,
            progress,
        }
    }

    /// Hands the buffer on when it is full; called between rows.
    pub(super) fn turn(&mut self) -> io::Result<()> {
        if self.cells.len() < FLUSH_BYTES {
            return Ok(());
        }
        self.flush()
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.cells)?;
        (self.progress)(self.cells.len() as u64);
        self.cells.clear();
        Ok(())
    }
}

/// Writes a text cell with what `write` puts there, quoted if it must be.
pub(super) fn text(cells: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = cells.len();
    write(cells);
    // No early exit: the whole cell is looked at with vector instructions.
    let special = cells[start..].iter().fold(false, |found, &byte| {
        found || (byte == b',') || (byte == b'"') || (byte == b'\n') || (byte == b'\r')
    });
    if special {
        quote(cells, start);
    }
}

#[cold]
fn quote(cells: &mut Vec<u8>, start: usize) {
    let plain = cells.split_off(start);
    cells.push(b'"');
    for byte in plain {
        if byte == b'"' {
            cells.push(b'"');
        }
        cells.push(byte);
    }
    cells.push(b'"');
}

pub(super) fn integer(cells: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    cells.extend_from_slice(&digits[at..]);
}

/// Writes a number of exactly two digits.
pub(super) fn two_digits(cells: &mut Vec<u8>, value: u64) {
    cells.push(b'0' + (value / 10 % 10) as u8);
    cells.push(b'0' + (value % 10) as u8);
}

/// Writes `value` / 10^`places` as Python prints a float: no trailing zeros,
/// but at least one digit after the point.
pub(super) fn decimal(cells: &mut Vec<u8>, value: u64, places: u32) {
    let unit = 10_u64.pow(places);
    integer(cells, value / unit);
    cells.push(b'.');
    let (mut fraction, mut places) = (value % unit, places);
    while places > 1 && fraction.is_multiple_of(10) {
        fraction /= 10;
        places -= 1;
    }
    for place in (0..places).rev() {
        cells.push(b'0' + (fraction / 10_u64.pow(place) % 10) as u8);
    }
}

/// Writes an entry of a Python list as `repr` does: single quotes, double
/// ones where the text has an apostrophe and no double quote.
pub(super) fn python_string(cells: &mut Vec<u8>, plain: &[u8]) {
    let mark = if plain.contains(&b'\'') && !plain.contains(&b'"') {
        b'"'
    } else {
        b'\''
    };
    cells.push(mark);
    for &byte in plain {
        match byte {
            b'\n' => cells.extend_from_slice(b"\\n"),
            b'\r' => cells.extend_from_slice(b"\\r"),
            b'\\' => cells.extend_from_slice(b"\\\\"),
            byte if byte == mark => cells.extend_from_slice(&[b'\\', byte]),
            byte => cells.push(byte),
        }
    }
    cells.push(mark);
}

const BASE62: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Pairs of base62 digits, so that an id takes half the divisions.
static PAIRS: [[u8; 2]; 3844] = {
    let mut pairs = [[0; 2]; 3844];
    let mut index = 0;
    while index < pairs.len() {
        pairs[index] = [BASE62[index / 62], BASE62[index % 62]];
        index += 1;
    }
    pairs
};

/// 2^128 / 62^11: what the upper half of a 128-bit id stays below.
const UPPER_BOUND: u128 = u128::MAX / 52_036_560_683_837_093_888;

/// Writes an id of 22 base62 digits; distinct values give distinct ids. As in
/// Spotify's ids, which are 128 bits, the first digit is at most 7.
pub(super) fn id(cells: &mut Vec<u8>, value: u64) {
    let upper = (u128::from(super::random::mix(!value)) * UPPER_BOUND) >> 64;
    let mut digits = [0; 22];
    eleven_digits(&mut digits[..11], upper as u64);
    eleven_digits(&mut digits[11..], value);
    cells.extend_from_slice(&digits);
}

fn eleven_digits(digits: &mut [u8], mut value: u64) {
    for place in (1..11).step_by(2).rev() {
        digits[place..place + 2].copy_from_slice(&PAIRS[(value % 3844) as usize]);
        value /= 3844;
    }
    digits[0] = BASE62[(value % 62) as usize];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut cells = Vec::new();
        write(&mut cells);
        String::from_utf8(cells).unwrap()
    }

    #[test]
    fn numbers_print_as_in_the_original() {
        for (value, places, expected) in [
            (221_910, 3, "221.91"),
            (87_457, 3, "87.457"),
            (210_000, 3, "210.0"),
            (210_050, 3, "210.05"),
            (7, 3, "0.007"),
            (0, 3, "0.0"),
        ] {
            assert_eq!(written(|cells| decimal(cells, value, places)), expected);
        }
        assert_eq!(written(|cells| integer(cells, 0)), "0");
        assert_eq!(
            written(|cells| integer(cells, u64::MAX)),
            u64::MAX.to_string()
        );
    }

    #[test]
    fn only_what_must_be_is_quoted() {
        for (plain, expected) in [
            ("a b", "a b"),
            (" a ", " a "),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("the \"b\"", "\"the \"\"b\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("a\rb", "\"a\rb\""),
        ] {
            let cell =
                written(|cells| text(cells, |cells| cells.extend_from_slice(plain.as_bytes())));
            assert_eq!(cell, expected);
        }
    }

    #[test]
    fn lists_print_as_python_prints_them() {
        for (plain, expected) in [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("the \"b\"", "'the \"b\"'"),
            ("it's \"b\"", "'it\\'s \"b\"'"),
            ("a\r\nb\\", "'a\\r\\nb\\\\'"),
        ] {
            assert_eq!(
                written(|cells| python_string(cells, plain.as_bytes())),
                expected
            );
        }
    }

    #[test]
    fn ids_have_22_digits_and_the_first_is_small() {
        for value in [0, 1, 61, 62, 3_843, 3_844, u64::MAX] {
            let id = written(|cells| id(cells, value));
            assert_eq!(id.len(), 22);
            assert!(id.as_bytes()[0] <= b'7', "{id}");
        }
        // 2^64 - 1 in base 62, by Python.
        assert!(written(|cells| id(cells, u64::MAX)).ends_with("lYGhA16ahyf"));
    }
}
