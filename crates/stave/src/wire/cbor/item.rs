//! Data items of CBOR: bytes to items and items to bytes.
//!
//! What comes in may be hostile: nothing is reserved for a length that is only said, and depth
//! and number of items have bounds. What goes out has the shortest form.
//!
//! <https://www.rfc-editor.org/rfc/rfc8949.html>

use stave_core::{Error, Result};

/// How deep items may stand in each other.
const MAX_DEPTH: usize = 64;
/// How many items a body may hold: each takes some tens of bytes of memory.
const MAX_ITEMS: usize = 1_000_000;
/// What ends an item of indefinite length.
const BREAK: u8 = 0xff;
/// The additional information that says that the length is not said.
const INDEFINITE: u8 = 31;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

/// A data item.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A whole number from 0 on.
    Unsigned(u64),
    /// A whole number below 0: `-1 - n`.
    Negative(u64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// Items in order.
    Array(Vec<Self>),
    /// Items by texts, in order: no protocol here has other keys.
    Map(Vec<(String, Self)>),
    /// An item with what it means.
    Tag(u64, Box<Self>),
    /// True or false.
    Boolean(bool),
    /// Nothing.
    Null,
    /// A number.
    Float(f64),
}

impl Item {
    /// A whole number.
    pub fn integer(number: i64) -> Self {
        match u64::try_from(number) {
            Ok(number) => Self::Unsigned(number),
            Err(_) => Self::Negative((-1 - number).cast_unsigned()),
        }
    }

    /// The item that all of `bytes` are.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader {
            bytes,
            at: 0,
            items: 0,
        };
        let item = reader.item(0)?;
        if reader.at < bytes.len() {
            return Err(reader.wrong("more bytes follow the item"));
        }
        Ok(item)
    }

    /// Appends the item to `bytes`.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Unsigned(number) => head(UNSIGNED, *number, bytes),
            Self::Negative(number) => head(NEGATIVE, *number, bytes),
            Self::Bytes(blob) => {
                head(BYTES, blob.len() as u64, bytes);
                bytes.extend_from_slice(blob);
            }
            Self::Text(text) => write_text(text, bytes),
            Self::Array(items) => {
                head(ARRAY, items.len() as u64, bytes);
                for item in items {
                    item.write(bytes);
                }
            }
            Self::Map(entries) => {
                head(MAP, entries.len() as u64, bytes);
                for (key, item) in entries {
                    write_text(key, bytes);
                    item.write(bytes);
                }
            }
            Self::Tag(tag, item) => {
                head(TAG, *tag, bytes);
                item.write(bytes);
            }
            Self::Boolean(value) => bytes.push(if *value { 0xf5 } else { 0xf4 }),
            Self::Null => bytes.push(0xf6),
            Self::Float(number) => write_float(*number, bytes),
        }
    }
}

/// The head of an item in its shortest form: what it is, and a number.
fn head(major: u8, number: u64, bytes: &mut Vec<u8>) {
    let first = |info: u8| (major << 5) + info;
    if number < 24 {
        bytes.push(first(number as u8));
    } else if let Ok(number) = u8::try_from(number) {
        bytes.extend([first(24), number]);
    } else if let Ok(number) = u16::try_from(number) {
        bytes.push(first(25));
        bytes.extend(number.to_be_bytes());
    } else if let Ok(number) = u32::try_from(number) {
        bytes.push(first(26));
        bytes.extend(number.to_be_bytes());
    } else {
        bytes.push(first(27));
        bytes.extend(number.to_be_bytes());
    }
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    head(TEXT, text.len() as u64, bytes);
    bytes.extend_from_slice(text.as_bytes());
}

/// A number in the shortest form that says it.
fn write_float(number: f64, bytes: &mut Vec<u8>) {
    let single = number as f32;
    if number.is_nan() {
        bytes.extend([0xf9, 0x7e, 0x00]);
    } else if let Some(half) = to_half(number) {
        bytes.push(0xf9);
        bytes.extend(half.to_be_bytes());
    } else if f64::from(single).to_bits() == number.to_bits() {
        bytes.push(0xfa);
        bytes.extend(single.to_be_bytes());
    } else {
        bytes.push(0xfb);
        bytes.extend(number.to_be_bytes());
    }
}

/// The half float that is exactly `number`, if there is one.
fn to_half(number: f64) -> Option<u16> {
    let bits = number.to_bits();
    let sign = ((bits >> 48) & 0x8000) as u16;
    let number = number.abs();
    if number == 0.0 {
        return Some(sign);
    }
    if number.is_infinite() {
        return Some(sign | 0x7c00);
    }
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let half = match exponent {
        -14..=15 => {
            let fraction = (bits >> 42) & 0x3ff;
            (((exponent + 15) as u16) << 10) | fraction as u16
        }
        // Below the smallest normal number: a multiple of 2^-24.
        -24..=-15 => (number * 2f64.powi(24)) as u16,
        _ => return None,
    };
    (from_half(half).to_bits() == number.to_bits()).then_some(sign | half)
}

