//! Spotify ids: 128 bits as 22 characters of base 62. The sandbox's carry kind
//! and index, hidden by the seed, so that an id is found without a table.

use super::draw::{Domain, Seed, mix};

const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// How long every id is but those of users.
pub(in crate::sandbox) const ID_LENGTH: usize = 22;

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(in crate::sandbox) enum Kind {
    Track,
    Album,
    Artist,
    Playlist,
    Show,
    Episode,
    Audiobook,
    Chapter,
}

impl Kind {
    /// The word that stands in URIs and paths of web pages.
    pub(in crate::sandbox) const fn word(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Album => "album",
            Self::Artist => "artist",
            Self::Playlist => "playlist",
            // An audiobook is a show and its chapters are episodes, also to Spotify.
            Self::Show | Self::Audiobook => "show",
            Self::Episode | Self::Chapter => "episode",
        }
    }
}

/// Returns the id of an index.
pub(in crate::sandbox) fn id(seed: Seed, kind: Kind, index: u64) -> String {
    let low = seed.unique(Domain::Id, index << 3 | kind as u64);
    base62(u128::from(guard(seed, low)) << 64 | u128::from(low))
}

/// Returns the index of an id that [`id`] made with the same seed and kind.
pub(in crate::sandbox) fn index(seed: Seed, kind: Kind, id: &str) -> Option<u64> {
    let value = number(id)?;
    let low = value as u64;
    let content = seed.index_of(Domain::Id, low);
    let ours = (value >> 64) as u64 == guard(seed, low) && content & 7 == kind as u64;
    ours.then_some(content >> 3)
}

/// Whether a text has the form of an id.
pub(in crate::sandbox) fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

const fn guard(seed: Seed, low: u64) -> u64 {
    mix(low ^ mix(seed.0.wrapping_add(0x5eed)))
}

/// Writes 128 bits in base 62.
pub(in crate::sandbox) fn base62(value: u128) -> String {
    // 62^8 fits into 64 bits, whose divisions are far cheaper than those of 128.
    const PART: u128 = 62_u128.pow(8);
    let mut text = String::with_capacity(ID_LENGTH);
    let parts = [
        (6, value / PART / PART),
        (8, value / PART % PART),
        (8, value % PART),
    ];
    for (width, part) in parts {
        let mut part = part as u64;
        let mut digits = [b'0'; 8];
        for place in digits[..width].iter_mut().rev() {
            *place = DIGITS[(part % 62) as usize];
            part /= 62;
        }
        text.extend(digits[..width].iter().map(|&byte| char::from(byte)));
    }
    text
}

fn number(text: &str) -> Option<u128> {
    if text.len() != ID_LENGTH {
        return None;
    }
    text.bytes().try_fold(0_u128, |value, byte| {
        let digit = DIGITS.iter().position(|&digit| digit == byte)?;
        value.checked_mul(62)?.checked_add(digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_again_and_only_those() {
        let seed = Seed(7);
        for index_of in [0, 1, 99_999, 10_000_000_000] {
            let made = id(seed, Kind::Track, index_of);
            assert!(is_id(&made), "{made}");
            assert_eq!(index(seed, Kind::Track, &made), Some(index_of));
            assert_eq!(index(seed, Kind::Album, &made), None);
            assert_eq!(index(Seed(8), Kind::Track, &made), None);
        }
        assert_eq!(index(seed, Kind::Track, "37i9dQZEVXbMDoHDwVN2tF"), None);
        assert_eq!(index(seed, Kind::Track, "ZZZZZZZZZZZZZZZZZZZZZZ"), None);
        assert_eq!(index(seed, Kind::Track, "short"), None);
    }
}
