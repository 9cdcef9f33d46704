//! Copies in every direction, and names that must not leave their directory.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Mutex;

use jiff::Timestamp;
use stave_core::{ManualClock, SequentialIds};
use stave_store::Store;

use super::*;

struct Bench {
    dir: tempfile::TempDir,
    buckets: Buckets,
    transfer: Transfer,
    caller: Caller,
}

impl Bench {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let ids = Arc::new(SequentialIds::default());
        let store = Store::open(dir.path().join("home"), clock, ids).expect("a store");
        let buckets = Buckets::new(stave_store::Buckets::new(store.buckets(), Vec::new()));
        let caller = Caller::default();
        for name in ["one", "two"] {
            let bucket = BucketName::new(name).expect("a name");
            buckets.create(&caller, &bucket).await.expect("made");
        }
        fs::create_dir(dir.path().join("in")).expect("made");
        Self {
            transfer: Transfer::new(buckets.clone()),
            buckets,
            caller,
            dir,
        }
    }

    fn file(&self, path: &str, content: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.dir.path().join(path)).expect(path)
    }

    async fn object(&self, bucket: &str, key: &str, content: &str) {
        let bucket = BucketName::new(bucket).expect("a name");
        let key = ObjectKey::new(key).expect("a key");
        let put = self
            .buckets
            .put_bytes(&self.caller, &bucket, &key, content.to_owned());
        put.await.expect("put");
    }

    async fn objects(&self, bucket: &str) -> BTreeMap<String, String> {
        let bucket = BucketName::new(bucket).expect("a name");
        let mut found = BTreeMap::new();
        let mut pages = self.buckets.pages(
            &self.caller,
            &bucket,
            stave_store::ListRequest::all(String::new()),
        );
        while let Some(page) = pages.next().await {
            for object in page.expect("listed").objects {
                let read = self.buckets.get(&self.caller, &bucket, &object.key, None);
                let bytes = read.await.expect("read").bytes(1 << 30).await;
                let text = String::from_utf8(bytes.expect("read").to_vec()).expect("text");
                found.insert(object.key.to_string(), text);
            }
        }
        found
    }

    fn place(&self, text: &str) -> Place {
        if text.starts_with("s3://") {
            text.parse().expect("a place")
        } else {
            // Joins keep a trailing slash.
            Place::Local(PathBuf::from(format!(
                "{}/{text}",
                self.dir.path().display()
            )))
        }
    }

    async fn plan(&self, from: &str, to: &str, options: TransferOptions) -> Result<Plan> {
        self.transfer
            .plan(&self.caller, &self.place(from), &self.place(to), options)
            .await
    }

    async fn run(&self, from: &str, to: &str, options: TransferOptions) -> (Plan, Summary) {
        let plan = self.plan(from, to, options).await.expect("planned");
        let summary = self
            .transfer
            .run(&self.caller, &plan, &silent())
            .await
            .expect("ran");
        (plan, summary)
    }
}

fn silent() -> Listener {
    Arc::new(|_| ())
}

const ONE: TransferOptions = TransferOptions {
    recursive: false,
    remove_sources: false,
    no_follow_symlinks: false,
};
const TREE: TransferOptions = TransferOptions {
    recursive: true,
    ..ONE
};
const MOVE: TransferOptions = TransferOptions {
    remove_sources: true,
    ..ONE
};
const MOVE_TREE: TransferOptions = TransferOptions {
    remove_sources: true,
    ..TREE
};

fn texts<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(key, text)| (key.to_owned(), text.to_owned()))
        .into()
}

#[test]
fn no_key_leaves_the_directory() {
    for (name, path) in [
        ("a", "a"),
        ("a/b c:d", "a/b c:d"),
        ("..a/b..", "..a/b.."),
        ("日本/é\n", "日本/é\n"),
    ] {
        assert_eq!(file_below(name).expect(name), PathBuf::from(path));
    }
    let long = "x".repeat(256);
    for name in [
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "..",
        ".",
        "a/./b",
        "a//b",
        "a/",
        "a\0b",
        &long,
        &format!("a/{long}"),
    ] {
        assert!(file_below(name).is_err(), "{name:?}");
    }
}

