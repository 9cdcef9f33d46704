//! Puts words together into names of tracks, albums, artists, labels, genres,
//! with everything in them that breaks a careless reader of CSV.
//!
//! Appends plain text; must not know how a cell is quoted.

use super::catalogue::{Album, Catalogue, PLACES};
use super::random::{Domain, Draw};
use super::words::Words;

/// Genres in use, the common ones first.
const GENRES: u64 = 1_700;

const ODDITY_EVERY: u64 = 100;

/// Writes names; the same index always has the same one.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) words: Words,
    catalogue: Catalogue,
}

impl Names {
    pub(super) fn new(catalogue: Catalogue) -> Self {
        Self {
            words: Words::new(),
            catalogue,
        }
    }

    /// Appends the name of the track in a row.
    pub(super) fn track(&self, text: &mut Vec<u8>, row: u64) {
        if let Some(oddity) = self.oddity(row) {
            return push(text, oddity);
        }
        let mut draw = self.catalogue.seed.draw(Domain::Title, row);
        match draw.below(1000) {
            0..85 => push(text, draw.pick(&self.words.titles)),
            85..735 => self.title(text, &mut draw),
            735..960 => {
                self.title(text, &mut draw);
                self.version(text, &mut draw);
            }
            960..980 => self.work(text, &mut draw),
            _ => {
                self.title(text, &mut draw);
                push(text, " (feat. ");
                self.person(text, &mut draw);
                push(text, ")");
            }
        }
    }

    /// The name of one row in every hundred: a text that looks like a number,
    /// a date or a missing value. They take turns, so that all come early.
    fn oddity(&self, row: u64) -> Option<&'static str> {
        let group = row / ODDITY_EVERY;
        let place = self.catalogue.seed.unique(Domain::Oddity, group) % ODDITY_EVERY;
        let oddities = &self.words.oddities;
        let turn = group as usize % oddities.len();
        (row % ODDITY_EVERY == place).then(|| oddities[turn])
    }

    /// Appends an album's name: a single is called as its track.
    pub(super) fn album(&self, text: &mut Vec<u8>, album: &Album) {
        let mut draw = self.catalogue.seed.draw(Domain::AlbumName, album.first_row);
        match draw.below(100) {
            0..45 if album.tracks <= 3 => self.track(text, album.first_row),
            0..8 => self.track(text, album.first_row),
            8..14 => {
                push(text, "The Best of ");
                self.artist(text, album.artist);
            }
            14..18 => {
                push(text, "Live in ");
                push(text, draw.pick(&self.words.places));
            }
            18..28 => {
                self.title(text, &mut draw);
                let kinds = [
                    " (Deluxe Edition)",
                    ", Vol. 1",
                    ", Vol. 2",
                    " EP",
                    ": Original Motion Picture Soundtrack",
                ];
                push(text, draw.pick(&kinds));
            }
            _ => self.title(text, &mut draw),
        }
    }

    /// Appends an artist's name.
    pub(super) fn artist(&self, text: &mut Vec<u8>, artist: u64) {
        let words = &self.words;
        let mut draw = self.catalogue.seed.draw(Domain::ArtistName, artist);
        match draw.below(1000) {
            0..4 => push(text, draw.pick(&words.oddities)),
            4..6 => self.two_lines(text, &mut draw, "\n"),
            6..14 => self.cjk_person(text, &mut draw),
            14..44 => {
                push(text, draw.pick(&words.accented_given));
                join(text, " ", draw.pick(&words.accented_family));
            }
            44..52 => {
                push(text, draw.pick(&words.given));
                join(text, " \"", draw.pick(&words.nouns));
                join(text, "\" ", draw.pick(&words.family));
            }
            52..62 => {
                self.person(text, &mut draw);
                push(text, ", ");
                self.person(text, &mut draw);
                join(text, " & ", draw.pick(&words.nouns));
            }
            62..64 => {
                push(text, " ");
                self.person(text, &mut draw);
            }
            _ => self.plain_artist(text, &mut draw),
        }
    }

    fn plain_artist(&self, text: &mut Vec<u8>, draw: &mut Draw) {
        let words = &self.words;
        match draw.below(100) {
            0..22 => self.person(text, draw),
            22..55 => self.invented(text, draw, 3),
            55..65 => {
                push(text, "DJ ");
                self.invented(text, draw, 3);
            }
            65..75 => {
                push(text, "The ");
                push(text, draw.pick(&words.adjectives));
                join(text, " ", draw.pick(&words.nouns));
                make_plural(text);
            }
            75..85 => {
                push(text, draw.pick(&words.nouns));
                join(text, " ", draw.pick(&words.nouns));
            }
            85..93 => {
                self.invented(text, draw, 2);
                join(text, " ", draw.pick(&words.family));
            }
            _ => {
                self.person(text, draw);
                join(text, " & the ", draw.pick(&words.nouns));
                make_plural(text);
            }
        }
    }

    /// Appends the label of an album: mostly its artist's own.
    pub(super) fn label(&self, text: &mut Vec<u8>, album: &Album) {
        let mut draw = self.catalogue.seed.draw(Domain::Label, album.first_row);
        if !album.compilation && !draw.chance(1_000) {
            draw = self.catalogue.seed.draw(Domain::ArtistLabel, album.artist);
        }
        match draw.below(100) {
            0..42 => {
                self.artist(text, album.artist);
                if draw.chance(2_500) {
                    join(text, " ", draw.pick(&self.words.label_endings));
                }
            }
            42..56 => {
                digits(text, 100_000 + draw.below(7_000_000));
                push(text, " Records DK");
                if draw.chance(1_000) {
                    push(text, "2");
                }
            }
            _ => {
                let labels = self.catalogue.artists / 6 + 40;
                self.company(text, draw.skewed(labels));
            }
        }
    }

    fn company(&self, text: &mut Vec<u8>, label: u64) {
        let words = &self.words;
        let mut draw = self.catalogue.seed.draw(Domain::LabelName, label);
        match draw.below(10) {
            0..3 => push(text, draw.pick(&words.family)),
            3..5 => self.invented(text, &mut draw, 2),
            5..6 => push(text, draw.pick(&words.places)),
            _ => {
                push(text, draw.pick(&words.adjectives));
                join(text, " ", draw.pick(&words.nouns));
            }
        }
        join(text, " ", draw.pick(&words.label_endings));
    }

    /// Returns an artist's genres, none for 70 % of them, up to seven.
    pub(super) fn genres(&self, artist: u64) -> ([u64; 7], usize) {
        let mut draw = self.catalogue.seed.draw(Domain::ArtistGenres, artist);
        // Known artists have genres, so the many others have them more seldom.
        let known = self.catalogue.fame(artist) > PLACES / 100 * 85;
        let first = if known { 9_000 } else { 1_940 };
        let mut genres = [0; 7];
        let mut count = 0;
        while count < genres.len() && draw.chance(if count == 0 { first } else { 5_000 }) {
            let genre = if draw.chance(3_000) {
                draw.skewed(GENRES)
            } else {
                draw.below(GENRES)
            };
            if !genres[..count].contains(&genre) {
                genres[count] = genre;
                count += 1;
            }
        }
        (genres, count)
    }

    /// Appends the name of a genre: the plain ones come first.
    pub(super) fn genre(&self, text: &mut Vec<u8>, genre: u64) {
        let plain = self.words.genres.len();
        let genre = genre as usize;
        if let Some(prefix) = genre.checked_sub(plain) {
            // 61 and the number of genres have no common factor, so no pair comes twice.
            push(
                text,
                self.words.genre_prefixes[prefix / plain * 7 % self.words.genre_prefixes.len()],
            );
            push(text, " ");
        }
        push(text, self.words.genres[genre * 61 % plain]);
    }

    fn person(&self, text: &mut Vec<u8>, draw: &mut Draw) {
        push(text, draw.pick(&self.words.given));
        if draw.chance(1_500) {
            text.extend_from_slice(&[b' ', b'A' + draw.below(26) as u8, b'.']);
        }
        join(text, " ", draw.pick(&self.words.family));
    }

    fn cjk_person(&self, text: &mut Vec<u8>, draw: &mut Draw) {
        push(text, draw.pick(&self.words.cjk_family));
        push(text, draw.pick(&self.words.cjk_given));
    }

    /// A name of so many syllables.
    fn invented(&self, text: &mut Vec<u8>, draw: &mut Draw, syllables: u32) {
        let start = text.len();
        for _ in 0..syllables {
            push(text, draw.pick(&self.words.syllables));
        }
        text[start..=start].make_ascii_uppercase();
    }
}

