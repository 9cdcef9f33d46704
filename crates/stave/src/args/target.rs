//! What rules and schedules send to, as it is written on the command line.

use clap::Args;

use super::values;

/// What is sent to, and what it is given.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// What is sent to: function:NAME, job:NAME, crawler:NAME, bus:NAME, log-group:NAME,
    /// spotify-extract, or an ARN
    #[arg(long = "target", value_name = "TARGET", value_parser = target)]
    pub target: Option<TargetName>,

    /// What the target is given in place of the event: a JSON text
    #[arg(long, value_name = "JSON", conflicts_with_all = ["arguments", "words"])]
    pub input: Option<String>,

    /// A value for ${K} in the job that is the target; may be given several times
    #[arg(long = "arg", value_name = "K=V", value_parser = values::pair)]
    pub arguments: Vec<(String, String)>,

    /// The role that the target is reached with, by its ARN; made where it is needed and not given
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,

    /// What spotify-extract is told: its options
    #[arg(last = true, value_name = "OPTION", conflicts_with = "arguments")]
    pub words: Vec<String>,
}

/// What can be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetName {
    /// A function.
    Function(String),
    /// A job that was imported.
    Job(String),
    /// A crawler.
    Crawler(String),
    /// An event bus.
    Bus(String),
    /// A log group.
    LogGroup(String),
    /// `stave spotify extract`.
    SpotifyExtract,
    /// Whatever has the ARN.
    Arn(String),
}

/// Reads a target.
pub fn target(text: &str) -> Result<TargetName, String> {
    if text == "spotify-extract" {
        return Ok(TargetName::SpotifyExtract);
    }
    if text.starts_with("arn:") {
        return Ok(TargetName::Arn(text.to_owned()));
    }
    let (kind, name) = text.split_once(':').unwrap_or((text, ""));
    let of: fn(String) -> TargetName = match kind {
        "function" => TargetName::Function,
        "job" => TargetName::Job,
        "crawler" => TargetName::Crawler,
        "bus" => TargetName::Bus,
        "log-group" => TargetName::LogGroup,
        _ => {
            return Err(
                "a target is function:NAME, job:NAME, crawler:NAME, bus:NAME, log-group:NAME, \
                 spotify-extract or an ARN"
                    .to_owned(),
            );
        }
    };
    if name.is_empty() {
        return Err(format!("write it like {kind}:NAME"));
    }
    Ok(of(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_named_by_their_kind() {
        assert_eq!(target("job:a:b"), Ok(TargetName::Job("a:b".to_owned())));
        assert_eq!(
            target("log-group:/aws/events/all"),
            Ok(TargetName::LogGroup("/aws/events/all".to_owned()))
        );
        assert_eq!(target("spotify-extract"), Ok(TargetName::SpotifyExtract));
        for wrong in ["job", "job:", "queue:a", ""] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
}
