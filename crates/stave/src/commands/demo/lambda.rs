//! The API pipeline with functions: one in Python extracts a playlist from a sandbox of Spotify,
//! the object that it puts starts another, which makes CSV files of it.

use std::time::{Duration, Instant};

use serde_json::Value;
use stave_core::{Error, ErrorKind, Result, units};
use stave_services::functions::{
    CodeSource, CodeUpdate, InvocationRequest, NewFunction, Settings, Tags, pack_texts,
};
use stave_services::telemetry::FilterEvents;
use stave_store::ListRequest;

use super::{Crawled, DATABASE, Demo, Question, unless_stopped};
use crate::args::demo::DemoArgs;
use crate::args::function::settings::TriggerArgs;
use crate::commands::function::reach::Reach;
use crate::commands::function::triggers::Triggers;
use crate::commands::function::{Desk, ready, role};
use crate::compose::{SANDBOX, SPOTIFY};
use crate::failure::Failure;
use crate::stop::Stop;

/// A function of the demo: its name, its code and its packages, as anybody could write them.
struct Example {
    name: &'static str,
    code: &'static str,
    requirements: &'static str,
    environment: &'static [(&'static str, &'static str)],
    /// What leads it to the sandbox.
    spotify: &'static [(&'static str, &'static str)],
}

const EXTRACT: Example = Example {
    name: "stave-demo-extract",
    code: include_str!("../../../../../examples/lambda/extract/lambda_function.py"),
    requirements: include_str!("../../../../../examples/lambda/extract/requirements.txt"),
    environment: &[
        ("client_id", "demo"),
        ("client_secret", "demo"),
        ("playlist", "37i9dQZEVXbNG2KDcFcKOF"),
    ],
    spotify: &[(SPOTIFY, SANDBOX)],
};
const TRANSFORM: Example = Example {
    name: "stave-demo-transform",
    code: include_str!("../../../../../examples/lambda/transform/lambda_function.py"),
    requirements: include_str!("../../../../../examples/lambda/transform/requirements.txt"),
    environment: &[],
    spotify: &[],
};
/// Whose role both are.
const OWNER: &str = "stave-demo";
/// Where raw objects lie until they are transformed.
const RAW: &str = "raw_data/to_processed/";
/// What a demo before this one has left.
const FOLDERS: [&str; 2] = ["raw_data/", "transformed_data/"];
/// How long a function may run, in seconds, and how much memory it may take, in MB.
const TIMEOUT_SECONDS: u32 = 120;
const MEMORY_MB: u32 = 512;
/// How long the transform may take to come and to end.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(100);

const QUERIES: [Question; 2] = [
    (
        "Top tracks",
        "SELECT s.song_name, a.artist_name, s.popularity, s.song_added
FROM songs_data s JOIN artist_data a ON s.artist_id = a.artist_id
ORDER BY s.popularity DESC, s.song_id
LIMIT 10",
    ),
    (
        "Artists by their songs in the playlist",
        "SELECT a.artist_name, count(*) AS songs, max(s.popularity) AS best
FROM songs_data s JOIN artist_data a ON s.artist_id = a.artist_id
GROUP BY a.artist_id, a.artist_name
ORDER BY songs DESC, best DESC, a.artist_id
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
            .hint("this one reads from a sandbox of Spotify");
        return Err(Failure::Usage(error));
    }
    let desk = Desk {
        stave: std::sync::Arc::clone(&demo.stave),
        output: demo.output,
    };
    let reach = Reach::serve(&desk).await?;
    let done = pipeline(demo, &desk, stop).await;
    reach.close(&desk).await?;
    done?;
    unless_stopped(stop, Box::pin(demo.ask(5, &QUERIES))).await?;
    Ok([
        "stave function logs stave-demo-transform",
        "stave function invoke stave-demo-extract --log",
    ])
}

async fn pipeline(demo: &Demo, desk: &Desk, stop: &Stop) -> Result<(), Failure> {
    unless_stopped(stop, Box::pin(demo.make_functions(desk))).await?;
    unless_stopped(stop, Box::pin(demo.invoke_extract(desk))).await?;
    unless_stopped(stop, Box::pin(demo.await_transform(desk))).await?;
    let crawled = Crawled {
        crawler: "spotify-lambda",
        folders: &[
            "transformed_data/album_data",
            "transformed_data/artist_data",
            "transformed_data/songs_data",
        ],
    };
    unless_stopped(stop, Box::pin(demo.crawl(4, &crawled))).await
}

