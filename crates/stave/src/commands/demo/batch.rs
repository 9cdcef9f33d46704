//! The batch pipeline: three CSV files, two joins, one table.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use stave_core::{Error, ObjectKey, Result, S3Uri, units};
use stave_services::jobs::NamedJob;
use stave_spotify::sample::Sample;
use stave_store::{PutBody, PutOptions};

use super::files::find_file;
use super::{Crawled, Demo, Question, unless_stopped};
use crate::args::demo::DemoArgs;
use crate::commands::sample;
use crate::failure::Failure;
use crate::output::text;
use crate::progress::{Progress, Unit};
use crate::stop::Stop;

/// The job, as anybody could write it.
const JOB: &str = include_str!("../../../../../examples/batch/job.yaml");
/// The three files, and what their names hold in a folder of the user's.
const FILES: [(&str, &str); 3] = [
    ("albums.csv", "album"),
    ("artists.csv", "artist"),
    ("track.csv", "track"),
];

const QUERIES: [Question; 3] = [
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

/// Runs it; the hints say where to look around afterwards.
pub(super) async fn run(
    demo: &Demo,
    args: &DemoArgs,
    stop: &Stop,
) -> Result<[&'static str; 2], Failure> {
    unless_stopped(stop, Box::pin(demo.stage(args))).await?;
    // A run that is stopped notes it.
    demo.transform(stop).await?;
    let crawled = Crawled {
        crawler: "spotify-warehouse",
        folders: &["datawarehouse"],
    };
    unless_stopped(stop, Box::pin(demo.crawl(3, &crawled))).await?;
    unless_stopped(stop, Box::pin(demo.ask(4, &QUERIES))).await?;
    Ok([
        "stave catalog table spotify.datawarehouse",
        "stave ls --recursive s3://stave-demo/datawarehouse/",
    ])
}

impl Demo {
    async fn stage(&self, args: &DemoArgs) -> Result<(), Failure> {
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
        let place = |folder: &str| format!("s3://{}/{folder}", self.bucket);
        let arguments = BTreeMap::from([
            ("input".to_owned(), place("staging")),
            ("output".to_owned(), place("datawarehouse")),
        ]);
        self.run_job(&job, arguments, stop).await
    }
}