fn from_half(half: u16) -> f64 {
    let sign = if half & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from((half >> 10) & 0x1f), f64::from(half & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    items: usize,
}

impl<'a> Reader<'a> {
    fn wrong(&self, what: &str) -> Error {
        Error::invalid(format!("The body is not CBOR: {what}, at byte {}", self.at))
            .coded("MalformedInput")
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8]> {
        let end = usize::try_from(count)
            .ok()
            .and_then(|count| self.at.checked_add(count));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.wrong("it ends too early"))?;
        self.at += taken.len();
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The number of a head; none where the length is not said.
    fn number(&mut self, info: u8) -> Result<Option<u64>> {
        let width = match info {
            0..=23 => return Ok(Some(u64::from(info))),
            24..=27 => 1 << (info - 24),
            INDEFINITE => return Ok(None),
            _ => return Err(self.wrong("a head is of no known form")),
        };
        let bytes = self.take(width)?;
        let number = bytes
            .iter()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte));
        Ok(Some(number))
    }

    fn definite(&mut self, info: u8) -> Result<u64> {
        let number = self.number(info)?;
        number.ok_or_else(|| self.wrong("an item that has a length does not say it"))
    }

    fn item(&mut self, depth: usize) -> Result<Item> {
        self.items += 1;
        if depth > MAX_DEPTH || self.items > MAX_ITEMS {
            return Err(self.wrong("it holds too many items, or too deep ones"));
        }
        let first = self.byte()?;
        let (major, info) = (first >> 5, first & 0x1f);
        Ok(match major {
            UNSIGNED => Item::Unsigned(self.definite(info)?),
            NEGATIVE => Item::Negative(self.definite(info)?),
            BYTES => Item::Bytes(self.string(BYTES, info)?),
            TEXT => Item::Text(self.text(info)?),
            ARRAY => self.array(info, depth)?,
            MAP => self.map(info, depth)?,
            TAG => {
                let tag = self.definite(info)?;
                Item::Tag(tag, Box::new(self.item(depth + 1)?))
            }
            _ => self.simple(info)?,
        })
    }

    /// The bytes of a string; one of indefinite length is made of definite ones of its kind.
    fn string(&mut self, major: u8, info: u8) -> Result<Vec<u8>> {
        if let Some(length) = self.number(info)? {
            return Ok(self.take(length)?.to_vec());
        }
        let mut whole = Vec::new();
        while !self.ended() {
            let first = self.byte()?;
            if first >> 5 != major {
                return Err(self.wrong("a string has a part of another kind"));
            }
            let length = self.definite(first & 0x1f)?;
            let part = self.take(length)?;
            if major == TEXT && std::str::from_utf8(part).is_err() {
                return Err(self.wrong("a text is not UTF-8"));
            }
            whole.extend_from_slice(part);
        }
        Ok(whole)
    }

    fn text(&mut self, info: u8) -> Result<String> {
        let bytes = self.string(TEXT, info)?;
        String::from_utf8(bytes).map_err(|_| self.wrong("a text is not UTF-8"))
    }

    /// Whether an item of indefinite length ends here; takes what ends it.
    fn ended(&mut self) -> bool {
        let ended = self.peek() == Some(BREAK);
        self.at += usize::from(ended);
        ended
    }

    fn array(&mut self, info: u8, depth: usize) -> Result<Item> {
        let mut items = Vec::new();
        match self.number(info)? {
            Some(length) => {
                for _ in 0..length {
                    items.push(self.item(depth + 1)?);
                }
            }
            None => {
                while !self.ended() {
                    items.push(self.item(depth + 1)?);
                }
            }
        }
        Ok(Item::Array(items))
    }

    fn map(&mut self, info: u8, depth: usize) -> Result<Item> {
        let mut entries = Vec::new();
        match self.number(info)? {
            Some(length) => {
                for _ in 0..length {
                    entries.push(self.entry(depth)?);
                }
            }
            None => {
                while !self.ended() {
                    entries.push(self.entry(depth)?);
                }
            }
        }
        Ok(Item::Map(entries))
    }

    fn entry(&mut self, depth: usize) -> Result<(String, Item)> {
        let first = self.byte()?;
        if first >> 5 != TEXT {
            return Err(self.wrong("the key of a map is no text"));
        }
        let key = self.text(first & 0x1f)?;
        Ok((key, self.item(depth + 1)?))
    }

    fn simple(&mut self, info: u8) -> Result<Item> {
        Ok(match info {
            20 => Item::Boolean(false),
            21 => Item::Boolean(true),
            // `undefined` is nothing, too.
            22 | 23 => Item::Null,
            25 => Item::Float(from_half(self.definite(info)? as u16)),
            26 => Item::Float(f64::from(f32::from_bits(self.definite(info)? as u32))),
            27 => Item::Float(f64::from_bits(self.definite(info)?)),
            INDEFINITE => return Err(self.wrong("something ends that has not begun")),
            _ => return Err(self.wrong("a simple value is of no known kind")),
        })
    }
}
