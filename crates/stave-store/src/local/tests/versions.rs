//! Versions and delete markers.

use super::*;
use crate::objects::{
    CopyOptions, CopySource, DeleteRequest, Lookup, ObjectDetails, ObjectFault, ReadConditions,
    ReadOptions, Tags, VersionEntry, VersionListRequest, Versioning, WriteOptions,
};

impl Fixture {
    pub(super) async fn write(&self, name: &str, content: &str) -> ObjectDetails {
        let body = PutBody::Bytes(content.to_owned().into());
        let options = WriteOptions::default();
        let written = self.buckets.write(&self.bucket, at(name), body, options);
        written.await.expect("written")
    }

    pub(super) fn version(&self, versioning: Versioning) {
        let set = self.buckets.set_versioning(&self.bucket, versioning);
        set.expect("set");
    }

    /// The text of a version; a marker's is "†", nothing's "-".
    pub(super) async fn version_text(&self, name: &str, id: Option<&str>) -> String {
        let options = ReadOptions {
            version_id: id.map(str::to_owned),
            ..ReadOptions::default()
        };
        match self.buckets.open(&self.bucket, at(name), options).await {
            Ok(Lookup::Found(read)) => {
                let read = ObjectRead {
                    info: read.details.info,
                    range: read.range,
                    body: read.body,
                };
                let bytes = read.bytes(1 << 20).await.expect("bytes");
                String::from_utf8(bytes.to_vec()).expect("text")
            }
            Ok(Lookup::DeleteMarker(_)) => "†".to_owned(),
            Ok(found) => panic!("{found:?}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                "-".to_owned()
            }
        }
    }

    pub(super) async fn listed(&self) -> Vec<VersionEntry> {
        let request = VersionListRequest::all("", 1000);
        let page = self.buckets.list_versions(&self.bucket, &request);
        page.await.expect("listed").versions
    }

    /// Key, text and whether it is the latest, of all versions.
    pub(super) async fn history(&self) -> Vec<(String, String, bool)> {
        let mut history = Vec::new();
        for version in self.listed().await {
            let name = version.key.to_string();
            let text = self.version_text(&name, Some(&version.version_id)).await;
            assert_eq!(text == "†", version.delete_marker);
            history.push((name, text, version.is_latest));
        }
        history
    }

    pub(super) async fn remove(&self, name: &str, id: Option<&str>) -> (Option<String>, bool) {
        let request = DeleteRequest {
            version_id: id.map(str::to_owned),
            ..DeleteRequest::object(key(name))
        };
        let done = self.buckets.delete_version(&self.bucket, request).await;
        let done = done.expect("deleted");
        (done.version_id, done.delete_marker)
    }
}

fn line(name: &str, text: &str, latest: bool) -> (String, String, bool) {
    (name.to_owned(), text.to_owned(), latest)
}

#[tokio::test]
async fn versions_stay_until_they_are_deleted() {
    let all = fixture();
    assert_eq!(all.write("k", "before").await.version_id, None);
    all.version(Versioning::Enabled);
    let one = all.write("k", "one").await.version_id.expect("an id");
    let two = all.write("k", "two").await.version_id.expect("an id");
    assert!(one < two);
    assert_eq!(fs::read_to_string(all.file("k")).expect("a file"), "two");
    assert_eq!(
        all.history().await,
        [
            line("k", "two", true),
            line("k", "one", false),
            line("k", "before", false)
        ]
    );
    assert_eq!(all.version_text("k", Some("null")).await, "before");
    assert_eq!(all.keys().await, ["k"]);

    let (marker, is_marker) = all.remove("k", None).await;
    assert!(is_marker);
    assert!(!all.file("k").exists());
    assert!(all.keys().await.is_empty());
    assert_eq!(all.version_text("k", None).await, "†");
    assert_eq!(all.version_text("k", Some(&one)).await, "one");
    assert_eq!(all.history().await[0], line("k", "†", true));
    let head = all.buckets.head(&all.bucket, at("k")).await;
    assert_eq!(head.expect_err("deleted").kind(), ErrorKind::NotFound);

    // Without its marker the object is back.
    assert_eq!(all.remove("k", marker.as_deref()).await, (marker, true));
    assert_eq!(all.text("k").await, "two");
    // Without its current version the one before is it.
    assert_eq!(all.remove("k", Some(&two)).await, (Some(two), false));
    assert_eq!(all.text("k").await, "one");
    all.remove("k", Some("null")).await;
    all.remove("k", Some("never was")).await;
    assert_eq!(all.history().await, [line("k", "one", true)]);
    all.remove("k", Some(&one)).await;
    assert!(all.history().await.is_empty());
    let left = fs::read_dir(all.file("")).expect("a folder").count();
    assert_eq!(left, 0);
    assert_eq!(all.store.sweep_orphans().expect("swept"), 0);
}

