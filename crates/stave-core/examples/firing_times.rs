//! Tells when schedules are due, for comparison with other programs.
//!
//! Reads lines of an expression, a time zone (POSIX's form: `EST5EDT,M3.2.0,M11.1.0`), a time
//! after which, and a count, with tabs between them; answers each with a line of times, in
//! seconds since 1970, with spaces between them.

use std::io::{BufRead as _, Write as _};
use std::iter::successors;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use stave_core::schedule::{Grammar, Schedule};

type Fault = Box<dyn std::error::Error>;

fn main() -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let times: Vec<String> = times(&line?)?
            .iter()
            .map(|at| at.as_second().to_string())
            .collect();
        writeln!(out, "{}", times.join(" "))?;
    }
    Ok(())
}

fn times(line: &str) -> Result<Vec<Timestamp>, Fault> {
    let words: Vec<&str> = line.split('\t').collect();
    let [expression, zone, after, count] = words[..] else {
        return Err(format!("{line:?} has {} words, not four", words.len()).into());
    };
    let schedule = Schedule::parse(expression, Grammar::Scheduler)?;
    let zone = TimeZone::posix(zone)?;
    let after: Timestamp = after.parse()?;
    let next = |after| schedule.next_after(after, &zone, after);
    Ok(successors(next(after), |last| next(*last))
        .take(count.parse()?)
        .collect())
}
