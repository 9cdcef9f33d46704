//! Puts words together into titles, plain ones and ones to trip over.
//!
//! Appends plain text; must not know whose title it is.

use super::names::{Names, digits, join, push};
use super::random::Draw;

impl Names {
    /// Appends a title: one in ten with something in it to trip over.
    pub(super) fn title(&self, text: &mut Vec<u8>, draw: &mut Draw) {
        let words = &self.words;
        match draw.below(10_000) {
            0..35 => self.two_lines(text, draw, "\n"),
            35..55 => self.two_lines(text, draw, "\r\n"),
            55..65 => push(text, draw.pick(&words.oddities)),
            65..90 => {
                push(text, " ");
                self.plain_title(text, draw);
            }
            90..115 => {
                self.plain_title(text, draw);
                push(text, " ");
            }
            115..160 => {
                self.plain_title(text, draw);
                join(text, " ", draw.pick(&words.emoji));
            }
            160..360 => self.foreign_title(text, draw, &words.cjk),
            360..860 => self.foreign_title(text, draw, &words.accented),
            860..920 => {
                push(text, draw.pick(&words.adjectives));
                join(text, " \"", draw.pick(&words.nouns));
                push(text, "\"");
            }
            920..1_110 => {
                push(text, draw.pick(&words.nouns));
                join(text, ", ", draw.pick(&words.adjectives));
                join(text, " ", draw.pick(&words.nouns));
            }
            _ => self.plain_title(text, draw),
        }
    }

    fn plain_title(&self, text: &mut Vec<u8>, draw: &mut Draw) {
        let words = &self.words;
        match draw.below(100) {
            0..7 => push(text, draw.pick(&words.nouns)),
            7..42 => {
                push(text, draw.pick(&words.adjectives));
                join(text, " ", draw.pick(&words.nouns));
            }
            42..54 => {
                push(text, "The ");
                push(text, draw.pick(&words.adjectives));
                join(text, " ", draw.pick(&words.nouns));
            }
            54..64 => {
                push(text, draw.pick(&words.nouns));
                join(text, " of ", draw.pick(&words.nouns));
            }
            64..78 => {
                push(text, draw.pick(&words.verbs));
                join(text, " the ", draw.pick(&words.nouns));
            }
            78..82 => {
                push(text, draw.pick(&words.verbs));
                push(text, " Me");
            }
            82..90 => {
                push(text, draw.pick(&words.nouns));
                join(text, " in ", draw.pick(&words.places));
            }
            _ => {
                push(text, draw.pick(&words.verbs));
                join(text, " My ", draw.pick(&words.adjectives));
                join(text, " ", draw.pick(&words.nouns));
            }
        }
    }

    fn foreign_title(&self, text: &mut Vec<u8>, draw: &mut Draw, titles: &[&'static str]) {
        push(text, draw.pick(titles));
        match draw.below(10) {
            0..2 => join(text, " ", draw.pick(titles)),
            2..3 => {
                join(text, " (", draw.pick(&self.words.nouns));
                push(text, ")");
            }
            _ => {}
        }
    }

    pub(super) fn version(&self, text: &mut Vec<u8>, draw: &mut Draw) {
        match draw.below(10) {
            0..3 => {
                push(text, " - Remastered ");
                digits(text, 1995 + draw.below(29));
            }
            3..5 => join(text, " - Live in ", draw.pick(&self.words.places)),
            5..7 => {
                push(text, " (");
                push(text, draw.pick(&self.words.versions));
                push(text, ")");
            }
            _ => join(text, " - ", draw.pick(&self.words.versions)),
        }
    }

    /// A movement of a classical work: long, and with commas.
    pub(super) fn work(&self, text: &mut Vec<u8>, draw: &mut Draw) {
        push(text, draw.pick(&self.words.forms));
        push(text, " No. ");
        digits(text, 1 + draw.below(9));
        join(text, " ", draw.pick(&self.words.keys));
        push(text, ", Op. ");
        digits(text, 1 + draw.below(130));
        join(text, ": ", draw.pick(&self.words.tempos));
    }

    pub(super) fn two_lines(&self, text: &mut Vec<u8>, draw: &mut Draw, line_end: &str) {
        self.plain_title(text, draw);
        push(text, line_end);
        self.plain_title(text, draw);
    }
}
