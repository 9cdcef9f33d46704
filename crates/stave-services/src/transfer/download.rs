//! Out of a bucket, into a file: written beside its place and renamed into it,
//! so that nobody sees half of it.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use futures::TryStreamExt;
use stave_core::{Error, Result};
use stave_store::ObjectRead;
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

use super::{Event, Listener, io_error};

/// How much is written at once.
const WRITE_BYTES: usize = 1 << 20;

/// A file that is to get a name when it is whole; removed when it does not.
struct Part {
    path: PathBuf,
    file: File,
    is_whole: bool,
}

impl Part {
    async fn beside(path: &Path) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let folder = path.parent().unwrap_or(Path::new(""));
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let part = folder.join(format!(".stave-{}-{count}.part", std::process::id()));
            match File::options()
                .write(true)
                .create_new(true)
                .open(&part)
                .await
            {
                Ok(mut file) => {
                    file.set_max_buf_size(WRITE_BYTES);
                    return Ok(Self {
                        path: part,
                        file,
                        is_whole: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io_error(error, "make", &part)),
            }
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_whole {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Writes an object to `path`, which lies below `root` if there is one. `durable`
/// makes it survive a loss of power, for when the object is deleted after.
pub(super) async fn write(
    read: ObjectRead,
    root: Option<&Path>,
    path: &Path,
    durable: bool,
    listener: &Listener,
) -> Result<()> {
    make_folders(root, path).await?;
    if fs::metadata(path)
        .await
        .is_ok_and(|metadata| metadata.is_dir())
    {
        return Err(Error::invalid(format!("{} is a directory", path.display())));
    }
    let mut part = Part::beside(path).await?;
    let mut body = read.body;
    while let Some(chunk) = body.try_next().await? {
        let written = part.file.write_all(&chunk).await;
        written.map_err(|error| io_error(error, "write", path))?;
        listener(Event::Bytes(chunk.len() as u64));
    }
    let flushed = part.file.flush().await;
    flushed.map_err(|error| io_error(error, "write", path))?;
    let file = part
        .file
        .try_clone()
        .await
        .map_err(|error| io_error(error, "write", path))?
        .into_std()
        .await;
    let modified_at = SystemTime::from(read.info.modified_at);
    tokio::task::spawn_blocking(move || {
        file.set_modified(modified_at)?;
        if durable { file.sync_all() } else { Ok(()) }
    })
    .await
    .map_err(|error| Error::internal("writing a file was cut short").caused_by(error))?
    .map_err(|error| io_error(error, "write", path))?;
    let renamed = fs::rename(&part.path, path).await;
    renamed.map_err(|error| io_error(error, "write", path))?;
    part.is_whole = true;
    Ok(())
}

/// Makes the folders above `path`. Those below `root` must be folders and not
/// links: a link could lead out of it.
async fn make_folders(root: Option<&Path>, path: &Path) -> Result<()> {
    let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    else {
        return Ok(());
    };
    let Some(root) = root else {
        return make_all(parent).await;
    };
    make_all(root).await?;
    let below = parent.strip_prefix(root).map_err(|_| {
        Error::internal(format!(
            "{} is not below {}",
            path.display(),
            root.display()
        ))
    })?;
    let mut folder = root.to_owned();
    for part in below.components() {
        let Component::Normal(name) = part else {
            return Err(Error::internal(format!(
                "{} leads out of its folder",
                path.display()
            )));
        };
        folder.push(name);
        match fs::create_dir(&folder).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let there = fs::symlink_metadata(&folder).await;
                if !there.is_ok_and(|metadata| metadata.is_dir()) {
                    return Err(Error::invalid(format!(
                        "{} is in the way: it is not a directory",
                        folder.display()
                    )));
                }
            }
            Err(error) => return Err(io_error(error, "make the directory", &folder)),
        }
    }
    Ok(())
}

async fn make_all(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)
        .await
        .map_err(|error| io_error(error, "make the directory", folder))
}