#[tokio::test]
async fn single_copies_keep_or_take_a_name() {
    let bench = Bench::new().await;
    bench.file("in/a.csv", "A");
    for (from, to) in [
        ("in/a.csv", "s3://one"),
        ("in/a.csv", "s3://one/folder/"),
        ("in/a.csv", "s3://one/named"),
        ("s3://one/a.csv", "s3://two/"),
        ("s3://one/folder/a.csv", "s3://two/copy"),
        ("s3://one/a.csv", "in/other.csv"),
        ("s3://one/named", "in"),
        ("s3://one/named", "new/"),
    ] {
        let (_, summary) = bench.run(from, to, ONE).await;
        assert_eq!((summary.objects, summary.bytes), (1, 1), "{from} {to}");
    }
    let one = texts([("a.csv", "A"), ("folder/a.csv", "A"), ("named", "A")]);
    assert_eq!(bench.objects("one").await, one);
    let two = texts([("a.csv", "A"), ("copy", "A")]);
    assert_eq!(bench.objects("two").await, two);
    for path in ["in/other.csv", "in/named", "new/named"] {
        assert_eq!(bench.read(path), "A");
    }
    let modified = fs::metadata(bench.dir.path().join("new/named")).expect("there");
    let modified = modified.modified().expect("a time");
    assert_eq!(
        modified,
        std::time::SystemTime::UNIX_EPOCH,
        "the object's time"
    );
}

#[tokio::test]
async fn trees_go_there_and_back() {
    let bench = Bench::new().await;
    let large = "0123456789abcdef".repeat(600_000);
    bench.file("in/a b.csv", "1");
    bench.file("in/deep/er/c:d", "2");
    bench.file("in/large", &large);
    let seen = Arc::new(Mutex::new((0, 0)));
    let told = Arc::clone(&seen);
    let plan = bench
        .plan("in", "s3://one/to", TREE)
        .await
        .expect("planned");
    let listener: Listener = Arc::new(move |event| {
        let mut told = told.lock().expect("unpoisoned");
        match event {
            Event::Bytes(bytes) => told.0 += bytes,
            Event::Finished(_) => told.1 += 1,
            Event::Failed(item, error) => panic!("{} {error}", item.from),
        }
    });
    bench
        .transfer
        .run(&bench.caller, &plan, &listener)
        .await
        .expect("ran");
    assert_eq!(*seen.lock().expect("unpoisoned"), (plan.bytes, 3));
    bench.run("s3://one/to", "s3://two", TREE).await;
    let expected = texts([("a b.csv", "1"), ("deep/er/c:d", "2"), ("large", &large)]);
    assert_eq!(bench.objects("two").await, expected);
    bench.run("s3://two/", "out", TREE).await;
    assert_eq!(bench.read("out/deep/er/c:d"), "2");
    assert_eq!(bench.read("out/large"), large);
    let names = fs::read_dir(bench.dir.path().join("out")).expect("listed");
    assert_eq!(names.count(), 3, "no parts are left");
}

#[tokio::test]
async fn a_move_removes_the_source() {
    let bench = Bench::new().await;
    bench.file("in/a", "1");
    bench.file("in/b/c", "2");
    bench.run("in", "s3://one/x", MOVE_TREE).await;
    assert!(!bench.dir.path().join("in/a").exists());
    bench.run("s3://one/x/", "s3://one/y/", MOVE_TREE).await;
    assert_eq!(
        bench.objects("one").await,
        texts([("y/a", "1"), ("y/b/c", "2")])
    );
    bench.run("s3://one/y/a", "in/", MOVE).await;
    assert_eq!(bench.objects("one").await, texts([("y/b/c", "2")]));
    assert_eq!(bench.read("in/a"), "1");
    for (from, to, options) in [
        ("s3://one/y/b/c", "s3://one/y/b/c", MOVE),
        ("s3://one/y/b/c", "s3://one/y/b/", MOVE),
        ("s3://one/y/", "s3://one/y", MOVE_TREE),
    ] {
        let error = bench.plan(from, to, options).await.expect_err("refused");
        assert!(error.message().contains("onto itself"), "{error}");
    }
    bench.object("one", "y/z/b/c", "3").await;
    let error = bench.plan("s3://one/y", "s3://one/y/z", MOVE_TREE).await;
    assert!(
        error
            .expect_err("refused")
            .message()
            .contains("written over")
    );
}

