//! The names of tables and partition keys.

use md5::{Digest, Md5};

/// The longest name that a crawler gives, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// The name of the table in a folder or file of that name: lower case, with `_`
/// for what is no letter, digit or underscore.
pub fn table_name(prefix: &str, component: &str) -> String {
    let mut name = cleaned(&format!("{prefix}{component}"));
    name.truncate(MAX_NAME_BYTES);
    name
}

/// The same name with a suffix that the location decides, for when it is taken.
pub fn distinct_name(name: &str, location: &str) -> String {
    let hash: [u8; 16] = Md5::digest(location.as_bytes()).into();
    let suffix = format!("{:032x}", u128::from_be_bytes(hash));
    let kept = name
        .get(..MAX_NAME_BYTES - suffix.len() - 1)
        .unwrap_or(name);
    format!("{kept}_{suffix}")
}

/// A name of ASCII letters, digits and underscores.
pub(super) fn cleaned(text: &str) -> String {
    let clean = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || c == '_' => c,
        _ => '_',
    };
    let name: String = text.chars().map(clean).collect();
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_clean_and_bounded() {
        for (component, expected) in [
            ("albums.csv", "albums_csv"),
            ("Top 50 - Global", "top_50___global"),
            ("datawarehouse", "datawarehouse"),
            ("År", "_r"),
        ] {
            assert_eq!(table_name("", component), expected);
        }
        assert_eq!(table_name("raw_", "Albums"), "raw_albums");
        assert_eq!(table_name("", &"x".repeat(300)).len(), 128);
        let distinct = distinct_name(&"x".repeat(128), "s3://a/b/");
        assert_eq!(distinct.len(), 128);
        assert_eq!(
            distinct_name("t", "s3://a/b/"),
            format!("t_{}", &distinct[96..])
        );
    }
}