#[tokio::test]
async fn suspended_buckets_replace_the_null_version() {
    let all = fixture();
    all.version(Versioning::Enabled);
    all.write("k", "kept").await;
    all.version(Versioning::Suspended);
    for text in ["a", "b"] {
        let id = all.write("k", text).await.version_id;
        assert_eq!(id.as_deref(), Some("null"));
    }
    let expected = [line("k", "b", true), line("k", "kept", false)];
    assert_eq!(all.history().await, expected);
    assert_eq!(all.remove("k", None).await, (Some("null".to_owned()), true));
    let expected = [line("k", "†", true), line("k", "kept", false)];
    assert_eq!(all.history().await, expected);
    all.remove("k", None).await;
    assert_eq!(all.history().await, expected);
    all.write("k", "c").await;
    all.version(Versioning::Enabled);
    all.write("k", "d").await;
    let expected = [
        line("k", "d", true),
        line("k", "c", false),
        line("k", "kept", false),
    ];
    assert_eq!(all.history().await, expected);
    assert_eq!(all.store.sweep_orphans().expect("swept"), 0);
}

#[tokio::test]
async fn deleting_all_that_is_listed_empties_a_bucket() {
    let all = fixture();
    all.version(Versioning::Enabled);
    for name in ["a", "a/b", "c"] {
        for at in 0..5 {
            all.write(name, &format!("{name}{at}")).await;
        }
    }
    all.remove("a", None).await;
    let refused = all
        .buckets
        .delete_bucket(&all.bucket)
        .await
        .expect_err("full");
    assert_eq!(ObjectFault::of(&refused), Some(ObjectFault::BucketNotEmpty));
    // As boto3 does it: page by page, each deleted before the next is asked for.
    let mut request = VersionListRequest::all("", 4);
    let mut deleted = 0;
    loop {
        let page = all.buckets.list_versions(&all.bucket, &request).await;
        let page = page.expect("listed");
        let requests: Vec<_> = page
            .versions
            .into_iter()
            .map(|version| DeleteRequest::version(version.key, version.version_id))
            .collect();
        deleted += requests.len();
        let done = all.buckets.delete_versions(&all.bucket, requests).await;
        assert!(done.expect("deleted").iter().all(Result::is_ok));
        let Some((key, version)) = page.next else {
            break;
        };
        (request.key_marker, request.version_id_marker) = (Some(key), version);
    }
    assert_eq!(deleted, 16);
    assert!(all.listed().await.is_empty());
    let files = walk_files(&all.store.home().versions());
    assert!(files.is_empty(), "{files:?}");
    all.buckets.delete_bucket(&all.bucket).await.expect("empty");
}

