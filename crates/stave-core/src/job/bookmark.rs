//! Whether a run reads what it has read before: Glue's `--job-bookmark-option`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The argument's name, without dashes.
pub(super) const OPTION: &str = "job-bookmark-option";
/// The arguments that name the runs between which a paused run reads.
const BETWEEN: [&str; 2] = ["job-bookmark-from", "job-bookmark-to"];

/// What a run does with the job's bookmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bookmark {
    /// Reads all of its input, and leaves the bookmark alone; Glue's default.
    #[default]
    Disable,
    /// Reads what is new since the bookmark, and moves the bookmark on.
    Enable,
    /// Reads what is new since the bookmark, and leaves the bookmark where it is.
    Pause,
}

impl Bookmark {
    const WORDS: [(Self, &'static str); 3] = [
        (Self::Disable, "disable"),
        (Self::Enable, "enable"),
        (Self::Pause, "pause"),
    ];

    /// Glue's word: `job-bookmark-enable`.
    pub fn option(self) -> String {
        format!("job-bookmark-{self}")
    }

    /// What the arguments of a run, or a job's defaults below them, ask for.
    pub(super) fn of(given: &BTreeMap<String, String>) -> Result<Self> {
        let name = BETWEEN.iter().find(|name| given.contains_key(**name));
        if let Some(name) = name {
            return Err(Error::unsupported(format!("--{name} is not supported"))
                .hint("a bookmark knows what was read, not by which run; reset it to read again"));
        }
        match given.get(OPTION) {
            None => Ok(Self::Disable),
            Some(word) => word.parse(),
        }
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(option, _)| option == self);
        f.write_str(word.map_or("", |(_, word)| word))
    }
}

impl FromStr for Bookmark {
    type Err = Error;

    /// Reads `job-bookmark-enable`, or `enable` alone.
    fn from_str(text: &str) -> Result<Self> {
        let word = text.strip_prefix("job-bookmark-").unwrap_or(text);
        let found = Self::WORDS.iter().find(|(_, known)| *known == word);
        found.map(|(option, _)| *option).ok_or_else(|| {
            Error::invalid(format!("--{OPTION} cannot be \"{text}\""))
                .hint("write job-bookmark-enable, job-bookmark-disable or job-bookmark-pause")
        })
    }
}
