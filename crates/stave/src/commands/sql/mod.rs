//! `sql`: statements as they are typed, or read from standard input.

mod complete;
mod prompt;

use std::io::{self, IsTerminal, Write};

use stave_core::Error;
use stave_engine::catalog::Catalog;
use stave_engine::sql::{in_place, split_statements};
use stave_services::Queries;
use tokio::signal::unix::{SignalKind, signal};

use self::complete::Names;
use self::prompt::{Line, Prompt};
use super::query;
use crate::args::query::{ResultFormat, SqlArgs};
use crate::compose::Stave;
use crate::failure::{Failure, describe};
use crate::output::{Output, text};

/// Where the lines that were typed are kept, in the home.
const HISTORY: &str = "sql_history";
const HELP: &str = "\
.databases   list the databases
.tables      list the tables of the database in use
.use NAME    use a database for names without one
.help        show this
.quit        end (so does Ctrl-D)
Statements end with ; and may span lines. Tab completes names, Ctrl-C cancels.";

/// Runs statements until there are no more.
pub async fn run(args: SqlArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let mut session = Session {
        stave,
        output,
        queries: stave.queries()?,
        database: None,
    };
    if let Some(database) = args.database {
        session.choose(&database).await?;
    }
    if io::stdin().is_terminal() {
        session.converse().await
    } else {
        session.read(&query::read_stdin().await?).await
    }
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    GoOn,
    Quit,
}

struct Session<'a> {
    stave: &'a Stave,
    output: Output,
    queries: Queries,
    database: Option<String>,
}

