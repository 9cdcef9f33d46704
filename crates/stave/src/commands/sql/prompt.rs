//! The line editor, in a thread of its own: it blocks while it waits for keys.

use std::fs::{File, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper, Highlighter, Hinter};
use stave_core::{Error, Result};
use tokio::sync::oneshot;

use super::complete::Names;
use super::is_complete;

/// How many entries the history holds.
const MAX_HISTORY: usize = 1000;

/// What was typed.
#[derive(Debug)]
pub enum Line {
    /// Whole statements, or a command.
    Text(String),
    /// Ctrl-C.
    Cancelled,
    /// Ctrl-D.
    End,
}

type Answer = oneshot::Sender<Result<Line>>;

/// Asks for lines.
#[derive(Debug)]
pub struct Prompt {
    asks: mpsc::Sender<(String, Answer)>,
    database: Arc<Mutex<Option<String>>>,
}

impl Prompt {
    /// Starts the editor with the history of `history`.
    pub fn start(names: Names, history: PathBuf) -> Result<Self> {
        let (asks, asked) = mpsc::channel::<(String, Answer)>();
        let database = Arc::new(Mutex::new(None));
        let keys = Keys {
            names,
            database: Arc::clone(&database),
        };
        let mut editor = editor(keys, &history)?;
        std::thread::Builder::new()
            .name("prompt".to_owned())
            .spawn(move || {
                for (prompt, answer) in asked {
                    let line = read(&mut editor, &prompt, &history);
                    if answer.send(line).is_err() {
                        return;
                    }
                }
            })
            .map_err(|error| Error::internal("cannot start the line editor").caused_by(error))?;
        Ok(Self { asks, database })
    }

    /// Waits for the next line while `database` is in use.
    pub async fn ask(&mut self, database: Option<&str>) -> Result<Line> {
        *self.database.lock().unwrap_or_else(PoisonError::into_inner) = database.map(str::to_owned);
        let prompt = format!("{}> ", database.unwrap_or("stave"));
        let ended = || Error::internal("the line editor ended before its time");
        let (answer, answered) = oneshot::channel();
        self.asks.send((prompt, answer)).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

fn editor(keys: Keys, history: &Path) -> Result<Editor<Keys, FileHistory>> {
    let failed =
        |error: ReadlineError| Error::internal("cannot start the line editor").caused_by(error);
    let config = Config::builder()
        .max_history_size(MAX_HISTORY)
        .map_err(failed)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .build();
    let mut editor = Editor::with_config(config).map_err(failed)?;
    editor.set_helper(Some(keys));
    private(history)?;
    // An unreadable history is none; the next entry begins a new one.
    let _ = editor.load_history(history);
    Ok(editor)
}

/// Makes the history if it is not there, for its owner alone: statements hold what is private.
fn private(history: &Path) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::internal(format!("cannot keep a history in {}", history.display())).caused_by(error)
    };
    let file = File::options()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(history)
        .map_err(failed)?;
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(failed)
}

fn read(editor: &mut Editor<Keys, FileHistory>, prompt: &str, history: &Path) -> Result<Line> {
    match editor.readline(prompt) {
        Ok(text) => {
            // The statement counts, not whether it is remembered.
            if !text.trim().is_empty() && editor.add_history_entry(text.trim_end()).is_ok() {
                let _ = editor.append_history(history);
            }
            Ok(Line::Text(text))
        }
        Err(ReadlineError::Interrupted) => Ok(Line::Cancelled),
        Err(ReadlineError::Eof) => Ok(Line::End),
        Err(error) => Err(Error::internal("cannot read the terminal").caused_by(error)),
    }
}

/// What Tab and Enter mean.
#[derive(Helper, Hinter, Highlighter)]
struct Keys {
    names: Names,
    database: Arc<Mutex<Option<String>>>,
}

impl Completer for Keys {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.names.complete(line, at, database.as_deref()))
    }
}

impl Validator for Keys {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        if input.trim_start().starts_with('.') || is_complete(input) {
            Ok(ValidationResult::Valid(None))
        } else {
            Ok(ValidationResult::Incomplete)
        }
    }
}
