//! `sample`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use stave_core::{Error, ObjectKey, Result, S3Uri, units};
use stave_services::transfer::Place;
use stave_spotify::sample::{Sample, SampleFile};
use stave_store::{PutBody, PutOptions};
use tokio::sync::mpsc;

use crate::args::sample::{DataSet, SampleArgs};
use crate::compose::Stave;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{Output, text};
use crate::progress::{Progress, Unit};

/// Pieces that wait to be written to a bucket.
const WAITING_PIECES: usize = 4;

/// Generates a data set.
pub async fn run(args: SampleArgs, config: Config, output: Output) -> Result<(), Failure> {
    let DataSet::Spotify2023 = args.data_set;
    let sample = Sample::new(args.scale, args.seed)
        .map_err(|error| Failure::Usage(Error::invalid(error.to_string())))?
        .with_wide(args.wide);
    let cores = config.cores.value.get();
    let target = match args.out {
        Place::Local(folder) => Target::Folder(folder),
        Place::Object(uri) => Target::Bucket(Arc::new(Stave::open(config)?), uri),
    };
    let started_at = Instant::now();
    let files = sample.files();
    let bytes = files.iter().map(|file| file.bytes).sum();
    let progress = Arc::new(Progress::begin("generating", bytes, Unit::Bytes));
    let written = generate(&sample, &target, cores, &progress).await;
    drop(progress);
    for file in written? {
        let rows = text::counted(file.rows, "row");
        output.say(&format!(
            "{}: {rows}, {}",
            file.place,
            units::bytes(file.bytes)
        ));
    }
    output.say(&format!(
        "generated in {}",
        units::duration(started_at.elapsed())
    ));
    Ok(())
}

/// Where a data set goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// A directory of this machine.
    Folder(PathBuf),
    /// A folder of a bucket.
    Bucket(Arc<Stave>, S3Uri),
}

/// A file of a data set that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub place: String,
    /// How many rows it has.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// Writes the files of `sample`, at most `at_once` at a time. Each appears whole or not at all.
pub async fn generate(
    sample: &Sample,
    target: &Target,
    at_once: usize,
    progress: &Arc<Progress>,
) -> Result<Vec<Written>> {
    if let Target::Bucket(stave, uri) = target {
        stave
            .buckets
            .head_bucket(&stave.caller, &uri.bucket)
            .await?;
    }
    let writes = sample.files().into_iter().map(|file| {
        let (sample, target, progress) = (sample.clone(), target.clone(), Arc::clone(progress));
        async move {
            match target {
                Target::Folder(folder) => to_folder(sample, file, folder, progress).await,
                Target::Bucket(stave, uri) => to_bucket(sample, file, &stave, &uri, progress).await,
            }
        }
    });
    stream::iter(writes).buffered(at_once).try_collect().await
}

async fn to_folder(
    sample: Sample,
    file: SampleFile,
    folder: PathBuf,
    progress: Arc<Progress>,
) -> Result<Written> {
    let stopped = Stopped::default();
    let told = stopped.0.clone();
    tokio::task::spawn_blocking(move || {
        let path = folder.join(file.name);
        let failed = |error: io::Error| {
            Error::internal(format!("cannot write {}: {error}", path.display())).caused_by(error)
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let part = Part::beside(&path).map_err(failed)?;
        let mut bytes = 0;
        let mut out = Stoppable {
            out: BufWriter::new(&part.file),
            stopped: told,
        };
        let rows = sample
            .write(&file, &mut out, &mut |more| {
                bytes += more;
                progress.add(more);
            })
            .and_then(|rows| out.flush().map(|()| rows))
            .map_err(failed)?;
        drop(out);
        part.become_file(&path).map_err(failed)?;
        Ok(Written {
            place: path.display().to_string(),
            rows,
            bytes,
        })
    })
    .await
    .map_err(|error| Error::internal("generating was cut short").caused_by(error))?
}

/// Tells the generating thread when nobody waits for it any more.
#[derive(Default)]
struct Stopped(Arc<std::sync::atomic::AtomicBool>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

struct Stoppable<W> {
    out: W,
    stopped: Arc<std::sync::atomic::AtomicBool>,
}

impl<W: Write> Write for Stoppable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stopped.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(io::Error::other("told to stop"));
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A file that gets its name when it is whole; removed when it does not.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn beside(path: &Path) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let path = PathBuf::from(name);
        let file = File::create(&path)?;
        Ok(Self { path, file })
    }

    fn become_file(self, path: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, path)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Gone already when it got its name.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A piece of a file, or its end; a stream without an end was cut short.
enum Piece {
    Bytes(Bytes),
    End,
}

struct Pieces(mpsc::Sender<Piece>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Piece::Bytes(Bytes::copy_from_slice(bytes));
        let sent = self.0.blocking_send(piece);
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn to_bucket(
    sample: Sample,
    file: SampleFile,
    stave: &Stave,
    uri: &S3Uri,
    progress: Arc<Progress>,
) -> Result<Written> {
    let key = ObjectKey::new(format!("{}{}", uri.folder(), file.name))?;
    let rows = file.rows;
    let (sender, receiver) = mpsc::channel(WAITING_PIECES);
    let generating = tokio::task::spawn_blocking(move || {
        let mut out = Pieces(sender);
        // It can only fail because nobody listens, and then the put says why.
        if sample
            .write(&file, &mut out, &mut |more| progress.add(more))
            .is_ok()
        {
            let _ = out.0.blocking_send(Piece::End);
        }
    });
    let body = stream::try_unfold(receiver, |mut receiver| async {
        match receiver.recv().await {
            Some(Piece::Bytes(bytes)) => Ok(Some((bytes, receiver))),
            Some(Piece::End) => Ok(None),
            None => Err(Error::internal("generating was cut short")),
        }
    });
    let body = PutBody::Stream(body.boxed());
    let options = PutOptions::default();
    let put = stave
        .buckets
        .put(&stave.caller, &uri.bucket, &key, body, options);
    let written = put.await?;
    generating
        .await
        .map_err(|error| Error::internal("generating was cut short").caused_by(error))?;
    Ok(Written {
        place: format!("s3://{}/{key}", uri.bucket),
        rows,
        bytes: written.size,
    })
}
