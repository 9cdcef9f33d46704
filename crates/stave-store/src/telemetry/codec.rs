//! Numbers as few bytes: the forms that segments and points share.

use stave_core::{Error, Result};

/// Writes seven bits a byte, the lowest first.
pub(super) fn put(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Writes a number that may be negative, small ones of either sign in few bytes.
pub(super) fn put_signed(into: &mut Vec<u8>, number: i64) {
    put(into, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Writes a number with a fraction: whole ones in few bytes, others in nine.
pub(super) fn put_float(into: &mut Vec<u8>, number: f64) {
    let whole = number as i64;
    // Not of -0.0, and not where 64 bits could not tell.
    if (whole as f64).to_bits() == number.to_bits() && whole.unsigned_abs() < 1 << 52 {
        let zigzag = ((whole << 1) ^ (whole >> 63)).cast_unsigned();
        put(into, zigzag << 1);
    } else {
        into.push(1);
        into.extend(number.to_le_bytes());
    }
}

/// Reads what was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = *self.take(1)? else {
                return Err(damaged());
            };
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(damaged())
    }

    pub(super) fn size(&mut self) -> Result<usize> {
        usize::try_from(self.number()?).map_err(|_| damaged())
    }

    pub(super) fn signed(&mut self) -> Result<i64> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn float(&mut self) -> Result<f64> {
        let number = self.number()?;
        if number == 1 {
            let bytes = self.take(8)?.try_into().map_err(|_| damaged())?;
            return Ok(f64::from_le_bytes(bytes));
        }
        let zigzag = number >> 1;
        Ok(((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed()) as f64)
    }
}

/// What cannot have been written by us.
pub(super) fn damaged() -> Error {
    Error::internal("a file of telemetry is damaged")
        .hint("remove it from the home's folder telemetry, or restore it from a backup")
}

/// The checksum of frames and indexes.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes) as u32
}
