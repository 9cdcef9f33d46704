//! Fuzzing: mutated files against what must hold for every file.
//!
//! Among the tests a fixed number of inputs from a fixed seed; `fuzz/run` goes on for as
//! long as it is told, from a new seed. A file that breaks a rule is made smaller and
//! written to `fuzz/failures`; once mended, it moves to `fuzz/corpus` and stays.

mod csv;
mod jobs;
mod mutate;

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use mutate::{Dice, mutated};

/// How long one input may take; the smallest machine needs milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many inputs are tried while a failing one is made smaller.
const SHRINKING: usize = 5_000;
/// The seed among the tests.
const SEED: u64 = 2_023;

/// What must hold for an input; else what does not, in words.
type Rule = fn(&[u8]) -> Result<(), String>;

/// What is fuzzed.
struct Target {
    /// The name of its corpus.
    name: &'static str,
    /// What mutations put in.
    pieces: &'static [&'static str],
    /// What must hold.
    rule: Rule,
    /// How many inputs are tried among the tests.
    inputs: u64,
}

impl Target {
    /// Tries the corpus, then mutations of it.
    fn run(&self, more: Vec<Vec<u8>>) {
        let mut corpus = self.corpus();
        corpus.extend(more);
        assert!(!corpus.is_empty(), "{} has no corpus", self.name);
        let judge = Judge::new(self.rule);
        for input in &corpus {
            self.judge(&judge, input, "the corpus");
        }
        let seconds = variable("STAVE_FUZZ_SECONDS");
        let seed = variable("STAVE_FUZZ_SEED").unwrap_or_else(|| match seconds {
            Some(_) => std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0),
            None => SEED,
        });
        let began = Instant::now();
        let is_over = |tried: u64| match seconds {
            Some(seconds) => began.elapsed() >= Duration::from_secs(seconds),
            None => tried == self.inputs,
        };
        println!("{}: from seed {seed}", self.name);
        let mut tried = 0;
        while !is_over(tried) {
            // Each input has a seed of its own: the one that fails is made again alone.
            let own = seed.wrapping_add(tried);
            let mut dice = Dice::new(own);
            let begin = dice.below(corpus.len());
            let other = dice.below(corpus.len());
            let input = mutated(&corpus[begin], &corpus[other], self.pieces, &mut dice);
            self.judge(&judge, &input, &format!("STAVE_FUZZ_SEED={own}"));
            tried += 1;
        }
        println!("{}: {tried} inputs in {:.1?}", self.name, began.elapsed());
    }

    fn corpus(&self) -> Vec<Vec<u8>> {
        let folder = folder().join("corpus").join(self.name);
        // One that is made by the test has no folder until something was found.
        let entries = std::fs::read_dir(&folder).into_iter().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("listed").path()).collect();
        paths.sort();
        let read = |path: &PathBuf| std::fs::read(path).expect("read");
        paths.iter().map(read).collect()
    }

    /// Panics when an input breaks the rule, with the smallest like it that was found.
    fn judge(&self, judge: &Judge, input: &[u8], origin: &str) {
        let Err(fault) = judge.judge(input) else {
            return;
        };
        let (small, fault) = match fault {
            Fault::Broken(fault) => smaller(judge, input, fault),
            // Whoever is stuck cannot be asked again.
            Fault::Stuck => (input.to_vec(), format!("it takes longer than {PATIENCE:?}")),
        };
        let failures = folder().join("failures");
        std::fs::create_dir_all(&failures).expect("made");
        let hash = std::hash::BuildHasher::hash_one(&foldhash::fast::FixedState::default(), &small);
        let path = failures.join(format!("{}-{hash:016x}", self.name));
        std::fs::write(&path, &small).expect("written");
        panic!(
            "{} ({origin}): {fault}\nthe input, {} bytes, is in {}:\n{}",
            self.name,
            small.len(),
            path.display(),
            String::from_utf8_lossy(&small)
        );
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number")),
    )
}

enum Fault {
    Broken(String),
    Stuck,
}

/// Judges inputs on a thread of its own, so that one that never ends is noticed.
struct Judge {
    inputs: Sender<Vec<u8>>,
    verdicts: Receiver<Result<(), String>>,
}

impl Judge {
    fn new(rule: Rule) -> Self {
        let (inputs, received) = channel::<Vec<u8>>();
        let (sender, verdicts) = channel();
        std::thread::spawn(move || {
            for input in received {
                let verdict = catch_unwind(|| rule(&input)).unwrap_or_else(|panic| {
                    let text = panic.downcast_ref::<String>().cloned();
                    let text =
                        text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
                    Err(format!("it panics: {}", text.unwrap_or_default()))
                });
                if sender.send(verdict).is_err() {
                    break;
                }
            }
        });
        Self { inputs, verdicts }
    }

    fn judge(&self, input: &[u8]) -> Result<(), Fault> {
        self.inputs.send(input.to_vec()).expect("a judge");
        match self.verdicts.recv_timeout(PATIENCE) {
            Ok(verdict) => verdict.map_err(Fault::Broken),
            Err(RecvTimeoutError::Timeout) => Err(Fault::Stuck),
            Err(RecvTimeoutError::Disconnected) => panic!("the judge is gone"),
        }
    }
}

/// Takes parts out of an input for as long as it breaks the rule.
fn smaller(judge: &Judge, input: &[u8], fault: String) -> (Vec<u8>, String) {
    let (mut small, mut fault) = (input.to_vec(), fault);
    let mut tries = 0;
    let mut size = small.len() / 2;
    while size > 0 {
        let mut at = 0;
        let before = small.len();
        while at < small.len() && tries < SHRINKING {
            let mut less = small.clone();
            less.drain(at..small.len().min(at + size));
            tries += 1;
            match judge.judge(&less) {
                Err(Fault::Broken(other)) => (small, fault) = (less, other),
                Err(Fault::Stuck) => return (less, format!("it takes longer than {PATIENCE:?}")),
                Ok(()) => at += size,
            }
        }
        // A part that could not go before may go now.
        if small.len() == before || tries >= SHRINKING {
            size /= 2;
        }
    }
    (small, fault)
}

#[test]
fn a_failing_input_is_made_smaller() {
    let judge = Judge::new(|input| match memchr::memmem::find(input, b"bad") {
        Some(_) => Err("bad".to_owned()),
        None => Ok(()),
    });
    let input = b"a long text, in which something bad stands, and more bad things".to_vec();
    let (small, fault) = smaller(&judge, &input, String::new());
    assert_eq!(
        (small.as_slice(), fault.as_str()),
        (b"bad".as_slice(), "bad")
    );
    // As a panic, but for the noise.
    let judge = Judge::new(|_| std::panic::resume_unwind(Box::new("whatever is read")));
    assert!(matches!(judge.judge(b""), Err(Fault::Broken(fault)) if fault.contains("whatever")));
}
