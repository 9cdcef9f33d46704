//! Reading arbitrary text ends in a graph or an error, never in a panic.

use std::collections::BTreeMap;

use super::super::{JobDocument, graph_text};
use super::{EVERYTHING, EXPORTED};

/// A small linear congruential generator: the same texts in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "'",
    "\n",
    "  ",
    "- ",
    "#",
    "&a ",
    "*a",
    "!t ",
    "${",
    "$${x}",
    "null",
    "true",
    "-1",
    "1e999",
    ".nan",
    "0x1F",
    "Inputs",
    "node-1",
    "Join",
    "é",
    "\u{0}",
    "\u{feff}",
    "|",
    ">",
    "<<: *a",
    "? ",
    "---\n",
    "...",
    "\t",
    "\\",
    "Name",
    "S3CsvSource",
];

fn mutated(text: &str, dice: &mut Dice) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=dice.below(6) {
        let at = dice.below(characters.len());
        match dice.below(4) {
            0 => drop(characters.drain(at..characters.len().min(at + 1 + dice.below(20)))),
            1 => {
                let piece = PIECES[dice.below(PIECES.len())];
                characters.splice(at..at, piece.chars());
            }
            2 => {
                let end = characters.len().min(at + dice.below(60));
                let copied = characters[at..end].to_vec();
                let to = dice.below(characters.len());
                characters.splice(to..to, copied);
            }
            _ => characters.truncate(characters.len() - dice.below(characters.len() / 8)),
        }
        if characters.is_empty() {
            break;
        }
    }
    characters.into_iter().collect()
}

#[test]
fn mutated_files_are_read_or_refused() {
    let mut dice = Dice(2_023);
    let mut read = 0;
    for round in 0..1_500 {
        let text = mutated([EXPORTED, EVERYTHING][round % 2], &mut dice);
        let Ok(document) = JobDocument::parse(&text) else {
            continue;
        };
        let Ok(job) = document.fill(&arguments()) else {
            continue;
        };
        read += 1;
        assert!(!graph_text(&job.nodes).is_empty());
        let written = job.to_json().unwrap();
        // What was filled may hold `${` again, which only a second filling would refuse.
        if !written.contains("${") {
            let again = JobDocument::parse(&written).unwrap();
            assert_eq!(again.fill(&arguments()).unwrap().nodes, job.nodes);
        }
    }
    assert!(
        read > 20,
        "only {read} of the texts were still jobs: the test tests nothing"
    );
}

fn arguments() -> BTreeMap<String, String> {
    [("x".to_owned(), "y".to_owned())].into()
}

#[test]
fn random_pieces_are_read_or_refused() {
    let mut dice = Dice(7);
    for _ in 0..5_000 {
        let text: String = (0..dice.below(30))
            .map(|_| PIECES[dice.below(PIECES.len())])
            .collect();
        if let Ok(document) = JobDocument::parse(&text) {
            let _ = document.fill(&arguments());
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("- ", "")] {
        let text = format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
        assert!(JobDocument::parse(&text).is_err());
    }
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (above, name) in ('a'..='j').zip('b'..='k') {
        let aliases = vec![format!("*{above}"); 9].join(", ");
        bomb.push_str(&[&format!("{name}: &{name} "), "[", &aliases, "]\n"].concat());
    }
    assert!(JobDocument::parse(&bomb).is_err());
}
