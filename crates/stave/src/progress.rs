//! How far long work is, on standard error: a bar on a terminal, a line now and
//! then elsewhere, so that a log shows that it lives.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use stave_core::units;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Anything else.
    Items,
}

impl Unit {
    fn text(self, number: u64) -> String {
        match self {
            Self::Bytes => units::bytes(number),
            Self::Items => units::count(number),
        }
    }
}

/// Shows how far work is. Cleared when dropped.
#[derive(Debug)]
pub struct Progress {
    what: String,
    unit: Unit,
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    Bar(ProgressBar),
    Lines(Mutex<Lines>),
}

#[derive(Debug)]
struct Lines {
    done: u64,
    total: u64,
    told_at: Instant,
}

impl Progress {
    /// Begins to show `what`, of which `total` is to be done (0: not known).
    pub fn begin(what: &str, total: u64, unit: Unit) -> Self {
        let shown = if std::io::stderr().is_terminal() {
            Shown::Bar(bar(what, total, unit))
        } else {
            Shown::Lines(Mutex::new(Lines {
                done: 0,
                total,
                told_at: Instant::now(),
            }))
        };
        Self {
            what: what.to_owned(),
            unit,
            shown,
        }
    }

    /// So much more is done.
    pub fn add(&self, done: u64) {
        match &self.shown {
            Shown::Bar(bar) => bar.inc(done),
            Shown::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.done += done;
                if lines.told_at.elapsed() >= LINE_EVERY {
                    lines.told_at = Instant::now();
                    self.tell(&self.state(&lines));
                }
            }
        }
    }

    /// Says a line, above the bar if there is one.
    pub fn say(&self, line: &str) {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(|| self.tell(line)),
            Shown::Lines(_) => self.tell(line),
        }
    }

    #[expect(clippy::unused_self, reason = "lines belong to what is shown")]
    fn tell(&self, line: &str) {
        // Nobody is left to hear of a closed standard error.
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    fn state(&self, lines: &Lines) -> String {
        let done = self.unit.text(lines.done);
        if lines.total == 0 {
            return format!("{}: {done}", self.what);
        }
        let percent = (lines.done as f64 / lines.total as f64 * 100.0).min(100.0);
        let total = self.unit.text(lines.total);
        format!("{}: {done} of {total} ({percent:.0} %)", self.what)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &str, total: u64, unit: Unit) -> ProgressBar {
    let form = match (unit, total) {
        (Unit::Bytes, 0) => "{msg} {spinner} {binary_bytes} {binary_bytes_per_sec}",
        (Unit::Bytes, _) => "{msg} [{wide_bar}] {binary_bytes}/{binary_total_bytes}, {eta} left",
        (Unit::Items, 0) => "{msg} {spinner} {human_pos}",
        (Unit::Items, _) => "{msg} [{wide_bar}] {human_pos}/{human_len}, {eta} left",
    };
    let style = ProgressStyle::with_template(form)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    let bar = if total == 0 {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::new(total)
    };
    bar.with_style(style).with_message(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let progress = Progress {
            what: "copying".to_owned(),
            unit: Unit::Bytes,
            shown: Shown::Lines(Mutex::new(Lines {
                done: 0,
                total: 0,
                told_at: Instant::now(),
            })),
        };
        let lines = |done, total| Lines {
            done,
            total,
            told_at: Instant::now(),
        };
        let half = progress.state(&lines(512, 1024));
        assert_eq!(half, "copying: 512 B of 1.0 KiB (50 %)");
        assert_eq!(progress.state(&lines(512, 0)), "copying: 512 B");
    }
}
