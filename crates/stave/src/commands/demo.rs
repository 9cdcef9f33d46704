//! `stave demo`: the batch pipeline, end to end, by the services that the other
//! commands use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result, S3Uri, units};
use stave_services::crawler::{CrawlerDefinition, S3Target};
use stave_services::jobs::NamedJob;
use stave_spotify::sample::Sample;
use stave_store::{PutBody, PutOptions};

use super::job::{self, RunWatch};
use super::{query, sample};
use crate::args::demo::DemoArgs;
use crate::args::query::ResultFormat;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Output, text};
use crate::progress::{Progress, Unit};
use crate::stop::Stop;

/// The job, as anybody could write it.
const JOB: &str = include_str!("../../../../examples/batch/job.yaml");
/// Where the demo keeps everything.
const BUCKET: &str = "stave-demo";
const DATABASE: &str = "spotify";
const CRAWLER: &str = "spotify-warehouse";
/// The three files, and what their names hold in a folder of the user's.
const FILES: [(&str, &str); 3] = [
    ("albums.csv", "album"),
    ("artists.csv", "artist"),
    ("track.csv", "track"),
];

const QUERIES: [(&str, &str); 3] = [
    (
        "Top tracks",
        "SELECT track_name, name AS artist, album_name, track_popularity
FROM datawarehouse
ORDER BY track_popularity DESC, track_id
LIMIT 10",
    ),
    (
        "Artists by followers, with their best track",
        "SELECT name AS artist, followers, track_name AS best_track, track_popularity
FROM (
    SELECT *, row_number() OVER (PARTITION BY artist_id ORDER BY track_popularity DESC, track_id) AS place
    FROM datawarehouse
)
WHERE place = 1
ORDER BY followers DESC, artist_id
LIMIT 10",
    ),
    (
        "Albums a year",
        "SELECT substr(release_date, 1, 4) AS year, count(DISTINCT album_id) AS albums, count(*) AS tracks
FROM datawarehouse
GROUP BY 1
ORDER BY 1 DESC
LIMIT 10",
    ),
];

/// Runs the pipeline, until `stop` asks it to end.
pub async fn run(
    args: DemoArgs,
    stave: Arc<Stave>,
    output: Output,
    stop: Stop,
) -> Result<(), Failure> {
    let started_at = Instant::now();
    let demo = Demo {
        bucket: BucketName::new(BUCKET)?,
        stave,
        output,
    };
    unless_stopped(&stop, Box::pin(demo.stage(&args))).await?;
    // A run that is stopped notes it.
    demo.transform(&stop).await?;
    unless_stopped(&stop, Box::pin(demo.crawl())).await?;
    unless_stopped(&stop, Box::pin(demo.ask())).await?;
    output.say(&format!(
        "\nAll of it took {}. Look around:",
        units::duration(started_at.elapsed())
    ));
    for hint in [
        "stave ls --recursive s3://stave-demo/",
        "stave job runs",
        "stave catalog table spotify.datawarehouse",
        "stave sql -d spotify",
    ] {
        output.say(&format!("  {hint}"));
    }
    Ok(())
}

/// A step that is dropped where it is when the demo is to stop.
async fn unless_stopped(
    stop: &Stop,
    step: BoxFuture<'_, Result<(), Failure>>,
) -> Result<(), Failure> {
    tokio::select! {
        done = step => done,
        () = stop.asked() => Err(Failure::Stopped),
    }
}

struct Demo {
    stave: Arc<Stave>,
    bucket: BucketName,
    output: Output,
}

impl Demo {
    fn step(&self, number: usize, what: &str) {
        self.output.say(&format!("\n{number}. {what}"));
    }

    fn took(&self, what: &str, started_at: Instant) {
        let time = units::duration(started_at.elapsed());
        self.output.say(&format!("   {what} in {time}"));
    }

    async fn stage(&self, args: &DemoArgs) -> Result<(), Failure> {
        match self
            .stave
            .buckets
            .create(&self.stave.caller, &self.bucket)
            .await
        {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made?,
        }
        let started_at = Instant::now();
        let staging = S3Uri::new(self.bucket.clone(), "staging");
        let (rows, bytes) = if let Some(folder) = &args.from {
            let from = folder.display();
            self.step(1, &format!("Upload {from} to {staging}/"));
            (None, self.upload(folder).await?)
        } else {
            self.step(
                1,
                &format!("Generate the Spotify 2023 data set in {staging}/"),
            );
            self.generate(args, staging).await?
        };
        let rows = rows.map_or(String::new(), |rows| text::counted(rows, "row") + ", ");
        let files = text::counted(FILES.len() as u64, "file");
        self.took(
            &format!("{files}, {rows}{}", units::bytes(bytes)),
            started_at,
        );
        Ok(())
    }

