//! Uploads in parts.

use super::versions::walk_files;
use super::*;
use crate::objects::{
    ChecksumAlgorithm, CompleteRequest, CompletedPart, CopySource, ExpectedBody, Lookup,
    ObjectFault, PartInfo, ReadConditions, ReadOptions, UploadListRequest, UploadOptions,
    Versioning,
};

impl Fixture {
    pub(super) async fn begin(&self, name: &str) -> String {
        self.store.allow_small_parts();
        let options = UploadOptions::default();
        let upload = self.buckets.create_upload(&self.bucket, at(name), options);
        upload.await.expect("begun").upload_id
    }

    pub(super) async fn part(
        &self,
        name: &str,
        id: &str,
        number: u16,
        text: &str,
    ) -> Result<PartInfo> {
        let body = PutBody::Bytes(text.to_owned().into());
        let expected = ExpectedBody::default();
        self.buckets
            .upload_part(&self.bucket, at(name), id, number, body, expected)
            .await
    }

    pub(super) async fn complete(
        &self,
        name: &str,
        id: &str,
        parts: &[PartInfo],
    ) -> Result<crate::CompletedUpload> {
        self.buckets
            .complete_upload(&self.bucket, at(name), id, named(parts))
            .await
    }
}

pub(super) fn named(parts: &[PartInfo]) -> CompleteRequest {
    let parts = parts.iter().map(|part| CompletedPart {
        number: part.number,
        etag: part.etag.clone(),
        checksum: part.checksum.clone(),
    });
    CompleteRequest {
        parts: parts.collect(),
        ..CompleteRequest::default()
    }
}

fn fault<T: std::fmt::Debug>(result: Result<T>) -> ObjectFault {
    let error = result.expect_err("refused");
    ObjectFault::of(&error).unwrap_or_else(|| panic!("{error}"))
}

#[tokio::test]
async fn parts_become_an_object_once() {
    for versioning in [None, Some(Versioning::Enabled)] {
        let all = fixture();
        if let Some(versioning) = versioning {
            all.version(versioning);
        }
        let id = all.begin("k").await;
        let mut parts = Vec::new();
        for (number, text) in [(7, "world"), (2, "wrong"), (2, "hello "), (9, "unused")] {
            parts.push(all.part("k", &id, number, text).await.expect("a part"));
        }
        assert!(all.keys().await.is_empty(), "a part is no object");
        let page = all
            .buckets
            .list_parts(&all.bucket, at("k"), &id, 2, 1)
            .await
            .expect("listed");
        assert_eq!((page.parts[0].number, page.next), (7, Some(7)));
        let chosen = [parts[2].clone(), parts[0].clone()];
        let done = all.complete("k", &id, &chosen).await.expect("complete");
        assert_eq!(done.etag, format!("{}-2", md5_of_md5s()));
        assert_eq!(done.version_id.is_some(), versioning.is_some());
        assert_eq!(all.text("k").await, "hello world");
        let again = all.complete("k", &id, &chosen).await.expect("the same");
        assert_eq!(again, done);
        assert_eq!(
            fault(all.complete("k", &id, &chosen[..1]).await),
            ObjectFault::NoSuchUpload
        );
        assert_eq!(
            fault(all.part("k", &id, 1, "late").await),
            ObjectFault::NoSuchUpload
        );
        for (number, expected) in [(1, "hello "), (2, "world")] {
            let options = ReadOptions {
                part_number: Some(number),
                ..ReadOptions::default()
            };
            let read = all.buckets.open(&all.bucket, at("k"), options).await;
            let Ok(Lookup::Found(read)) = read else {
                panic!("{read:?}")
            };
            assert_eq!((read.range.end - read.range.start) as usize, expected.len());
            assert_eq!(read.details.parts.len(), 2);
        }
        let options = ReadOptions {
            part_number: Some(3),
            ..ReadOptions::default()
        };
        let read = all.buckets.open(&all.bucket, at("k"), options).await;
        assert_eq!(fault(read), ObjectFault::InvalidPartNumber);
        let left = walk_files(&all.store.home().multipart());
        assert!(left.is_empty(), "{left:?}");
    }
}

fn md5_of_md5s() -> String {
    use ::md5::{Digest, Md5};
    let mut both = Md5::digest("hello ").to_vec();
    both.extend(Md5::digest("world"));
    crate::objects::hex(&Md5::digest(both))
}

#[tokio::test]
async fn what_s3_refuses_is_refused() {
    let all = fixture();
    let options = UploadOptions::default();
    let upload = all.buckets.create_upload(&all.bucket, at("k"), options);
    let id = upload.await.expect("begun").upload_id;
    let one = all.part("k", &id, 1, "small").await.expect("a part");
    let two = all.part("k", &id, 2, "last").await.expect("a part");
    let both = [one.clone(), two.clone()];
    assert_eq!(
        fault(all.complete("k", &id, &both).await),
        ObjectFault::EntityTooSmall
    );
    let other = PartInfo {
        etag: two.etag.clone(),
        ..one.clone()
    };
    assert_eq!(
        fault(all.complete("k", &id, &[other]).await),
        ObjectFault::InvalidPart
    );
    let missing = PartInfo {
        number: 3,
        ..one.clone()
    };
    assert_eq!(
        fault(all.complete("k", &id, &[missing]).await),
        ObjectFault::InvalidPart
    );
    for order in [[two.clone(), one.clone()], [one.clone(), one.clone()]] {
        assert_eq!(
            fault(all.complete("k", &id, &order).await),
            ObjectFault::InvalidPartOrder
        );
    }
    assert!(all.complete("k", &id, &[]).await.is_err());
    for number in [0, 10_001] {
        assert!(all.part("k", &id, number, "x").await.is_err());
    }
    assert_eq!(
        fault(all.part("other", &id, 1, "x").await),
        ObjectFault::NoSuchUpload
    );
    let said = CompleteRequest {
        size: Some(1),
        ..named(std::slice::from_ref(&one))
    };
    let done = all.buckets.complete_upload(&all.bucket, at("k"), &id, said);
    assert_eq!(done.await.expect_err("size").kind(), ErrorKind::Invalid);
    let abort = || all.buckets.abort_upload(&all.bucket, at("k"), &id);
    abort().await.expect("aborted");
    assert_eq!(fault(abort().await), ObjectFault::NoSuchUpload);
    assert!(all.keys().await.is_empty());
    assert!(walk_files(&all.store.home().multipart()).is_empty());
}

