//! `--watch`: the code is looked at again and again, and rebuilt when it has changed.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use stave_core::{Error, Result, units};
use stave_services::functions::{PackagedFile, packaged_files};

use super::{Desk, change, pack};
use crate::failure::{Failure, describe};
use crate::stop::Stop;

/// How often is looked.
const LOOK: Duration = Duration::from_millis(400);

/// What is watched.
#[derive(Debug)]
pub(super) struct Watch {
    name: String,
    code: PathBuf,
    files: Vec<PackagedFile>,
}

impl Watch {
    /// The code of the function `name`, which was packed from `files`.
    pub fn new(name: &str, code: PathBuf, files: Vec<PackagedFile>) -> Self {
        Self {
            name: name.to_owned(),
            code,
            files,
        }
    }

    /// Waits until the code has changed, and is no longer being changed.
    async fn changed(&self) -> Result<Vec<PackagedFile>> {
        let mut seen = None;
        loop {
            tokio::time::sleep(LOOK).await;
            let code = self.code.clone();
            let files = tokio::task::spawn_blocking(move || packaged_files(&code));
            let files = files
                .await
                .map_err(|error| Error::internal("the code was not looked at").caused_by(error))?;
            // A file that is being replaced is away for a moment.
            let Ok(files) = files else { continue };
            if files == self.files {
                seen = None;
            } else if seen.as_ref() == Some(&files) {
                return Ok(files);
            } else {
                seen = Some(files);
            }
        }
    }
}

/// Rebuilds the function whenever its code changes, until `stop` is asked.
pub(super) async fn watch(mut watch: Watch, desk: &Desk, stop: &Stop) -> Result<(), Failure> {
    desk.done(&format!("watches {}; Ctrl-C ends it", watch.code.display()));
    loop {
        let files = tokio::select! {
            files = watch.changed() => files?,
            () = stop.asked() => return Ok(()),
        };
        let begun_at = Instant::now();
        let rebuilt = async {
            let packed = pack(&watch.code).await?;
            change::update_code(desk, &watch.name, packed.zip).await?;
            Ok::<_, Error>(packed.files)
        };
        let rebuilt = tokio::select! {
            rebuilt = rebuilt => rebuilt,
            () = stop.asked() => return Ok(()),
        };
        match rebuilt {
            Ok(packed) => {
                watch.files = packed;
                let took = units::duration(begun_at.elapsed());
                desk.done(&format!("rebuilt {} in {took}", watch.name));
            }
            Err(error) => {
                // The next change may mend it.
                watch.files = files;
                desk.output.say(describe(&error).trim_end());
            }
        }
    }
}
