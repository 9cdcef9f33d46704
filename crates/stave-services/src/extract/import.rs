//! The account's export into a bucket, as one table of plays with what the API
//! has told of since. Asks Spotify nothing.
//!
//! The table has two partitions, because their terms differ: `origin=export`
//! is the user's own data, `origin=api` is what Spotify's terms limit. A play
//! of the API that the export has too is left out.

use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use stave_core::{Caller, Error, ObjectKey, Result, S3Uri};
use stave_spotify::client::{Config, Hosts};
use stave_spotify::history::{Options, Origin, Play, Summary, doubles, read_export};
use stave_store::{PutBody, PutOptions};

use super::Extracts;
use super::faults::{to_core, to_spotify};
use super::plays::{self, Moments, PlaysWriter};
use super::tags::{API, EXPORT, Tags};

/// Hears of so many rows more that were read.
pub type Counter = Arc<dyn Fn(u64) + Send + Sync>;

/// The stream that the tags of plays name.
const STREAM: &str = "plays";
/// How many rows are read between two words about it.
const TOLD_EVERY: u64 = 10_000;

/// What to import.
#[derive(Debug, Clone)]
pub struct Import {
    /// Spotify's zip, the folder it unpacks to, or one of its JSON files.
    pub path: PathBuf,
    /// The table's folder.
    pub out: S3Uri,
    /// Whose export it is.
    pub account: String,
    /// What is kept of it.
    pub options: Options,
    /// Whether plays that were extracted from the API are joined.
    pub with_api: bool,
}

/// An object of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub uri: S3Uri,
    /// Its rows.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The plays of the API that were joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiPlays {
    /// The raw pages that were read.
    pub pages: u64,
    /// The plays in them.
    pub read: u64,
    /// Those that the export has too, or that the API told of twice.
    pub doubles: u64,
    /// What was written.
    pub written: Written,
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What the export held.
    pub summary: Summary,
    /// The export's part of the table.
    pub export: Written,
    /// The API's part; nothing where nothing was extracted.
    pub api: Option<ApiPlays>,
}

impl Extracts {
    /// Imports an export. Each part of the table appears whole or not at all,
    /// in place of the account's last import.
    pub fn import<'a>(
        &'a self,
        caller: &'a Caller,
        import: &'a Import,
        counter: Counter,
    ) -> BoxFuture<'a, Result<Imported>> {
        Box::pin(async move {
            caller.may("spotify:Import", &self.arn(caller, &import.account))?;
            // The account's name becomes part of a key.
            Hosts::spotify()
                .and_then(|hosts| Config::new(hosts, &import.account))
                .map_err(to_core)?;
            self.buckets.head_bucket(caller, &import.out.bucket).await?;
            let _claim = self.claim(&import.account).await?;
            let found = if import.with_api {
                plays::of_api(self, caller, &import.account).await?
            } else {
                plays::Found::default()
            };
            let near = Moments::near(&found.plays);
            let (summary, export, near) = self.write_export(caller, import, near, counter).await?;
            let api = if found.pages > 0 {
                Some(self.write_api(caller, import, found, near).await?)
            } else {
                None
            };
            Ok(Imported {
                summary,
                export,
                api,
            })
        })
    }

    async fn write_export(
        &self,
        caller: &Caller,
        import: &Import,
        mut near: Moments,
        counter: Counter,
    ) -> Result<(Summary, Written, Moments)> {
        let (path, options) = (import.path.clone(), import.options);
        let (mut writer, body) = PlaysWriter::begin();
        let reading = tokio::task::spawn_blocking(move || {
            let mut rows = 0_u64;
            let read = read_export(&path, options, |play| {
                near.note(&play);
                rows += 1;
                if rows.is_multiple_of(TOLD_EVERY) {
                    counter(TOLD_EVERY);
                }
                writer.write(&play).map_err(to_spotify)
            });
            let summary = match read {
                Ok(summary) => summary,
                Err(error) => {
                    let error = to_core(error);
                    return Err(writer.fail(error));
                }
            };
            writer.finish()?;
            Ok((summary, near))
        });
        let put = self.put_plays(caller, import, Origin::Export, None, body);
        let (read, put) = tokio::join!(reading, put);
        let read = read.map_err(|error| {
            Error::internal("reading the export ended before its time").caused_by(error)
        })?;
        // Why the reading failed says more than that the writing did.
        let (summary, near) = match (read, &put) {
            (Ok(read), _) => read,
            (Err(error), Err(_)) if error.kind() == stave_core::ErrorKind::Conflict => {
                return Err(put.err().unwrap_or(error));
            }
            (Err(error), _) => return Err(error),
        };
        let (uri, bytes) = put?;
        let written = Written {
            uri,
            rows: summary.rows,
            bytes,
        };
        Ok((summary, written, near))
    }

    async fn write_api(
        &self,
        caller: &Caller,
        import: &Import,
        found: plays::Found,
        near: Moments,
    ) -> Result<ApiPlays> {
        let read = found.plays.len() as u64;
        let fetched_at = found.fetched_at;
        let (mut writer, body) = PlaysWriter::begin();
        let writing = tokio::task::spawn_blocking(move || {
            let left_out = {
                let told: Vec<_> = found.plays.iter().filter_map(plays::moment).collect();
                let places = doubles(&near.sorted(), &told);
                // Places are those of the plays that have a moment.
                let with: Vec<usize> = (0..found.plays.len())
                    .filter(|at| plays::moment(&found.plays[*at]).is_some())
                    .collect();
                places
                    .into_iter()
                    .map(|place| with[place])
                    .collect::<Vec<_>>()
            };
            let mut out = left_out.iter().peekable();
            for (at, play) in found.plays.iter().enumerate() {
                if out.next_if(|left| **left == at).is_none() {
                    writer.write(play)?;
                }
            }
            writer.finish()?;
            Ok::<_, Error>(left_out.len() as u64)
        });
        let put = self.put_plays(caller, import, Origin::Api, fetched_at, body);
        let (doubles, put) = tokio::join!(writing, put);
        let doubles = doubles.map_err(|error| {
            Error::internal("joining the plays ended before its time").caused_by(error)
        })?;
        let (uri, bytes) = put?;
        let doubles = doubles?;
        Ok(ApiPlays {
            pages: found.pages,
            read,
            doubles,
            written: Written {
                uri,
                rows: read - doubles,
                bytes,
            },
        })
    }

    async fn put_plays(
        &self,
        caller: &Caller,
        import: &Import,
        origin: Origin,
        fetched_at: Option<Timestamp>,
        body: PutBody,
    ) -> Result<(S3Uri, u64)> {
        let (partition, tag) = match origin {
            Origin::Export => ("export", EXPORT),
            Origin::Api => ("api", API),
        };
        let key = ObjectKey::new(format!(
            "{}origin={partition}/account={}/plays.json.gz",
            import.out.folder(),
            import.account
        ))?;
        let tags = Tags {
            origin: tag.to_owned(),
            account: import.account.clone(),
            stream: STREAM.to_owned(),
            fetched_at: Some(fetched_at.unwrap_or_else(|| self.clock.now())),
        };
        let options = PutOptions {
            content_type: Some("application/gzip".to_owned()),
            user_metadata: tags.write(),
            only_if_absent: false,
        };
        let bucket = &import.out.bucket;
        let put = self.buckets.put(caller, bucket, &key, body, options);
        let size = put.await?.size;
        Ok((S3Uri::new(bucket.clone(), key.as_str()), size))
    }
}

impl Moments {
    fn note(&mut self, play: &Play) {
        if let Some(moment) = plays::moment(play) {
            self.push(moment);
        }
    }
}