pub(super) fn push(text: &mut Vec<u8>, word: &str) {
    text.extend_from_slice(word.as_bytes());
}

pub(super) fn join(text: &mut Vec<u8>, between: &str, word: &str) {
    push(text, between);
    push(text, word);
}

fn make_plural(text: &mut Vec<u8>) {
    match text.as_slice() {
        [.., b'a' | b'e' | b'o' | b'u', b'y'] => push(text, "s"),
        [.., b'y'] => {
            text.pop();
            push(text, "ies");
        }
        [.., b's' | b'x'] | [.., b's' | b'c', b'h'] => push(text, "es"),
        _ => push(text, "s"),
    }
}

pub(super) fn digits(text: &mut Vec<u8>, number: u64) {
    super::csv::integer(text, number);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn genres_are_distinct() {
        let names = Names::new(Catalogue::new(375, 37, 1));
        let mut seen = HashSet::new();
        for genre in 0..GENRES {
            let mut text = Vec::new();
            names.genre(&mut text, genre);
            assert!(seen.insert(text), "genre {genre} comes twice");
        }
    }

    #[test]
    fn plurals_are_english() {
        for (one, many) in [
            ("Day", "Days"),
            ("City", "Cities"),
            ("Kiss", "Kisses"),
            ("Fish", "Fishes"),
            ("Tree", "Trees"),
        ] {
            let mut text = one.as_bytes().to_vec();
            make_plural(&mut text);
            assert_eq!(text, many.as_bytes());
        }
    }

    #[test]
    fn names_repeat_by_index() {
        let names = Names::new(Catalogue::new(375, 37, 1));
        let (mut one, mut two) = (Vec::new(), Vec::new());
        names.artist(&mut one, 11);
        names.artist(&mut two, 11);
        assert_eq!(one, two);
        assert!(!one.is_empty());
    }
}
