//! Work that a rule or schedule starts: jobs, crawlers, extracts. Each runs in a process of its
//! own, this very program, so that what it needs in memory is its own and a restart of the server
//! does not end it ([`Workers`]).

mod workers;

use serde_json::Value;
use stave_core::{Error, Result};

pub(super) use self::workers::Workers;
use super::destination::{WorkKind, input, text};

/// The most arguments that an event may give.
const MAX_ARGUMENTS: usize = 100;

/// Something to do, with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    Job {
        name: String,
        arguments: Vec<(String, String)>,
    },
    Crawler {
        name: String,
    },
    Extract {
        arguments: Vec<String>,
    },
}

impl Work {
    /// What is to be done, from what names it and what was sent.
    pub fn read(kind: &WorkKind, payload: &str) -> Result<Self> {
        Ok(match kind {
            WorkKind::Job(name) => Self::Job {
                name: name.clone(),
                arguments: job_arguments(payload)?,
            },
            WorkKind::StartJobRun => Self::Job {
                name: text(&input(payload)?, "JobName")?,
                arguments: job_arguments(payload)?,
            },
            WorkKind::Crawler(name) => Self::Crawler { name: name.clone() },
            WorkKind::StartCrawler => Self::Crawler {
                name: text(&input(payload)?, "Name")?,
            },
            WorkKind::Extract => Self::Extract {
                arguments: extract_arguments(payload)?,
            },
        })
    }

    /// The service that ARNs and policies name.
    pub fn service(&self) -> &'static str {
        match self {
            Self::Job { .. } | Self::Crawler { .. } => "glue",
            Self::Extract { .. } => "stave",
        }
    }

    /// The last part of the ARN.
    pub fn resource(&self) -> String {
        match self {
            Self::Job { name, .. } => format!("job/{name}"),
            Self::Crawler { name } => format!("crawler/{name}"),
            Self::Extract { .. } => "spotify-extract".to_owned(),
        }
    }

    /// The action that policies allow.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Job { .. } => "glue:StartJobRun",
            Self::Crawler { .. } => "glue:StartCrawler",
            Self::Extract { .. } => "stave:SpotifyExtract",
        }
    }

    pub fn log_group(&self) -> &'static str {
        match self {
            Self::Job { .. } => "/aws-glue/jobs/output",
            Self::Crawler { .. } => "/aws-glue/crawlers",
            Self::Extract { .. } => "/stave/spotify-extract",
        }
    }

    /// The command line that does it.
    pub fn command(&self) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        match self {
            Self::Job { name, arguments } => {
                let mut command: Vec<String> = words(&["job", "run"]);
                for (key, value) in arguments {
                    command.push("--arg".to_owned());
                    command.push(format!("{key}={value}"));
                }
                // Nothing after it is taken for an option.
                command.extend(["--".to_owned(), name.clone()]);
                command
            }
            Self::Crawler { name } => words(&["crawler", "run", "--", name]),
            Self::Extract { arguments } => {
                let mut command: Vec<String> = words(&["spotify", "extract"]);
                command.extend(arguments.iter().cloned());
                command
            }
        }
    }
}

/// The arguments of a job's run: `{"Arguments": {"--day": "2026-11-21"}}`. Events have none.
fn job_arguments(payload: &str) -> Result<Vec<(String, String)>> {
    let input = input(payload)?;
    let Some(Value::Object(arguments)) = input.get("Arguments") else {
        return Ok(Vec::new());
    };
    let pairs = arguments.iter().map(|(key, value)| {
        let value = value
            .as_str()
            .ok_or_else(|| Error::invalid(format!("the argument {key} of a job is not a text")))?;
        Ok((key.trim_start_matches("--").to_owned(), value.to_owned()))
    });
    pairs.collect()
}

/// The arguments of an extract: `{"Arguments": ["--all", "--bucket", "s3://raw"]}`.
fn extract_arguments(payload: &str) -> Result<Vec<String>> {
    let input = input(payload)?;
    let Some(Value::Array(arguments)) = input.get("Arguments") else {
        return Err(
            Error::invalid("the input of an extract has no Arguments").hint(
                r#"give the target an Input: {"Arguments": ["--all", "--bucket", "s3://raw"]}"#,
            ),
        );
    };
    if arguments.len() > MAX_ARGUMENTS {
        return Err(Error::limit_exceeded(format!(
            "an extract is started with at most {MAX_ARGUMENTS} arguments"
        )));
    }
    let texts = arguments.iter().map(|value| match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::invalid(format!(
            "the argument {value} of an extract is not a text"
        ))),
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(kind: &WorkKind, payload: &str) -> String {
        Work::read(kind, payload).expect("read").command().join(" ")
    }

    #[test]
    fn what_was_sent_becomes_a_command() {
        let job = WorkKind::Job("etl".to_owned());
        assert_eq!(
            command(&job, r#"{"source": "aws.events"}"#),
            "job run -- etl"
        );
        let start = r#"{"JobName": "--etl", "Arguments": {"--day": "2026-11-21"}}"#;
        assert_eq!(
            command(&WorkKind::StartJobRun, start),
            "job run --arg day=2026-11-21 -- --etl"
        );
        assert_eq!(
            command(&WorkKind::StartCrawler, r#"{"Name": "raw"}"#),
            "crawler run -- raw"
        );
        assert_eq!(
            command(&WorkKind::Extract, r#"{"Arguments": ["--playlist", "x"]}"#),
            "spotify extract --playlist x"
        );
        assert!(Work::read(&WorkKind::StartJobRun, "{}").is_err());
        // A template that a value with quotes has broken starts nothing.
        assert!(Work::read(&job, r#"{"Arguments": {"--a": "it is "so""}}"#).is_err());
        for wrong in ["{}", r#"{"Arguments": [1]}"#] {
            assert!(Work::read(&WorkKind::Extract, wrong).is_err(), "{wrong}");
        }
    }
}