impl Demo {
    async fn make_functions(&self, desk: &Desk) -> Result<(), Failure> {
        self.step(
            1,
            "Make two functions in Python, with spotipy and pandas in virtual environments of \
             their own (pip installs them the first time)",
        );
        for folder in FOLDERS {
            let (buckets, caller) = (&self.stave.buckets, &self.stave.caller);
            let mut ignored = |_: &stave_store::ObjectInfo| ();
            buckets
                .delete_prefix(caller, &self.bucket, folder, &mut ignored)
                .await?;
        }
        // The tables of another pipeline of the demo have other columns.
        for table in ["album_data", "artist_data", "songs_data"] {
            match self
                .stave
                .catalog
                .delete_table(&self.stave.caller, DATABASE, table)
                .await
            {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        let role = role::made(desk, OWNER)?.arn;
        for example in [EXTRACT, TRANSFORM] {
            let started_at = Instant::now();
            self.make(desk, &example, &role).await?;
            let function = ready::wait(desk, example.name).await?;
            let on = ready::say_interpreter(desk, &function.definition).await?;
            self.took(&format!("{} on {on}", example.name), started_at);
            if example.name == TRANSFORM.name {
                let on = vec![format!("s3://{}/{RAW}*.json", self.bucket)];
                let triggers = Triggers::read(&TriggerArgs { schedule: None, on })?;
                triggers.apply(desk, &function.name, &function.arn).await?;
            }
        }
        Ok(())
    }

    /// Makes a function, or brings one of a demo before up to date.
    async fn make(&self, desk: &Desk, example: &Example, role: &str) -> Result<()> {
        let (functions, caller) = (&desk.stave.platform()?.functions, &desk.stave.caller);
        let code = CodeSource::Zip(pack_texts(&[
            ("lambda_function.py", example.code),
            ("requirements.txt", example.requirements),
        ])?);
        let mut environment = example.environment.to_vec();
        environment.push(("bucket", self.bucket.as_str()));
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings = Settings {
            role: Some(role.to_owned()),
            runtime: Some(functions.usual_python().await?.to_string()),
            handler: Some("lambda_function.lambda_handler".to_owned()),
            timeout_seconds: Some(TIMEOUT_SECONDS),
            memory_mb: Some(MEMORY_MB),
            environment: Some(environment.iter().map(owned).collect()),
            extra_environment: Some(example.spotify.iter().map(owned).collect()),
            ..Settings::default()
        };
        match functions.get_configuration(caller, example.name, None) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let new = NewFunction {
                    name: example.name.to_owned(),
                    code,
                    settings,
                    tags: Tags::default(),
                    publish: false,
                };
                functions.create_function(caller, new).await.map(drop)
            }
            Err(error) => Err(error),
            Ok(_) => {
                let update = CodeUpdate {
                    code,
                    architecture: None,
                    publish: false,
                    dry_run: false,
                    revision: None,
                };
                functions.update_code(caller, example.name, update).await?;
                ready::wait(desk, example.name).await?;
                let changed = functions.update_configuration(caller, example.name, settings, None);
                changed.await.map(drop)
            }
        }
    }

    async fn invoke_extract(&self, desk: &Desk) -> Result<(), Failure> {
        self.step(
            2,
            &format!(
                "Invoke {}: spotipy reads a playlist from the sandbox",
                EXTRACT.name
            ),
        );
        let started_at = Instant::now();
        let functions = &desk.stave.platform()?.functions;
        let request = InvocationRequest {
            name: EXTRACT.name.to_owned(),
            ..InvocationRequest::default()
        };
        let invocation = functions.invoke(&desk.stave.caller, request).await?;
        let answer: Value = serde_json::from_slice(&invocation.payload).unwrap_or_default();
        if invocation.error.is_some() {
            let kind = answer["errorType"].as_str().unwrap_or("error");
            let why = answer["errorMessage"]
                .as_str()
                .unwrap_or("it does not say why");
            let error = Error::invalid(format!("{} failed: {kind}: {why}", EXTRACT.name));
            return Err(error.hint("stave function logs stave-demo-extract").into());
        }
        let key = answer["key"].as_str().unwrap_or_default();
        self.took(
            &format!("{} entries in {key}", answer["entries"]),
            started_at,
        );
        Ok(())
    }

    /// Waits until the transform has moved away what the extract put.
    async fn await_transform(&self, desk: &Desk) -> Result<(), Failure> {
        self.step(
            3,
            &format!(
                "The object that it put starts {}: pandas makes CSV of it",
                TRANSFORM.name
            ),
        );
        let started_at = Instant::now();
        let (buckets, caller) = (&self.stave.buckets, &self.stave.caller);
        while started_at.elapsed() < PATIENCE {
            let raw = buckets
                .list(caller, &self.bucket, &ListRequest::all(RAW))
                .await?;
            if raw.objects.is_empty() {
                self.took("it was there and moved on", started_at);
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        self.show_log(desk)?;
        let time = units::duration(PATIENCE);
        let why = format!("{} has not come to its end in {time}", TRANSFORM.name);
        Err(Error::unavailable(why).into())
    }

    fn show_log(&self, desk: &Desk) -> Result<()> {
        let wanted = FilterEvents {
            group: format!("/aws/lambda/{}", TRANSFORM.name),
            ..FilterEvents::default()
        };
        let telemetry = &desk.stave.platform()?.telemetry;
        let page = telemetry.filter_log_events(&desk.stave.caller, &wanted)?;
        for event in page.events {
            self.output.say(&format!("   {}", event.message.trim_end()));
        }
        Ok(())
    }
}
