//! Policy documents from files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use stave_core::{Error, Result};
use tokio::sync::oneshot;

/// More than any policy may have, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The text of a file; of standard input for `-`.
pub async fn read(path: &Path) -> Result<String> {
    if path.as_os_str() == "-" {
        return read_stdin().await;
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| unreadable(&name, error))?;
    read_text(file, &name)
}

/// Reads standard input, in a thread that a command which is told to stop need not wait for.
pub async fn read_stdin() -> Result<String> {
    let (sender, read) = oneshot::channel();
    std::thread::spawn(move || {
        // Nobody waits any more when the command was told to stop.
        let _ = sender.send(read_text(io::stdin().lock(), "standard input"));
    });
    read.await
        .map_err(|error| Error::internal("cannot read standard input").caused_by(error))?
}

fn read_text(from: impl Read, name: &str) -> Result<String> {
    let mut text = String::new();
    from.take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(name, error))?;
    Ok(text)
}

fn unreadable(name: &str, error: io::Error) -> Error {
    Error::invalid(format!("cannot read {name}")).caused_by(error)
}