#[tokio::test]
async fn checksums_of_parts_make_that_of_the_object() {
    let all = fixture();
    all.store.allow_small_parts();
    for (algorithm, whole) in [
        (ChecksumAlgorithm::Crc64Nvme, true),
        (ChecksumAlgorithm::Crc32C, false),
        (ChecksumAlgorithm::Sha256, false),
    ] {
        let options = UploadOptions {
            checksum: Some((algorithm, None)),
            ..UploadOptions::default()
        };
        let upload = all.buckets.create_upload(&all.bucket, at("k"), options);
        let id = upload.await.expect("begun").upload_id;
        let parts = [
            all.part("k", &id, 1, "hello ").await.expect("a part"),
            all.part("k", &id, 2, "world").await.expect("a part"),
        ];
        assert_eq!(parts[0].checksum, Some(algorithm.of(b"hello ")));
        let wrong = CompleteRequest {
            checksum: crate::ExpectedChecksum::Value(algorithm.of(b"other")),
            ..named(&parts)
        };
        let done = all
            .buckets
            .complete_upload(&all.bucket, at("k"), &id, wrong);
        assert_eq!(fault(done.await), ObjectFault::BadDigest);
        let done = all.complete("k", &id, &parts).await.expect("complete");
        let value = done.checksum.expect("kept").value;
        if whole {
            assert_eq!(value, algorithm.of(b"hello world"));
        } else {
            assert!(value.ends_with("-2"), "{value}");
        }
    }
}

#[tokio::test]
async fn parts_are_copied_from_ranges() {
    let all = fixture();
    all.write("source", "0123456789").await;
    let id = all.begin("k").await;
    let source = CopySource {
        bucket: all.bucket.clone(),
        key: key("source"),
        version_id: None,
        conditions: ReadConditions::default(),
    };
    let mut parts = Vec::new();
    for (number, range) in [(1, Some(ByteRange::Bounded(2..5))), (2, None)] {
        let copied =
            all.buckets
                .upload_part_copy(source.clone(), range, &all.bucket, at("k"), &id, number);
        parts.push(copied.await.expect("copied"));
    }
    all.complete("k", &id, &parts).await.expect("complete");
    assert_eq!(all.text("k").await, "2340123456789");
}

#[tokio::test]
async fn uploads_are_listed_in_pages() {
    let all = fixture();
    let mut expected = Vec::new();
    for name in ["a/1", "a/2", "b", "b", "c/x/1", "z"] {
        let id = all.begin(name).await;
        expected.push((name.to_owned(), id));
    }
    let done = all.begin("done").await;
    let part = all.part("done", &done, 1, "x").await.expect("a part");
    all.complete("done", &done, &[part])
        .await
        .expect("complete");
    for max in 1..8 {
        for delimiter in [None, Some("/".to_owned())] {
            let mut request = UploadListRequest {
                prefix: String::new(),
                delimiter: delimiter.clone(),
                key_marker: None,
                upload_id_marker: None,
                max,
            };
            let (mut found, mut prefixes) = (Vec::new(), Vec::new());
            loop {
                let page = all.buckets.list_uploads(&all.bucket, &request).await;
                let page = page.expect("listed");
                assert!(page.uploads.len() + page.common_prefixes.len() <= max);
                let uploads = page.uploads.into_iter();
                found.extend(uploads.map(|one| (one.key.to_string(), one.upload_id)));
                prefixes.extend(page.common_prefixes);
                let Some((key, id)) = page.next else { break };
                (request.key_marker, request.upload_id_marker) = (Some(key), id);
            }
            if delimiter.is_none() {
                assert_eq!(found, expected);
            } else {
                assert_eq!(prefixes, ["a/", "c/"]);
                assert_eq!(found, [&expected[2..4], &expected[5..]].concat());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_completions_make_one_object() {
    let all = fixture();
    all.version(Versioning::Enabled);
    let id = all.begin("k").await;
    let parts = [all.part("k", &id, 1, "text").await.expect("a part")];
    let tasks = (0..6).map(|_| {
        let store = open(&all.dir);
        let (bucket, id, request) = (all.bucket.clone(), id.clone(), named(&parts));
        tokio::spawn(async move {
            let buckets = store.buckets();
            let done = buckets.complete_upload(&bucket, at("k"), &id, request);
            done.await.expect("complete")
        })
    });
    let mut results = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        results.push(task.await.expect("done"));
    }
    results.dedup();
    assert_eq!(results.len(), 1);
    assert_eq!(all.listed().await.len(), 1);
}
