//! The API pipeline: a sandbox of Spotify, the extractor, the transform of raw playlist
//! entries to albums, artists and songs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stave_core::{Clock as _, Error, Result, S3Uri};
use stave_services::extract::{Listener, ObjectPages, WaitingClock, to_core};
use stave_services::jobs::NamedJob;
use stave_spotify::auth::AppTokens;
use stave_spotify::client::{self, Client, Config, Hosts, InMemory, Secret};
use stave_spotify::extract::{Extractor, PlaylistId, Report, Selection, Settings, Standing};
use stave_spotify::sandbox::{Options, Sandbox, TRACKS};
use tokio::net::TcpListener;

use super::{Crawled, Demo, Question, unless_stopped};
use crate::args::demo::DemoArgs;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::text;
use crate::stop::Stop;
use crate::system::SystemClock;

/// The job, as anybody could write it.
const JOB: &str = include_str!("../../../../../examples/spotify-api/transform.yaml");
/// Top Songs - Global, and Today's Top Hits: two that the public pipelines read.
const PLAYLISTS: [&str; 2] = ["37i9dQZEVXbNG2KDcFcKOF", "37i9dQZF1DXcBWIGoYBM5M"];
/// How many tracks the sandbox has at scale 1.
const SANDBOX_TRACKS: f64 = 100_000.0;
/// What a demo before this one has left.
const FOLDERS: [&str; 2] = ["raw_data/", "transformed_data/"];

const QUERIES: [Question; 3] = [
    (
        "Top tracks",
        "SELECT s.song_name, a.artist_name, s.popularity, s.song_added
FROM songs_data s JOIN artist_data a ON s.artist_id = a.artist_id
ORDER BY s.popularity DESC, s.song_id
LIMIT 10",
    ),
    (
        "Artists by their songs in the playlists",
        "SELECT a.artist_name, count(*) AS songs, max(s.popularity) AS best, sum(s.duration_ms) / 60000 AS minutes
FROM songs_data s JOIN artist_data a ON s.artist_id = a.artist_id
GROUP BY a.artist_id, a.artist_name
ORDER BY songs DESC, best DESC, a.artist_id
LIMIT 10",
    ),
    (
        "Newest albums",
        "SELECT a.name AS album, a.release_date, a.release_date_precision AS precision, a.total_tracks, count(*) AS songs
FROM album_data a JOIN songs_data s ON s.album_id = a.album_id
GROUP BY a.album_id, a.name, a.release_date, a.release_date_precision, a.total_tracks
ORDER BY a.release_date DESC, a.album_id
LIMIT 10",
    ),
];

/// Runs it; the hints say where to look around afterwards.
pub(super) async fn run(
    demo: &Demo,
    args: &DemoArgs,
    stop: &Stop,
) -> Result<[&'static str; 2], Failure> {
    if args.from.is_some() {
        let error = Error::invalid("--from is for the batch pipeline")
            .hint("the API pipeline reads from Spotify, or from its sandbox");
        return Err(Failure::Usage(error));
    }
    unless_stopped(stop, Box::pin(demo.extract(args))).await?;
    demo.transform_entries(stop).await?;
    let crawled = Crawled {
        crawler: "spotify-transformed",
        folders: &[
            "transformed_data/album_data",
            "transformed_data/artist_data",
            "transformed_data/songs_data",
        ],
    };
    unless_stopped(stop, Box::pin(demo.crawl(3, &crawled))).await?;
    unless_stopped(stop, Box::pin(demo.ask(4, &QUERIES))).await?;
    Ok([
        "stave ls --recursive s3://stave-demo/raw_data/",
        "stave job bookmark show spotify-transform",
    ])
}

