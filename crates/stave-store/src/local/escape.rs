//! How a key becomes a path below its bucket, and a path a key again.
//!
//! A key is stored as it is, slash for slash, unless a file system cannot hold it:
//!
//! | in the key | on the disk |
//! | --- | --- |
//! | an empty part (`a//b`, `a/`, `/a`) | `%~` |
//! | a part `.` or `..` | `%~.`, `%~..` |
//! | a part that looks like one of these | `%~` and the part |
//! | a part of more than 255 bytes | `%_` and its first bytes, a folder; the rest within |
//! | `a` beside `a/b` | `%+/a` |
//!
//! A name that these rules would not have made (`%~x`, dropped in by hand) is
//! no object. Known limits: a file system that ignores case (macOS's default)
//! holds only one of `A` and `a`; one that normalises Unicode may list a key in
//! another form than it was put.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Before a part that a file system would misread.
const ESCAPE: &str = "%~";
/// Before the first bytes of a part that is too long for one name.
const CONTINUED: &str = "%_";
/// Before a part of an object_store path with control characters.
const HEX: &str = "%!";
/// The folder of objects whose key is also a folder.
pub(super) const BESIDE: &str = "%+";
/// The longest file name of the usual file systems, in bytes.
const MAX_NAME_BYTES: usize = 255;
/// How much of a long part goes into one name.
const PIECE_BYTES: usize = 240;

/// What a name on the disk stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// A whole part, or the last piece of a long one.
    Part(&'a str),
    /// The first piece of a long part: a folder that holds the rest.
    Continued(&'a str),
    /// The folder of objects that stand beside a folder of their name.
    Beside,
    /// A name that no key is stored under.
    Foreign,
}

/// Reads a name on the disk.
pub(super) fn read_name(name: &str) -> Name<'_> {
    if name == BESIDE {
        Name::Beside
    } else if let Some(piece) = name.strip_prefix(CONTINUED) {
        Name::Continued(piece)
    } else if let Some(part) = name.strip_prefix(ESCAPE) {
        if needs_escape(part) {
            Name::Part(part)
        } else {
            Name::Foreign
        }
    } else {
        Name::Part(name)
    }
}

fn needs_escape(part: &str) -> bool {
    matches!(part, "" | "." | ".." | BESIDE)
        || part.starts_with(ESCAPE)
        || part.starts_with(CONTINUED)
}

fn escape(part: &str) -> Cow<'_, str> {
    if needs_escape(part) {
        Cow::Owned(format!("{ESCAPE}{part}"))
    } else {
        Cow::Borrowed(part)
    }
}

/// The names that one part of a key is stored under, outermost first.
pub(super) fn part_names(part: &str) -> Vec<Cow<'_, str>> {
    let name = escape(part);
    if name.len() <= MAX_NAME_BYTES {
        return vec![name];
    }
    let mut names = Vec::new();
    let mut rest = part;
    while rest.len() > PIECE_BYTES {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        names.push(Cow::Owned(format!("{CONTINUED}{piece}")));
        rest = after;
    }
    names.push(escape(rest));
    names
}

/// The path of a key's folder parts: all that stands before its last `/`.
pub(super) fn folder_path(key: &str) -> PathBuf {
    let mut path = PathBuf::new();
    if let Some((folder, _)) = key.rsplit_once('/') {
        for part in folder.split('/') {
            push_part(&mut path, part);
        }
    }
    path
}

/// Where a key is stored.
pub(super) fn plain_path(key: &str) -> PathBuf {
    let mut path = folder_path(key);
    push_part(&mut path, last_part(key));
    path
}

/// Where a key is stored when a folder has its place.
pub(super) fn beside_path(key: &str) -> PathBuf {
    let mut path = folder_path(key);
    path.push(BESIDE);
    push_part(&mut path, last_part(key));
    path
}

fn last_part(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, last)| last)
}

fn push_part(path: &mut PathBuf, part: &str) {
    for name in part_names(part) {
        path.push(Path::new(name.as_ref()));
    }
}

/// A key in the form that object_store's paths can hold: parts that it refuses
/// are escaped as on the disk, those with control characters in hexadecimal.
pub(super) fn to_object_path(key: &str) -> String {
    let parts: Vec<Cow<'_, str>> = key.split('/').map(escape_object_part).collect();
    parts.join("/")
}

/// The key that a path of object_store stands for.
pub(super) fn from_object_path(path: &str) -> String {
    let parts: Vec<Cow<'_, str>> = path.split('/').map(read_object_part).collect();
    parts.join("/")
}

fn needs_hex(part: &str) -> bool {
    part.starts_with(HEX) || part.chars().any(|c| c.is_ascii_control())
}

