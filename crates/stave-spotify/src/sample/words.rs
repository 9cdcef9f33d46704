//! The word lists of the sample, read from `words.txt` at compile time.
//!
//! Must not know how the words are put together.

const TEXT: &str = include_str!("words.txt");

/// The word lists.
#[derive(Clone, Debug)]
pub(super) struct Words {
    pub(super) adjectives: Vec<&'static str>,
    pub(super) nouns: Vec<&'static str>,
    pub(super) verbs: Vec<&'static str>,
    pub(super) places: Vec<&'static str>,
    pub(super) given: Vec<&'static str>,
    pub(super) family: Vec<&'static str>,
    pub(super) syllables: Vec<&'static str>,
    pub(super) titles: Vec<&'static str>,
    pub(super) tempos: Vec<&'static str>,
    pub(super) forms: Vec<&'static str>,
    pub(super) keys: Vec<&'static str>,
    pub(super) versions: Vec<&'static str>,
    pub(super) accented: Vec<&'static str>,
    pub(super) accented_given: Vec<&'static str>,
    pub(super) accented_family: Vec<&'static str>,
    pub(super) cjk: Vec<&'static str>,
    pub(super) cjk_given: Vec<&'static str>,
    pub(super) cjk_family: Vec<&'static str>,
    pub(super) emoji: Vec<&'static str>,
    pub(super) oddities: Vec<&'static str>,
    pub(super) label_endings: Vec<&'static str>,
    pub(super) genre_prefixes: Vec<&'static str>,
    pub(super) genres: Vec<&'static str>,
}

impl Words {
    pub(super) fn new() -> Self {
        Self {
            adjectives: section("adjectives"),
            nouns: section("nouns"),
            verbs: section("verbs"),
            places: section("places"),
            given: section("given"),
            family: section("family"),
            syllables: section("syllables"),
            titles: section("titles"),
            tempos: section("tempos"),
            forms: section("forms"),
            keys: section("keys"),
            versions: section("versions"),
            accented: section("accented"),
            accented_given: section("accented_given"),
            accented_family: section("accented_family"),
            cjk: section("cjk"),
            cjk_given: section("cjk_given"),
            cjk_family: section("cjk_family"),
            emoji: section("emoji"),
            oddities: section("oddities"),
            label_endings: section("label_endings"),
            genre_prefixes: section("genre_prefixes"),
            genres: section("genres"),
        }
    }
}

fn section(name: &str) -> Vec<&'static str> {
    TEXT.lines()
        .skip_while(|line| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) != Some(name))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .flat_map(|line| line.split('|'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_words_and_none_is_empty_or_doubled() {
        let names: Vec<&str> = TEXT
            .lines()
            .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'))
            .collect();
        assert_eq!(names.len(), 23);
        for name in names {
            let mut list = section(name);
            assert!(list.len() >= 8, "{name} has {} words", list.len());
            assert!(
                list.iter()
                    .all(|word| word.trim() == *word && !word.is_empty())
            );
            list.sort_unstable();
            let all = list.len();
            list.dedup();
            assert_eq!(all, list.len(), "{name} says a word twice");
        }
        assert_eq!(section("genres").len(), 120);
    }
}