impl Demo {
    /// Reads two playlists from a sandbox of its own, which ends with this step.
    async fn extract(&self, args: &DemoArgs) -> Result<(), Failure> {
        self.step(
            1,
            &format!(
                "Extract two playlists from a Spotify sandbox to s3://{}/raw_data/to_processed/",
                self.bucket
            ),
        );
        let started_at = Instant::now();
        for folder in FOLDERS {
            let caller = &self.stave.caller;
            let mut ignored = |_: &stave_store::ObjectInfo| ();
            self.stave
                .buckets
                .delete_prefix(caller, &self.bucket, folder, &mut ignored)
                .await?;
        }
        let sandbox = sandbox(args)?;
        let failed = |error: std::io::Error| {
            Error::unavailable(format!("the sandbox cannot listen on loopback: {error}"))
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let base = format!("http://{}", listener.local_addr().map_err(failed)?);
        let (_open, closed) = tokio::sync::oneshot::channel::<()>();
        let serving = sandbox.serve(listener, async move {
            // Comes back when the other end is dropped.
            let _ = closed.await;
        });
        let report = tokio::select! {
            report = extracted(Arc::clone(&self.stave), self.bucket.clone(), &base) => report?,
            served = serving => {
                served.map_err(failed)?;
                return Err(Error::internal("the sandbox ended by itself").into());
            }
        };
        self.told(&report, started_at)
    }

    fn told(&self, report: &Report, started_at: Instant) -> Result<(), Failure> {
        let missing = report
            .streams
            .iter()
            .flat_map(|stream| &stream.missing)
            .next();
        if let Some(missing) = missing {
            return Err(Error::unavailable(format!("{}: {}", missing.what, missing.why)).into());
        }
        if report.standing() != Standing::Complete {
            return Err(Error::unavailable("the playlists are not complete").into());
        }
        let entries = report.streams.iter().map(|stream| stream.got).sum();
        let pages = report.streams.iter().map(|stream| stream.pages).sum();
        let entries = text::counted(entries, "row");
        let calls = text::counted(report.calls, "call");
        self.took(
            &format!("{entries} on {} by {calls}", text::counted(pages, "page")),
            started_at,
        );
        Ok(())
    }

    async fn transform_entries(&self, stop: &Stop) -> Result<(), Failure> {
        self.step(
            2,
            "Run the job: albums, artists and songs out of the entries, typed, each once, to Parquet",
        );
        let job = NamedJob::parse(JOB, "spotify-transform")?;
        // The demo begins anew.
        self.stave
            .jobs()?
            .reset_bookmark(&self.stave.caller, &job.name)?;
        let bucket = format!("s3://{}", self.bucket);
        self.run_job(&job, BTreeMap::from([("bucket".to_owned(), bucket)]), stop)
            .await
    }
}

fn sandbox(args: &DemoArgs) -> Result<Sandbox, Failure> {
    let tracks = (SANDBOX_TRACKS * args.scale).round();
    if !(0.0..=*TRACKS.end() as f64).contains(&tracks) {
        let error = Error::invalid(format!("the scale {} is out of range", args.scale));
        return Err(Failure::Usage(error.hint("it is from 0.001 to 100")));
    }
    let options = Options {
        seed: args.seed,
        tracks: (tracks as u64).max(*TRACKS.start()),
        ..Options::default()
    };
    let clock = SystemClock;
    Sandbox::new(options, Arc::new(move || clock.now()))
        .map_err(|error| Failure::Usage(Error::invalid(error.to_string())))
}

/// Extracts the playlists with the client credentials of an app that the sandbox lets in.
async fn extracted(
    stave: Arc<Stave>,
    bucket: stave_core::BucketName,
    base: &str,
) -> Result<Report> {
    let extract = async {
        let hosts = Hosts::new(base, &format!("{base}/v1"))?;
        let silent: Listener = Arc::new(|_| ());
        let clock = WaitingClock::new(Arc::new(SystemClock), Arc::clone(&silent));
        let clock: Arc<dyn client::Clock> = Arc::new(clock);
        let tokens = AppTokens::new(&hosts, "demo", Secret::new("demo"), Arc::clone(&clock))?;
        let mut config = Config::new(hosts, "demo")?;
        // The sandbox has no limit to keep below.
        config.patience.pace = Duration::ZERO;
        let memory = Arc::new(InMemory::default());
        let client = Client::open(config, Arc::new(tokens), memory, clock).await?;
        let target = S3Uri {
            bucket,
            key: String::new(),
        };
        let (buckets, caller) = (stave.buckets.clone(), stave.caller.clone());
        let pages = Arc::new(ObjectPages::new(buckets, caller, target, silent));
        let extractor = Extractor::new(Arc::new(client), pages, Settings::default());
        let playlists = PLAYLISTS.iter().map(|id| PlaylistId::parse(id));
        let playlists = playlists.collect::<client::Result<Vec<PlaylistId>>>()?;
        extractor.run(&Selection::playlists(playlists)).await
    };
    extract.await.map_err(to_core)
}
