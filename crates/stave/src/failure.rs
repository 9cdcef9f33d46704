//! How a command fails, and how that is told.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

use stave_core::{Error, error};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// It failed: exit code 1.
    Failed(Error),
    /// It was asked wrongly: exit code 2.
    Usage(Error),
    /// It goes on at a later time, which the error says: exit code 3.
    Later(Error),
    /// Whoever read the output has seen enough: no error.
    ClosedPipe,
    /// It was told to stop, and has said so.
    Stopped,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Failure {
    /// The failure of a write to standard output.
    pub fn of_stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Failed(Error::internal("cannot write to standard output").caused_by(error))
    }

    /// Tells it on standard error and says the exit code.
    pub fn report(&self) -> ExitCode {
        let (error, code) = match self {
            Self::ClosedPipe => return ExitCode::SUCCESS,
            Self::Stopped => return ExitCode::FAILURE,
            Self::Failed(error) => (error, 1),
            Self::Usage(error) => (error, 2),
            Self::Later(error) => (error, 3),
        };
        // Nobody is left to hear of a closed standard error.
        let _ = io::stderr().write_all(describe(error).as_bytes());
        ExitCode::from(code)
    }
}

/// An error with its causes and its hint, a line each.
pub fn describe(error: &Error) -> String {
    let mut messages = error::chain(error).into_iter();
    let mut text = format!("error: {}\n", messages.next().unwrap_or_default());
    for cause in messages {
        let _ = writeln!(text, "  caused by: {cause}");
    }
    if let Some(hint) = error.hint_text() {
        let _ = writeln!(text, "  hint: {hint}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_with_causes_and_hint() {
        let error = Error::not_found("bucket \"a\" does not exist")
            .hint("make it")
            .caused_by("io");
        assert_eq!(
            describe(&error),
            "error: bucket \"a\" does not exist\n  caused by: io\n  hint: make it\n"
        );
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let closed = Failure::of_stdout(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(closed, Failure::ClosedPipe));
        let full = Failure::of_stdout(io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(full, Failure::Failed(_)));
    }
}