#[tokio::test]
async fn hostile_and_clashing_keys_are_refused_by_name() {
    let bench = Bench::new().await;
    for key in ["p/../../evil", "p//abs", "p/ok", "p/mark/", "p/a", "p/a/b"] {
        let content = if key.ends_with('/') { "" } else { "x" };
        bench.object("one", key, content).await;
    }
    let (plan, summary) = bench.run("s3://one/p", "in", TREE).await;
    assert_eq!(summary.objects, 2);
    let mut skipped: Vec<_> = plan
        .skipped
        .iter()
        .map(|skipped| (skipped.what.as_str(), skipped.refused))
        .collect();
    skipped.sort_unstable();
    assert_eq!(
        skipped,
        [
            ("s3://one/p/../../evil", true),
            ("s3://one/p//abs", true),
            ("s3://one/p/a", true),
            ("s3://one/p/mark/", false),
        ]
    );
    assert_eq!(
        (bench.read("in/ok"), bench.read("in/a/b")),
        ("x".into(), "x".into())
    );
    assert!(!bench.dir.path().join("evil").exists());
    assert!(
        bench
            .plan("s3://one/p/../../evil", "in/", ONE)
            .await
            .is_ok(),
        "its name is evil"
    );
    bench.object("one", "q/..", "x").await;
    assert!(bench.plan("s3://one/q/..", "in/", ONE).await.is_err());
}

#[tokio::test]
async fn a_link_in_the_target_is_not_followed() {
    let bench = Bench::new().await;
    bench.object("one", "link/file", "x").await;
    bench.object("one", "fine", "y").await;
    bench.file("outside/keep", "");
    symlink(
        bench.dir.path().join("outside"),
        bench.dir.path().join("in/link"),
    )
    .expect("linked");
    symlink(
        bench.dir.path().join("outside/keep"),
        bench.dir.path().join("in/fine"),
    )
    .expect("linked");
    let (_, summary) = bench.run("s3://one", "in", TREE).await;
    assert_eq!((summary.objects, summary.failed), (1, 1));
    let error = summary.first_error.expect("told");
    assert!(error.message().contains("in the way"), "{error}");
    assert!(!bench.dir.path().join("outside/file").exists());
    assert_eq!(
        (bench.read("in/fine"), bench.read("outside/keep")),
        ("y".into(), String::new())
    );
}

#[tokio::test]
async fn links_and_special_files_are_noted() {
    let bench = Bench::new().await;
    bench.file("in/a", "1");
    bench.file("else/b", "2");
    let at = |name: &str| bench.dir.path().join(name);
    symlink(at("else"), at("in/linked")).expect("linked");
    symlink(at("nowhere"), at("in/broken")).expect("linked");
    symlink(at("in"), at("in/loop")).expect("linked");
    let _socket = std::os::unix::net::UnixListener::bind(at("in/socket")).expect("bound");
    let (plan, _) = bench.run("in", "s3://one", TREE).await;
    assert_eq!(
        bench.objects("one").await,
        texts([("a", "1"), ("linked/b", "2")])
    );
    let refused: Vec<bool> = plan.skipped.iter().map(|skipped| skipped.refused).collect();
    assert_eq!(refused, [true, true, false], "broken, loop, socket");
    let leave = TransferOptions {
        no_follow_symlinks: true,
        ..TREE
    };
    let plan = bench.plan("in", "s3://two", leave).await.expect("planned");
    assert_eq!((plan.items.len(), plan.skipped.len()), (1, 4));
}

#[tokio::test]
async fn wrong_copies_are_refused_with_a_hint() {
    let bench = Bench::new().await;
    bench.object("one", "folder/a", "1").await;
    bench.file("in/a", "1");
    for (from, to, options, hint) in [
        ("in", "s3://one", ONE, "--recursive"),
        ("in/a", "s3://one", TREE, "leave out --recursive"),
        ("s3://one/folder", "in", ONE, "--recursive"),
        ("s3://one", "in", ONE, "--recursive"),
        ("s3://one/folder/a", "in", TREE, "leave out --recursive"),
        ("s3://one/none", "in", TREE, "stave ls s3://one"),
        ("s3://absent/x", "in", ONE, "stave mb s3://absent"),
        ("in", "in", TREE, "s3://"),
    ] {
        let error = bench.plan(from, to, options).await.expect_err(from);
        let said = error.hint_text().unwrap_or_default();
        assert!(said.contains(hint), "{from} {to}: {error} / {said}");
    }
    let plan = bench
        .plan("in", "s3://absent", TREE)
        .await
        .expect("planned");
    let error = bench.transfer.run(&bench.caller, &plan, &silent()).await;
    assert!(
        error.expect_err("refused").hint_text().is_some(),
        "one error, not many"
    );
}