    async fn generate(
        &self,
        args: &DemoArgs,
        staging: S3Uri,
    ) -> Result<(Option<u64>, u64), Failure> {
        let generated = Sample::new(args.scale, args.seed)
            .map_err(|error| Failure::Usage(Error::invalid(error.to_string())))?;
        let bytes = generated.files().iter().map(|file| file.bytes).sum();
        let progress = Arc::new(Progress::begin("generating", bytes, Unit::Bytes));
        let target = sample::Target::Bucket(Arc::clone(&self.stave), staging);
        let cores = self.stave.config.cores.value.get();
        let written = sample::generate(&generated, &target, cores, &progress).await?;
        let rows = written.iter().map(|file| file.rows).sum();
        Ok((Some(rows), written.iter().map(|file| file.bytes).sum()))
    }

    async fn upload(&self, folder: &Path) -> Result<u64, Failure> {
        let mut bytes = 0;
        for (name, part) in FILES {
            let key = ObjectKey::new(format!("staging/{name}"))?;
            let body = PutBody::File(find_file(folder, name, part)?);
            let put = self.stave.buckets.put(
                &self.stave.caller,
                &self.bucket,
                &key,
                body,
                PutOptions::default(),
            );
            bytes += put.await?.size;
        }
        Ok(bytes)
    }

    async fn transform(&self, stop: &Stop) -> Result<(), Failure> {
        self.step(
            2,
            "Run the job: join, drop the doubled ids, type, write Parquet with Snappy",
        );
        let job = NamedJob::parse(JOB, "spotify-batch")?;
        let jobs = self.stave.jobs()?;
        jobs.import(&self.stave.caller, &job)?;
        let place = |folder: &str| format!("s3://{}/{folder}", self.bucket);
        let arguments = BTreeMap::from([
            ("input".to_owned(), place("staging")),
            ("output".to_owned(), place("datawarehouse")),
        ]);
        let watch = RunWatch::new(self.output, stop.clone());
        let finished = jobs
            .run(&self.stave.caller, &job, &arguments, &watch)
            .await?;
        drop(watch);
        job::tell(&finished, self.output)
    }

    async fn crawl(&self) -> Result<(), Failure> {
        let folder = format!("s3://{}/datawarehouse/", self.bucket);
        self.step(
            3,
            &format!("Crawl {folder} into the database \"{DATABASE}\""),
        );
        let started_at = Instant::now();
        let caller = &self.stave.caller;
        let crawlers = &self.stave.crawlers;
        let definition = CrawlerDefinition::new(DATABASE, vec![S3Target::new(folder)]);
        match crawlers.create(caller, CRAWLER, definition.clone()).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                crawlers.update(caller, CRAWLER, definition).await?;
            }
            made => {
                made?;
            }
        }
        let crawl = crawlers
            .run(caller, self.stave.engine()?, CRAWLER, &mut |_| ())
            .await?;
        for table in &crawl.figures.tables {
            self.took(
                &format!(
                    "table {DATABASE}.{} {}: {}, {}, {}",
                    table.name,
                    table.outcome.as_str().to_lowercase(),
                    text::counted(table.columns, "column"),
                    text::counted(table.rows, "row"),
                    units::bytes(table.bytes)
                ),
                started_at,
            );
        }
        Ok(())
    }

    async fn ask(&self) -> Result<(), Failure> {
        let queries = self.stave.queries()?;
        for (number, (title, sql)) in QUERIES.iter().enumerate() {
            self.step(4 + number, &format!("{title}\n{sql}"));
            let mut result = queries.run(&self.stave.caller, Some(DATABASE), sql).await?;
            let format = if self.output.is_json() {
                ResultFormat::Json
            } else {
                ResultFormat::Table
            };
            query::print(&mut result, format, self.output).await?;
        }
        Ok(())
    }
}

/// The file `name` in `folder`, or the one CSV file whose name holds `part`.
fn find_file(folder: &Path, name: &str, part: &str) -> Result<PathBuf> {
    let exact = folder.join(name);
    if exact.is_file() {
        return Ok(exact);
    }
    let entries = std::fs::read_dir(folder).map_err(|error| {
        Error::not_found(format!("{}: {error}", folder.display()))
            .hint("--from takes the folder with albums.csv, artists.csv and track.csv")
    })?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let text = |part: Option<&std::ffi::OsStr>| {
                part.unwrap_or_default().to_string_lossy().to_lowercase()
            };
            text(path.file_stem()).contains(part) && text(path.extension()) == "csv"
        })
        .collect();
    match (found.pop(), found.pop()) {
        (Some(path), None) => Ok(path),
        (None, _) => Err(
            Error::not_found(format!("there is no {name} in {}", folder.display()))
                .hint("the folder must hold albums.csv, artists.csv and track.csv"),
        ),
        (Some(one), Some(other)) => Err(Error::invalid(format!(
            "both {} and {} could be {name}",
            one.display(),
            other.display()
        ))
        .hint(format!("call the right one {name}"))),
    }
}
