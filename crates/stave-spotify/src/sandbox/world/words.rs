//! Puts words together into names and sentences, from the word lists of the
//! sample data set. Must not know whose name it is.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::draw::Draw;

const TEXT: &str = include_str!("../../sample/words.txt");

static LISTS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut lists: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut section = "";
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            Some(name) => section = name,
            None => lists.entry(section).or_default().extend(line.split('|')),
        }
    }
    lists
});

fn list(name: &str) -> &'static [&'static str] {
    LISTS.get(name).map_or(&[], Vec::as_slice)
}

fn word(draw: &mut Draw, name: &str) -> &'static str {
    draw.pick(list(name))
}

/// A title of a track or an album.
pub(super) fn title(draw: &mut Draw) -> String {
    match draw.below(100) {
        0..8 => word(draw, "titles").to_owned(),
        8..11 => word(draw, "cjk").to_owned(),
        11..16 => word(draw, "accented").to_owned(),
        16..50 => format!("{} {}", word(draw, "adjectives"), word(draw, "nouns")),
        50..62 => format!("The {} {}", word(draw, "adjectives"), word(draw, "nouns")),
        62..76 => format!("{} the {}", word(draw, "verbs"), word(draw, "nouns")),
        76..84 => format!("{} of {}", word(draw, "nouns"), word(draw, "nouns")),
        84..88 => format!("{} in {}", word(draw, "nouns"), word(draw, "places")),
        88..94 => format!(
            "{} {} - {}",
            word(draw, "adjectives"),
            word(draw, "nouns"),
            word(draw, "versions")
        ),
        94..96 => format!(
            "{}, \"{}\" & {}",
            word(draw, "nouns"),
            word(draw, "adjectives"),
            word(draw, "nouns")
        ),
        _ => format!("{} Me {}", word(draw, "verbs"), word(draw, "nouns")),
    }
}

/// A person's name.
pub(super) fn person(draw: &mut Draw) -> String {
    format!("{} {}", word(draw, "given"), word(draw, "family"))
}

/// A user id: lower-case letters and digits.
pub(super) fn user(draw: &mut Draw) -> String {
    let name = word(draw, "given").to_ascii_lowercase();
    format!("{name}{}", 100 + draw.below(900_000))
}

/// An artist's name.
pub(super) fn artist(draw: &mut Draw) -> String {
    match draw.below(100) {
        0..30 => person(draw),
        30..34 => format!(
            "{} {}",
            word(draw, "accented_given"),
            word(draw, "accented_family")
        ),
        34..37 => format!("{}{}", word(draw, "cjk_family"), word(draw, "cjk_given")),
        37..60 => {
            let syllables = [
                word(draw, "syllables"),
                word(draw, "syllables"),
                word(draw, "syllables"),
            ];
            capital(&syllables.concat())
        }
        60..75 => format!("The {} {}s", word(draw, "adjectives"), word(draw, "nouns")),
        75..90 => format!("{} {}", word(draw, "nouns"), word(draw, "nouns")),
        _ => format!("DJ {}", capital(word(draw, "syllables"))),
    }
}

/// A label's name.
pub(super) fn label(draw: &mut Draw) -> String {
    format!("{} {}", word(draw, "family"), word(draw, "label_endings"))
}

/// A genre.
pub(super) fn genre(draw: &mut Draw) -> String {
    let plain = word(draw, "genres");
    if draw.chance(300) {
        format!("{} {plain}", word(draw, "genre_prefixes"))
    } else {
        plain.to_owned()
    }
}

/// All plain genres, as `/recommendations/available-genre-seeds` lists them.
pub(in crate::sandbox) fn genres() -> &'static [&'static str] {
    list("genres")
}

/// A playlist's name.
pub(super) fn playlist(draw: &mut Draw) -> String {
    match draw.below(10) {
        0..3 => format!("{} {}", word(draw, "adjectives"), word(draw, "genres")),
        3..5 => format!("{} Mix {}", word(draw, "nouns"), word(draw, "emoji")),
        5..7 => format!("Best of {}", word(draw, "places")),
        7 => format!("{} {}", word(draw, "nouns"), 1990 + draw.below(36)),
        _ => title(draw),
    }
}

/// A sentence or two about something.
pub(super) fn sentence(draw: &mut Draw) -> String {
    format!(
        "{} {} {} in {}. {} the {}, {} the {} & more.",
        word(draw, "adjectives"),
        word(draw, "nouns").to_lowercase(),
        word(draw, "verbs").to_lowercase(),
        word(draw, "places"),
        word(draw, "verbs"),
        word(draw, "nouns").to_lowercase(),
        word(draw, "verbs").to_lowercase(),
        word(draw, "nouns").to_lowercase(),
    )
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_that_is_named_is_there() {
        for name in [
            "titles",
            "cjk",
            "accented",
            "adjectives",
            "nouns",
            "verbs",
            "places",
            "versions",
            "given",
            "family",
            "accented_given",
            "accented_family",
            "cjk_family",
            "cjk_given",
            "syllables",
            "label_endings",
            "genres",
            "genre_prefixes",
            "emoji",
        ] {
            assert!(list(name).len() >= 8, "{name}");
        }
    }
}