fn escape_object_part(part: &str) -> Cow<'_, str> {
    if !needs_hex(part) {
        return escape(part);
    }
    let mut escaped = HEX.to_owned();
    for c in part.chars() {
        if c == '%' || c.is_ascii_control() {
            escaped.extend(['%', hex_digit(c as u32 >> 4), hex_digit(c as u32 & 15)]);
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn hex_digit(digit: u32) -> char {
    char::from_digit(digit, 16).unwrap_or('0')
}

fn read_object_part(part: &str) -> Cow<'_, str> {
    if let Some(escaped) = part
        .strip_prefix(ESCAPE)
        .filter(|escaped| needs_escape(escaped))
    {
        return Cow::Borrowed(escaped);
    }
    let Some(escaped) = part.strip_prefix(HEX) else {
        return Cow::Borrowed(part);
    };
    let mut pieces = escaped.split('%');
    let mut read = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece
            .split_at_checked(2)
            .map(|(code, rest)| (u8::from_str_radix(code, 16), rest))
        {
            Some((Ok(code), rest)) => {
                read.push(char::from(code));
                read.push_str(rest);
            }
            // Not of our making: no such key, whatever it reads as.
            _ => return Cow::Borrowed(part),
        }
    }
    Cow::Owned(read)
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use proptest::prelude::*;

    use super::*;

    /// Reads a plain path back, as the walk does.
    fn key_of(path: &Path) -> Option<String> {
        let mut parts = Vec::new();
        let mut part = String::new();
        for component in path.components() {
            let Component::Normal(name) = component else {
                return None;
            };
            match read_name(name.to_str()?) {
                Name::Continued(piece) => part.push_str(piece),
                Name::Part(last) => {
                    part.push_str(last);
                    parts.push(std::mem::take(&mut part));
                }
                Name::Beside | Name::Foreign => return None,
            }
        }
        Some(parts.join("/"))
    }

    #[test]
    fn ordinary_keys_stay_as_they_are() {
        for key in [
            "a",
            "to processed/spotify_raw_2024-06-24 10:33:12.345678.json",
            "k=v/é 😀",
            "a%20b",
            ".hidden",
            "100%",
            "a\\b",
            "%",
            "%a",
            "...",
            "~",
        ] {
            assert_eq!(plain_path(key), Path::new(key), "{key}");
        }
    }

    #[test]
    fn keys_that_no_file_system_holds_are_escaped() {
        for (key, path) in [
            ("a/", "a/%~"),
            ("/a", "%~/a"),
            ("a//b", "a/%~/b"),
            ("..", "%~.."),
            ("../../etc/passwd", "%~../%~../etc/passwd"),
            ("./x", "%~./x"),
            ("%~x", "%~%~x"),
            ("%+/x", "%~%+/x"),
            ("%+x", "%+x"),
        ] {
            assert_eq!(plain_path(key), Path::new(path), "{key}");
        }
        assert_eq!(beside_path("d/a"), Path::new("d/%+/a"));
    }

    fn nasty_key() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just(String::new()),
            Just(".".to_owned()),
            Just("..".to_owned()),
            "%[~_+!]{0,3}[a-c.%]{0,3}",
            "%?!?[\u{1}-\u{1f}\u{7f}%a]{1,3}",
            "[a-c é😀:%]{1,6}",
            ("[a-é😀]{1,3}", 80..300_usize).prop_map(|(text, times)| text.repeat(times)),
        ];
        prop::collection::vec(part, 1..6)
            .prop_map(|parts| parts.join("/"))
            .prop_filter("a key", |key| !key.is_empty())
    }

    proptest! {
        #[test]
        fn every_key_comes_back(key in nasty_key()) {
            let path = plain_path(&key);
            for component in path.components() {
                let Component::Normal(name) = component else {
                    panic!("{component:?} leaves the bucket");
                };
                prop_assert!(name.len() <= MAX_NAME_BYTES);
            }
            prop_assert_eq!(key_of(&path), Some(key));
        }

        #[test]
        fn every_key_has_an_object_path(key in nasty_key()) {
            let path = to_object_path(&key);
            let parsed = object_store::path::Path::parse(&path).expect("a path");
            prop_assert_eq!(parsed.as_ref(), path.as_str());
            prop_assert_eq!(from_object_path(&path), key);
        }

        #[test]
        fn two_keys_never_share_a_path(a in nasty_key(), b in nasty_key()) {
            prop_assume!(a != b);
            prop_assert_ne!(plain_path(&a), plain_path(&b));
            prop_assert_ne!(beside_path(&a), plain_path(&b));
        }
    }
}
