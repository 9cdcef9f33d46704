//! `query`.

mod target;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::Path;

use stave_core::{Error, units};
use stave_engine::sql::{QueryResult, in_place, split_statements};
use stave_services::transfer::Place;
use tokio::sync::oneshot;

use crate::args::query::{QueryArgs, ResultFormat};
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::rows::DrawnRows;
use crate::output::{Output, text};

/// The longest text of statements, in bytes.
const MAX_TEXT_BYTES: u64 = 4 << 20;

/// Runs statements, one after the other.
pub async fn run(args: QueryArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let sql = sql(&args).await?;
    let statements = split_statements(&sql);
    if statements.is_empty() {
        return Err(usage("there is no statement", "write one like: SELECT 1"));
    }
    let target = match args.output.as_deref() {
        None | Some("-") => None,
        Some(place) => Some(place.parse::<Place>().map_err(Failure::Usage)?),
    };
    let format = format(args.format, args.output.as_deref(), output);
    if let Some(place) = &target {
        if statements.len() > 1 {
            return Err(usage(
                &format!("{} statements cannot share {place}", statements.len()),
                "--output takes the result of one statement",
            ));
        }
        target::check(place, stave).await?;
    } else if format == ResultFormat::Parquet {
        return Err(usage(
            "Parquet is not written to standard output",
            "add --output FILE.parquet",
        ));
    }
    let queries = stave.queries()?;
    for (offset, statement) in &statements {
        let statement = in_place(&sql, *offset, statement);
        let result = queries.run(&stave.caller, args.database.as_deref(), &statement);
        let mut result = result.await?;
        match &target {
            None => print(&mut result, format, output).await?,
            Some(place) => {
                let rows = target::write(&mut result, format, place, stave).await?;
                summary(&result, rows, output);
                output.say(&format!("wrote {}", text::printable(&place.to_string())));
            }
        }
    }
    Ok(())
}

/// The text of the statements.
async fn sql(args: &QueryArgs) -> Result<String, Failure> {
    let Some(path) = &args.file else {
        return Ok(args.sql.clone().unwrap_or_default());
    };
    if path.as_os_str() == "-" {
        return read_stdin().await;
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| unreadable(&name, error))?;
    read_text(file, &name)
}

/// Reads statements from standard input, in a thread that a command which is told to
/// stop need not wait for.
pub async fn read_stdin() -> Result<String, Failure> {
    let (sender, read) = oneshot::channel();
    std::thread::spawn(move || {
        // Nobody waits any more when the command was told to stop.
        let _ = sender.send(read_text(io::stdin().lock(), "standard input"));
    });
    read.await.map_err(|error| {
        Failure::Failed(Error::internal("cannot read standard input").caused_by(error))
    })?
}

/// Reads statements, within bounds.
fn read_text(from: impl Read, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    from.take(MAX_TEXT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(name, error))?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        let most = units::bytes(MAX_TEXT_BYTES);
        return Err(Error::limit_exceeded(format!("{name} is longer than {most}")).into());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::invalid(format!("{name} is not UTF-8 at byte {at}"))
    })?;
    Ok(text)
}

fn unreadable(name: &str, error: io::Error) -> Failure {
    Error::invalid(format!("cannot read {name}"))
        .caused_by(error)
        .into()
}

/// What is asked for counts more than the name's ending, that more than --json.
fn format(asked: Option<ResultFormat>, target: Option<&str>, output: Output) -> ResultFormat {
    let ending = target
        .map(Path::new)
        .and_then(Path::extension)
        .map(|ending| ending.to_string_lossy().to_lowercase());
    let guessed = match ending.as_deref() {
        Some("csv") => Some(ResultFormat::Csv),
        Some("json" | "jsonl" | "ndjson") => Some(ResultFormat::Json),
        Some("parquet") => Some(ResultFormat::Parquet),
        _ => None,
    };
    let usual = if output.is_json() {
        ResultFormat::Json
    } else {
        ResultFormat::Table
    };
    asked.or(guessed).unwrap_or(usual)
}

fn usage(what: &str, hint: &str) -> Failure {
    Failure::Usage(Error::invalid(what).hint(hint))
}

/// Prints a result on standard output, and in words what it took.
pub async fn print(
    result: &mut QueryResult,
    format: ResultFormat,
    output: Output,
) -> Result<(), Failure> {
    let rows = match format {
        ResultFormat::Table | ResultFormat::Parquet => {
            let drawn = DrawnRows::read(result).await?;
            output.data(drawn.render(io::stdout().is_terminal()).as_bytes())?;
            say_if_cut(&drawn, output);
            drawn.len()
        }
        ResultFormat::Csv => {
            let mut out = Stdout::default();
            let written = result.write_csv(&mut out).await;
            out.end(written)?
        }
        ResultFormat::Json => {
            let mut out = Stdout::default();
            let written = result.write_json(&mut out).await;
            out.end(written)?
        }
    };
    summary(result, rows, output);
    Ok(())
}

fn say_if_cut(drawn: &DrawnRows, output: Output) {
    if drawn.is_cut() {
        let rows = text::counted(drawn.len(), "row");
        output.say(&format!(
            "only the first {rows} are shown; --format csv or json has them all"
        ));
    }
}

/// Rows, time and bytes, in words.
fn summary(result: &QueryResult, rows: u64, output: Output) {
    let statistics = result.statistics();
    output.say(&format!(
        "{} in {}, {} scanned",
        text::counted(rows, "row"),
        units::duration(statistics.planning + statistics.execution),
        units::bytes(statistics.scanned_bytes)
    ));
}

/// Standard output that remembers whether its reader has gone.
#[derive(Debug)]
struct Stdout {
    out: BufWriter<io::Stdout>,
    is_closed: bool,
}

impl Default for Stdout {
    fn default() -> Self {
        Self {
            out: BufWriter::with_capacity(1 << 16, io::stdout()),
            is_closed: false,
        }
    }
}

impl Stdout {
    fn end<T>(&self, written: stave_core::Result<T>) -> Result<T, Failure> {
        written.map_err(|error| {
            if self.is_closed {
                Failure::ClosedPipe
            } else {
                error.into()
            }
        })
    }

    fn seen<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &done {
            self.is_closed |= error.kind() == io::ErrorKind::BrokenPipe;
        }
        done
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.out.write(bytes);
        self.seen(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.out.flush();
        self.seen(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_guessed_from_the_ending() {
        let (plain, json) = (Output::new(false), Output::new(true));
        for (asked, target, output, expected) in [
            (None, None, plain, ResultFormat::Table),
            (None, None, json, ResultFormat::Json),
            (None, Some("a.CSV"), plain, ResultFormat::Csv),
            (None, Some("s3://b/a.parquet"), json, ResultFormat::Parquet),
            (None, Some("a.txt"), plain, ResultFormat::Table),
            (
                Some(ResultFormat::Csv),
                Some("a.json"),
                json,
                ResultFormat::Csv,
            ),
        ] {
            assert_eq!(format(asked, target, output), expected, "{target:?}");
        }
    }

    #[test]
    fn text_that_is_no_text_is_refused() {
        let error = read_text(&b"SELECT \xff"[..], "a.sql").expect_err("not UTF-8");
        let Failure::Failed(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.message(), "a.sql is not UTF-8 at byte 7");
    }
}
