//! What has to outlive a run: a JSON value by key. Checkpoints, watermarks,
//! learned limits, budgets and closed buckets are all kept through this.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{Error, Result};

/// Keeps JSON values by key.
///
/// A save is atomic and durable: after it returns, a load after any crash
/// gives this value or a later one, never half of one.
pub trait Memory: Send + Sync {
    /// The value under `key`, if there is one.
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Value>>>;

    /// Puts `value` under `key`.
    fn save<'a>(&'a self, key: &'a str, value: Value) -> BoxFuture<'a, Result<()>>;

    /// Forgets `key`; not an error where there is none.
    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>>;
}

/// Loads and reads what is under `key`; the default where there is nothing.
pub(crate) async fn recall<T: DeserializeOwned + Default>(
    memory: &dyn Memory,
    key: &str,
) -> Result<T> {
    match memory.load(key).await? {
        None => Ok(T::default()),
        Some(value) => serde_json::from_value(value).map_err(|source| {
            Error::internal(format!("what is remembered under {key:?} can't be read"))
                .hint("it was written by another version; remove it to begin anew")
                .caused_by(source)
        }),
    }
}

/// Saves `value` under `key`.
pub(crate) async fn remember<T: Serialize + Sync>(
    memory: &dyn Memory,
    key: &str,
    value: &T,
) -> Result<()> {
    let value = serde_json::to_value(value)
        .map_err(|source| Error::internal(format!("can't write down {key:?}")).caused_by(source))?;
    memory.save(key, value).await
}

/// A memory that ends with the process.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<BTreeMap<String, Value>>);

impl InMemory {
    /// Everything that is kept, by key.
    pub fn contents(&self) -> BTreeMap<String, Value> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Memory for InMemory {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Value>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = kept.get(key).cloned();
        Box::pin(std::future::ready(Ok(value)))
    }

    fn save<'a>(&'a self, key: &'a str, value: Value) -> BoxFuture<'a, Result<()>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(key.to_owned(), value);
        Box::pin(std::future::ready(Ok(())))
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(key);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A memory in a folder, one file a key.
#[derive(Debug, Clone)]
pub struct FileMemory(PathBuf);

impl FileMemory {
    /// A memory in `folder`, which is made when the first value is saved.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    fn path(&self, key: &str) -> PathBuf {
        let mut name = String::with_capacity(key.len() + 5);
        for byte in key.bytes() {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(byte as char),
                // Escaped, so that two keys never share a file on any file system.
                other => {
                    name.push('%');
                    push_escaped(&mut name, other);
                }
            }
        }
        self.0.join(name + ".json")
    }

    fn write(&self, key: &str, value: &Value) -> Result<()> {
        std::fs::create_dir_all(&self.0).map_err(|source| cannot("make", &self.0, source))?;
        write_whole(&self.path(key), value.to_string().as_bytes(), false)
    }

    fn read(&self, key: &str) -> Result<Option<Value>> {
        let path = self.path(key);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|source| {
                Error::internal(format!("{} is no JSON", path.display())).caused_by(source)
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("read", &path, error)),
        }
    }
}

impl Memory for FileMemory {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Value>>> {
        Box::pin(async move { self.read(key) })
    }

    fn save<'a>(&'a self, key: &'a str, value: Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.write(key, &value) })
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match std::fs::remove_file(self.path(key)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(cannot("remove", &self.path(key), error))
                }
                _ => Ok(()),
            }
        })
    }
}

fn push_escaped(name: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        name.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
    }
}

/// Writes a file so that it is there whole or not at all, and stays after a
/// crash. A `private` file can be read by its owner only.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], private: bool) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{:x}.new", std::process::id(), random()?));
    let aside = folder.join(name);
    let written = write_aside(&aside, bytes, private)
        .and_then(|()| std::fs::rename(&aside, path))
        .and_then(|()| File::open(folder)?.sync_all());
    written.map_err(|source| {
        let _ = std::fs::remove_file(&aside);
        cannot("write", path, source)
    })
}

fn write_aside(path: &Path, bytes: &[u8], private: bool) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Eight random bytes of the operating system.
pub(crate) fn random() -> Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(format!("the system gives no random bytes: {error}")))?;
    Ok(u64::from_le_bytes(bytes))
}

pub(crate) fn cannot(what: &str, path: &Path, source: std::io::Error) -> Error {
    Error::internal(format!("can't {what} {}", path.display())).caused_by(source)
}