impl Session<'_> {
    /// Asks for lines until the end.
    async fn converse(&mut self) -> Result<(), Failure> {
        let catalog = self.stave.catalog.for_engine(&self.stave.caller);
        let names = Names::new(catalog, tokio::runtime::Handle::current());
        let history = self.stave.store.home().root().join(HISTORY);
        let mut prompt = Prompt::start(names, history)?;
        self.output.say("statements end with ;  help: .help");
        loop {
            let text = match prompt.ask(self.database.as_deref()).await? {
                Line::Text(text) => text,
                Line::Cancelled => continue,
                Line::End => return Ok(()),
            };
            let done = if text.trim_start().starts_with('.') {
                self.command(text.trim()).await
            } else {
                self.statements(&text, 0).await.map(|()| Flow::GoOn)
            };
            match done {
                Ok(Flow::GoOn) => {}
                Ok(Flow::Quit) => return Ok(()),
                Err(ended @ (Failure::ClosedPipe | Failure::Stopped)) => return Err(ended),
                Err(Failure::Failed(error) | Failure::Usage(error) | Failure::Later(error)) => {
                    // Nobody is left to hear of a closed standard error.
                    let _ = io::stderr().write_all(describe(&error).as_bytes());
                }
            }
        }
    }

    /// Takes statements and commands from a whole text; the first fault ends it.
    async fn read(&mut self, text: &str) -> Result<(), Failure> {
        let (mut start, mut end) = (0, 0);
        for line in text.split_inclusive('\n') {
            let before = &text[start..end];
            if line.trim_start().starts_with('.')
                && split_statements(before).is_empty()
                && is_complete(before)
            {
                end += line.len();
                start = end;
                if self.command(line.trim()).await? == Flow::Quit {
                    return Ok(());
                }
                continue;
            }
            end += line.len();
            if line.contains(';') && is_complete(&text[start..end]) {
                self.statements(&text[..end], start).await?;
                start = end;
            }
        }
        self.statements(text, start).await
    }

    /// Runs the statements of `text` from byte `start` on.
    async fn statements(&mut self, text: &str, start: usize) -> Result<(), Failure> {
        for (offset, statement) in split_statements(&text[start..]) {
            if let Some(database) = chosen_by_use(statement) {
                self.choose(&database).await?;
                continue;
            }
            let statement = in_place(text, start + offset, statement);
            self.statement(&statement).await?;
        }
        Ok(())
    }

    /// Runs one statement, which an interrupt ends.
    async fn statement(&self, statement: &str) -> Result<(), Failure> {
        let cannot = |error| Error::internal("cannot listen for signals").caused_by(error);
        let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
        let format = if self.output.is_json() {
            ResultFormat::Json
        } else {
            ResultFormat::Table
        };
        let work = async {
            let database = self.database.as_deref();
            let result = self.queries.run(&self.stave.caller, database, statement);
            query::print(&mut result.await?, format, self.output).await
        };
        tokio::select! {
            done = work => done,
            _ = interrupt.recv() => {
                self.output.say("cancelled");
                Ok(())
            }
        }
    }

    async fn command(&mut self, line: &str) -> Result<Flow, Failure> {
        let line = line.trim_end_matches(';').trim_end();
        let (command, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = argument.trim();
        match (command, argument) {
            (".quit" | ".exit", "") => return Ok(Flow::Quit),
            (".help", "") => self.output.say(HELP),
            (".databases", "") => self.statement("SHOW DATABASES").await?,
            (".tables", "") => self.tables().await?,
            (".use", "") => {
                return Err(Error::invalid(".use needs the name of a database")
                    .hint(".databases lists them")
                    .into());
            }
            (".use", name) => self.choose(name).await?,
            (".quit" | ".exit" | ".help" | ".databases" | ".tables", _) => {
                return Err(Error::invalid(format!("{command} takes no argument")).into());
            }
            _ => {
                let command = text::printable(command);
                return Err(Error::invalid(format!("there is no command {command}"))
                    .hint(".help lists the commands")
                    .into());
            }
        }
        Ok(Flow::GoOn)
    }

    async fn tables(&self) -> Result<(), Failure> {
        if self.database.is_none() {
            return Err(Error::invalid("no database is in use")
                .hint("choose one with .use NAME; .databases lists them")
                .into());
        }
        self.statement("SHOW TABLES").await
    }

    /// Takes a database that is there.
    async fn choose(&mut self, name: &str) -> Result<(), Failure> {
        let name = name.trim_matches(['"', '`']);
        let catalog = self.stave.catalog.for_engine(&self.stave.caller);
        let all = catalog.databases().await?;
        let name = name.to_lowercase();
        if !all.contains(&name) {
            let hint = stave_core::nearest::hint(&name, all.iter().map(String::as_str));
            let name = text::printable(&name);
            return Err(
                Error::not_found(format!("database \"{name}\" does not exist"))
                    .hint(hint)
                    .into(),
            );
        }
        self.database = Some(name);
        Ok(())
    }
}

/// The database of `USE database`.
fn chosen_by_use(statement: &str) -> Option<String> {
    let mut words = statement.split_whitespace();
    let is_use = words.next()?.eq_ignore_ascii_case("use");
    let name = words.next()?;
    (is_use && words.next().is_none()).then(|| name.to_owned())
}

/// Whether nothing is open at the end of `text`: it is blank, or its last statement has ended.
fn is_complete(text: &str) -> bool {
    // What is added is a statement of its own only where none is under way.
    let more = format!("{text}\nx");
    split_statements(&more).len() > split_statements(text).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_complete_with_its_semicolon() {
        for complete in ["", " \n", "select 1;", "select 1; -- a", "-- a", "a; b;"] {
            assert!(is_complete(complete), "{complete}");
        }
        for open in [
            "select 1",
            "select ';",
            "select 1 -- ;",
            "/* ;",
            "a; b",
            "select \"a;",
        ] {
            assert!(!is_complete(open), "{open}");
        }
    }

    #[test]
    fn use_names_a_database() {
        assert_eq!(chosen_by_use("USE spotify").as_deref(), Some("spotify"));
        assert_eq!(chosen_by_use("use a b"), None);
        assert_eq!(chosen_by_use("select 1"), None);
    }
}
