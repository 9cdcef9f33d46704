//! Runs with bookmarks over a home with small files: what each reads, what it leaves.

use std::num::NonZeroUsize;

use futures::TryStreamExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use stave_core::{BucketName, ErrorKind, ManualClock, ObjectKey, SequentialIds};
use stave_engine::EngineOptions;
use stave_engine::job::JobProgress;
use stave_store::{ListRequest, RunState};

use super::*;

const JOB: &str = "
Name: copy
CodeGenConfigurationNodes:
  in: {S3JsonSource: {Name: in, Paths: [s3://lake/in/], Types: {n: bigint}}}
  out: {S3DirectTarget: {Name: out, Inputs: [in], Path: s3://lake/out/, Format: json, NumberTargetPartitions: '1'}}
";

struct World {
    _dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    buckets: Buckets,
    jobs: Jobs,
    caller: Caller,
    bucket: BucketName,
}

struct Silent;

impl Watch for Silent {
    fn progress(&self, _progress: JobProgress) {}

    fn note(&self, _message: &str) {}
}

/// Stops the run at once.
struct Stopping;

impl Watch for Stopping {
    fn progress(&self, _progress: JobProgress) {}

    fn note(&self, _message: &str) {}

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let ids = Arc::new(SequentialIds::default());
        let store = Store::open(dir.path(), clock.clone(), ids.clone()).expect("opened");
        let buckets = Buckets::new(stave_store::Buckets::new(store.buckets(), Vec::new()));
        let catalog = Catalog::new(store.clone(), "us-east-1");
        let options = EngineOptions {
            memory_bytes: 64 << 20,
            cores: NonZeroUsize::MIN,
            spill_dir: dir.path().join("spill"),
        };
        let owned = buckets.for_engine(&Caller::default());
        let engine = Engine::new(options, Arc::new(owned)).expect("an engine");
        let jobs = Jobs::new(store, buckets.clone(), catalog, engine, clock.clone(), ids);
        let (caller, bucket) = (Caller::default(), BucketName::new("lake").expect("a name"));
        buckets.create(&caller, &bucket).await.expect("made");
        Self {
            _dir: dir,
            clock,
            buckets,
            jobs,
            caller,
            bucket,
        }
    }

    async fn put(&self, name: &str, text: &str) {
        let key = ObjectKey::new(name).expect("a key");
        let put = self
            .buckets
            .put_bytes(&self.caller, &self.bucket, &key, text.to_owned());
        put.await.expect(name);
    }

    async fn run_with(&self, job: &str, option: &str, watch: &dyn Watch) -> Result<JobRun> {
        let later = self.clock.now() + SignedDuration::from_secs(1);
        self.clock.set(later);
        let job = NamedJob::parse(job, "job").expect("a job");
        let option = ("--job-bookmark-option".to_owned(), option.to_owned());
        let arguments = BTreeMap::from([option]);
        let run = self.jobs.run(&self.caller, &job, &arguments, watch).await;
        run.map(|finished| finished.run)
    }

    /// Runs the job and says which numbers it has written.
    async fn run(&self, job: &str, option: &str) -> Vec<i64> {
        let before = self.keys("out/").await;
        let run = self.run_with(job, option, &Silent).await.expect("ran");
        assert_eq!(run.state, RunState::Succeeded);
        let mut numbers = Vec::new();
        for key in self.keys("out/").await {
            if before.contains(&key) {
                continue;
            }
            let key = ObjectKey::new(key).expect("a key");
            let read = self.buckets.get(&self.caller, &self.bucket, &key, None);
            let bytes: Vec<bytes::Bytes> = read
                .await
                .expect("there")
                .body
                .try_collect()
                .await
                .expect("read");
            let text = String::from_utf8(bytes.concat()).expect("text");
            for line in text.lines() {
                let row: Value = serde_json::from_str(line).expect("a row");
                numbers.push(row["n"].as_i64().expect("a number"));
            }
        }
        numbers.sort_unstable();
        numbers
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let request = ListRequest::all(prefix);
        let page = self.buckets.list(&self.caller, &self.bucket, &request);
        let objects = page.await.expect("listed").objects.into_iter();
        objects.map(|object| object.key.to_string()).collect()
    }
}

#[tokio::test]
async fn a_run_reads_what_it_has_not_read_before() {
    let world = World::new().await;
    world.put("in/a.json", r#"{"n": 1}"#).await;
    world.put("in/b.json", r#"{"n": 2}"#).await;
    assert_eq!(world.run(JOB, "job-bookmark-enable").await, [1, 2]);
    // Nothing new: nothing is written, and no empty file.
    let before = world.keys("out/").await;
    assert_eq!(world.run(JOB, "job-bookmark-enable").await, [0; 0]);
    assert_eq!(world.keys("out/").await, before);
    // A new object, and a changed one.
    world.put("in/c.json", r#"{"n": 3}"#).await;
    world.put("in/a.json", r#"{"n": 4}"#).await;
    // A paused run reads them and does not remember it.
    assert_eq!(world.run(JOB, "job-bookmark-pause").await, [3, 4]);
    assert_eq!(world.run(JOB, "job-bookmark-enable").await, [3, 4]);
    // The same bytes again have the same ETag.
    world.put("in/c.json", r#"{"n": 3}"#).await;
    assert_eq!(world.run(JOB, "job-bookmark-enable").await, [0; 0]);
    assert_eq!(world.run(JOB, "job-bookmark-disable").await, [2, 3, 4]);

    let bookmark = world.jobs.bookmark(&world.caller, "copy").expect("there");
    assert_eq!(bookmark.objects.len(), 3);
    assert_eq!(
        world
            .jobs
            .reset_bookmark(&world.caller, "copy")
            .expect("reset"),
        3
    );
    assert_eq!(world.run(JOB, "job-bookmark-enable").await, [2, 3, 4]);
}

#[tokio::test]
async fn a_run_that_comes_to_nothing_has_read_nothing() {
    let world = World::new().await;
    world.put("in/a.json", r#"{"n": 1}"#).await;
    let stopped = world.run_with(JOB, "job-bookmark-enable", &Stopping).await;
    assert_eq!(stopped.expect("stopped").state, RunState::Stopped);
    world.put("in/b.json", r#"{"n": "no"}"#).await;
    let failed = world.run_with(JOB, "job-bookmark-enable", &Silent).await;
    assert_eq!(failed.expect_err("a bad row").kind(), ErrorKind::Invalid);
    assert_eq!(
        world
            .jobs
            .bookmark(&world.caller, "copy")
            .expect("there")
            .objects,
        []
    );
    world.put("in/b.json", r#"{"n": 2}"#).await;
    assert_eq!(world.run(JOB, "job-bookmark-enable").await, [1, 2]);
}

#[tokio::test]
async fn what_was_read_is_moved_away() {
    let world = World::new().await;
    let moving = JOB.replace(
        "Types:",
        "Recurse: true, AfterRead: {MoveTo: s3://lake/done/}, Types:",
    );
    world.put("in/a.json", r#"{"n": 1}"#).await;
    world.put("in/deep/b.json", r#"{"n": 2}"#).await;
    // A paused run leaves everything as it was.
    assert_eq!(world.run(&moving, "job-bookmark-pause").await, [1, 2]);
    assert_eq!(world.keys("in/").await, ["in/a.json", "in/deep/b.json"]);
    for option in ["job-bookmark-enable", "job-bookmark-disable"] {
        assert_eq!(world.run(&moving, option).await, [1, 2], "{option}");
        assert_eq!(world.keys("in/").await, [""; 0]);
        assert_eq!(
            world.keys("done/").await,
            ["done/a.json", "done/deep/b.json"]
        );
        // The folder is empty now, which is nothing new and no fault.
        assert_eq!(world.run(&moving, option).await, [0; 0]);
        for name in ["a.json", "deep/b.json"] {
            let n = if name == "a.json" { 1 } else { 2 };
            world
                .put(&format!("in/{name}"), &format!("{{\"n\":  {n}}}"))
                .await;
        }
    }
}

#[tokio::test]
async fn moves_of_a_run_that_died_are_carried_out_by_the_next() {
    let world = World::new().await;
    let moving = JOB.replace("Types:", "AfterRead: {MoveTo: s3://lake/done/}, Types:");
    for name in ["a", "b", "c"] {
        world.put(&format!("in/{name}.json"), r#"{"n": 1}"#).await;
    }
    // What a run leaves that dies behind its publication: all is noted, nothing is moved.
    let definition = NamedJob::parse(&moving, "job").expect("a job");
    let definition = definition.document.fill(&BTreeMap::new()).expect("filled");
    let bookmark = bookmarks::RunBookmark::begin(&world.jobs, "copy", &definition).expect("begun");
    let plan = world
        .jobs
        .plan(&world.caller, &definition)
        .await
        .expect("planned");
    let publication = stave_store::Publication {
        run_id: "jr_dead".to_owned(),
        bookmark: bookmark.advance(&plan).expect("advanced"),
        ..stave_store::Publication::default()
    };
    let published = world.buckets.publish(&world.caller, publication);
    published.await.expect("published");
    // One was moved, one was replaced meanwhile, one is as it was.
    let key = |name: &str| ObjectKey::new(name).expect("a key");
    let (from, to) = (key("in/a.json"), key("done/a.json"));
    let renamed = world
        .buckets
        .rename(&world.caller, (&world.bucket, &from), (&world.bucket, &to));
    renamed.await.expect("moved");
    world.put("in/b.json", r#"{"n": 7}"#).await;
    assert_eq!(world.run(&moving, "job-bookmark-disable").await, [7]);
    assert_eq!(world.keys("in/").await, [""; 0]);
    assert_eq!(world.keys("done/").await.len(), 3);
    assert_eq!(world.jobs.store.pending_moves("copy").expect("none"), []);
}

#[tokio::test]
async fn a_run_that_another_has_overtaken_is_not_published() {
    let world = World::new().await;
    world.put("in/a.json", r#"{"n": 1}"#).await;
    let definition = NamedJob::parse(JOB, "job").expect("a job");
    let option = ("job-bookmark-option".to_owned(), "enable".to_owned());
    let arguments = BTreeMap::from([option]);
    let definition = definition.document.fill(&arguments).expect("filled");
    let slow = bookmarks::RunBookmark::begin(&world.jobs, "copy", &definition).expect("begun");
    let plan = world
        .jobs
        .plan(&world.caller, &definition)
        .await
        .expect("planned");
    assert_eq!(world.run(JOB, "job-bookmark-enable").await, [1]);
    let publication = stave_store::Publication {
        run_id: "jr_slow".to_owned(),
        bookmark: slow.advance(&plan).expect("advanced"),
        ..stave_store::Publication::default()
    };
    let published = world.buckets.publish(&world.caller, publication);
    assert_eq!(
        published.await.expect_err("overtaken").kind(),
        ErrorKind::Conflict
    );
}

#[tokio::test]
async fn moving_into_the_source_itself_is_refused() {
    let world = World::new().await;
    world.put("in/a.json", r#"{"n": 1}"#).await;
    for (members, refused) in [
        ("AfterRead: {MoveTo: s3://lake/in}", true),
        ("AfterRead: {MoveTo: s3://lake/in/done}", false),
        (
            "Recurse: true, AfterRead: {MoveTo: s3://lake/in/done}",
            true,
        ),
        ("AfterRead: {MoveTo: s3://nowhere/done}", true),
    ] {
        let job = JOB.replace("Types:", &format!("{members}, Types:"));
        let run = world.run_with(&job, "job-bookmark-disable", &Silent).await;
        assert_eq!(run.is_err(), refused, "{members}");
    }
}