pub(super) fn walk_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(walk_files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[tokio::test]
async fn a_file_dropped_by_hand_is_the_latest_version() {
    let all = fixture();
    all.version(Versioning::Enabled);
    all.write("k", "one").await;
    all.remove("k", None).await;
    fs::write(all.file("k"), "by hand").expect("written");
    assert_eq!(
        all.history().await,
        [
            line("k", "by hand", true),
            line("k", "†", false),
            line("k", "one", false)
        ]
    );
    all.write("k", "over it").await;
    assert_eq!(all.version_text("k", Some("null")).await, "by hand");
}

#[tokio::test]
async fn copies_take_or_replace_what_is_kept() {
    let all = fixture();
    all.version(Versioning::Enabled);
    let options = WriteOptions {
        tags: Tags::from([("a".to_owned(), "1".to_owned())]),
        storage_class: Some("STANDARD_IA".to_owned()),
        headers: crate::ContentHeaders {
            cache_control: Some("no-store".to_owned()),
            ..Default::default()
        },
        expected: crate::ExpectedBody {
            algorithm: Some(crate::ChecksumAlgorithm::Sha1),
            ..Default::default()
        },
        ..WriteOptions::default()
    };
    let first = all
        .buckets
        .write(&all.bucket, at("k"), "first".into(), options)
        .await
        .expect("written");
    assert_eq!(first.info.storage_class.as_deref(), Some("STANDARD_IA"));
    all.write("k", "second").await;
    let source = CopySource {
        bucket: all.bucket.clone(),
        key: key("k"),
        version_id: first.version_id.clone(),
        conditions: ReadConditions::default(),
    };
    let copy = all.buckets.copy_version(
        source.clone(),
        &all.bucket,
        at("copy"),
        CopyOptions::default(),
    );
    let copied = copy.await.expect("copied");
    assert_eq!((copied.tag_count, &copied.headers), (1, &first.headers));
    assert_eq!(copied.checksum, first.checksum);
    assert_eq!(copied.info.storage_class, None);
    assert_eq!(all.text("copy").await, "first");
    let replaced = CopyOptions {
        replace: Some(crate::ReplacedMetadata::default()),
        tags: Some(Tags::new()),
        ..CopyOptions::default()
    };
    let copy = all
        .buckets
        .copy_version(source.clone(), &all.bucket, at("copy"), replaced);
    let copied = copy.await.expect("copied");
    assert_eq!((copied.tag_count, copied.headers.cache_control), (0, None));
    let itself = CopySource {
        version_id: None,
        ..source
    };
    let copy = all
        .buckets
        .copy_version(itself, &all.bucket, at("k"), CopyOptions::default());
    assert_eq!(copy.await.expect_err("nothing").kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn tags_change_without_a_new_version() {
    let all = fixture();
    all.version(Versioning::Enabled);
    let old = all.write("k", "old").await.version_id;
    all.write("k", "new").await;
    let tags = Tags::from([("team".to_owned(), "data".to_owned())]);
    for (version, other) in [(old.clone(), None), (None, old.clone())] {
        let set = all
            .buckets
            .set_object_tags(&all.bucket, at("k"), version.clone(), tags.clone());
        set.await.expect("set");
        let asked = all
            .buckets
            .object_tags(&all.bucket, at("k"), version.clone());
        assert_eq!(asked.await.expect("asked").0, tags);
        let cleared = all
            .buckets
            .set_object_tags(&all.bucket, at("k"), version, Tags::new());
        cleared.await.expect("cleared");
        let asked = all.buckets.object_tags(&all.bucket, at("k"), other);
        assert!(asked.await.expect("asked").0.is_empty());
    }
    assert_eq!(all.listed().await.len(), 2);
    fs::write(all.file("hand"), "x").expect("written");
    let set = all
        .buckets
        .set_object_tags(&all.bucket, at("hand"), None, tags.clone());
    assert_eq!(set.await.expect("set").as_deref(), Some("null"));
    let marker = all.remove("k", None).await.0;
    let asked = all.buckets.object_tags(&all.bucket, at("k"), marker);
    let error = asked.await.expect_err("a marker");
    assert_eq!(ObjectFault::of(&error), Some(ObjectFault::MethodNotAllowed));
}

#[tokio::test]
async fn an_output_that_is_published_keeps_what_was_there() {
    let all = fixture();
    all.version(Versioning::Enabled);
    all.write("out/a", "old a").await;
    all.write("out/b", "old b").await;
    let staging = all.store.staging("jr_1").expect("staging");
    let path = staging.path().join("part");
    fs::write(&path, "new a").expect("written");
    let file = crate::StagedFile {
        path,
        bucket: all.bucket.clone(),
        key: key("out/a"),
        content_type: None,
        user_metadata: [("origin".to_owned(), "somewhere".to_owned())].into(),
    };
    let publication = Publication {
        run_id: "jr_1".to_owned(),
        files: vec![file],
        replace: ["out/", "out/b"]
            .map(|prefix| (all.bucket.clone(), prefix.to_owned()))
            .to_vec(),
        bookmark: None,
    };
    all.buckets.publish(publication).await.expect("published");
    assert_eq!(
        all.history().await,
        [
            line("out/a", "new a", true),
            line("out/a", "old a", false),
            line("out/b", "†", true),
            line("out/b", "old b", false)
        ]
    );
    assert_eq!(all.keys().await, ["out/a"]);
    let new = all.buckets.head(&all.bucket, &key("out/a")).await;
    assert_eq!(new.expect("there").user_metadata["origin"], "somewhere");
}
