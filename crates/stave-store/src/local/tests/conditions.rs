//! Conditional requests and digests.

use super::*;
use crate::objects::{
    ChecksumAlgorithm, DeleteRequest, EtagMatch, ExpectedBody, ExpectedChecksum, Lookup,
    ObjectDetails, ObjectFault, ReadConditions, ReadOptions, Versioning, WriteCondition,
    WriteOptions,
};

impl Fixture {
    async fn write_if(&self, text: &str, condition: WriteCondition) -> Result<ObjectDetails> {
        let options = WriteOptions {
            condition,
            ..WriteOptions::default()
        };
        let body = PutBody::Bytes(text.to_owned().into());
        self.buckets
            .write(&self.bucket, at("k"), body, options)
            .await
    }
}

#[tokio::test]
async fn writes_and_deletes_hold_to_the_etag() {
    for versioning in [None, Some(Versioning::Enabled)] {
        let all = fixture();
        if let Some(versioning) = versioning {
            all.version(versioning);
        }
        let if_match = |etag: &str| WriteCondition::IfMatch(etag.to_owned());
        for etag in ["*", "x"] {
            let error = all.write_if("a", if_match(etag)).await.expect_err("absent");
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        let first = all.write_if("a", WriteCondition::IfAbsent).await;
        let etag = first.expect("written").info.etag.expect("known");
        for condition in [WriteCondition::IfAbsent, if_match("other")] {
            let error = all.write_if("b", condition).await.expect_err("fails");
            assert_eq!(error.kind(), ErrorKind::Precondition);
        }
        all.write_if("b", if_match(&etag)).await.expect("written");
        let error = all.write_if("c", if_match(&etag)).await.expect_err("old");
        assert_eq!(error.kind(), ErrorKind::Precondition);
        // A file that was changed by hand has an ETag too.
        fs::write(all.file("k"), "hello").expect("written");
        let hello = "5d41402abc4b2a76b9719d911017c592";
        all.write_if("d", if_match(hello)).await.expect("written");
        let delete = |if_match: &str| {
            let request = DeleteRequest {
                if_match: Some(if_match.to_owned()),
                ..DeleteRequest::object(key("k"))
            };
            all.buckets.delete_version(&all.bucket, request)
        };
        let error = delete(&etag).await.expect_err("another");
        assert_eq!(error.kind(), ErrorKind::Precondition);
        delete("*").await.expect("deleted");
        let error = delete("*").await.expect_err("gone");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let again = all.write_if("e", WriteCondition::IfAbsent).await;
        again.expect("a marker is no object");
        assert_eq!(all.text("k").await, "e");
    }
}

/// Compare and swap: no update is lost, whoever comes between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counting_with_conditions_loses_nothing() {
    for versioning in [None, Some(Versioning::Enabled)] {
        let all = fixture();
        if let Some(versioning) = versioning {
            all.version(versioning);
        }
        all.put("k", "0").await;
        let tasks = (0..4).map(|_| {
            let (buckets, bucket) = (open(&all.dir).buckets(), all.bucket.clone());
            tokio::spawn(async move {
                let mut done = 0;
                while done < 8 {
                    let read = buckets.get(&bucket, at("k"), None).await.expect("get");
                    let etag = read.info.etag.clone().expect("known");
                    let bytes = read.bytes(9).await.expect("bytes");
                    let count: u32 = std::str::from_utf8(&bytes)
                        .expect("text")
                        .parse()
                        .expect("a number");
                    let options = WriteOptions {
                        condition: WriteCondition::IfMatch(etag),
                        ..WriteOptions::default()
                    };
                    let body = PutBody::Bytes((count + 1).to_string().into());
                    match buckets.write(&bucket, at("k"), body, options).await {
                        Ok(_) => done += 1,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::Precondition),
                    }
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("done");
        }
        assert_eq!(all.text("k").await, "32");
        if versioning.is_some() {
            assert_eq!(all.listed().await.len(), 33);
        }
    }
}

#[tokio::test]
async fn reads_weigh_conditions() {
    let all = fixture();
    all.put("k", "hello").await;
    let hello = EtagMatch::OneOf(vec!["5d41402abc4b2a76b9719d911017c592".to_owned()]);
    let had = ReadOptions {
        conditions: ReadConditions {
            if_none_match: Some(hello.clone()),
            ..ReadConditions::default()
        },
        ..ReadOptions::default()
    };
    let found = all.buckets.describe(&all.bucket, at("k"), had).await;
    assert!(matches!(found, Ok(Lookup::NotModified(_))), "{found:?}");
    let wanted = ReadOptions {
        conditions: ReadConditions {
            if_match: Some(hello),
            ..ReadConditions::default()
        },
        range: Some(ByteRange::Bounded(1..3)),
        ..ReadOptions::default()
    };
    let found = all.buckets.open(&all.bucket, at("k"), wanted.clone()).await;
    let Ok(Lookup::Found(read)) = found else {
        panic!("{found:?}")
    };
    assert_eq!((read.range, read.details.info.size), (1..3, 5));
    all.put("k", "other").await;
    let found = all.buckets.open(&all.bucket, at("k"), wanted).await;
    assert_eq!(found.expect_err("fails").kind(), ErrorKind::Precondition);
    let beyond = ReadOptions {
        range: Some(ByteRange::From(5)),
        ..ReadOptions::default()
    };
    let found = all.buckets.open(&all.bucket, at("k"), beyond).await;
    let fault = ObjectFault::of(&found.expect_err("outside"));
    assert_eq!(fault, Some(ObjectFault::InvalidRange));
}

#[tokio::test]
async fn bodies_are_what_was_announced() {
    let all = fixture();
    let write = |expected: ExpectedBody| {
        let options = WriteOptions {
            expected,
            ..WriteOptions::default()
        };
        all.buckets
            .write(&all.bucket, at("k"), "hello".into(), options)
    };
    let refused = [
        (
            ExpectedBody {
                size: Some(6),
                ..ExpectedBody::default()
            },
            ObjectFault::IncompleteBody,
        ),
        (
            ExpectedBody {
                md5: Some([0; 16]),
                ..ExpectedBody::default()
            },
            ObjectFault::BadDigest,
        ),
        (
            ExpectedBody {
                size: Some(6 << 30),
                ..ExpectedBody::default()
            },
            ObjectFault::EntityTooLarge,
        ),
    ];
    for (expected, fault) in refused {
        let error = write(expected).await.expect_err("refused");
        assert_eq!(ObjectFault::of(&error), Some(fault), "{error}");
    }
    for algorithm in ChecksumAlgorithm::ALL {
        let value = algorithm.of(b"hello");
        for (checksum, good) in [
            (ExpectedChecksum::None, true),
            (ExpectedChecksum::Value(value.clone()), true),
            (ExpectedChecksum::Value(algorithm.of(b"other")), false),
            (
                ExpectedChecksum::Trailing(Arc::new({
                    let value = value.clone();
                    move || Some(value.clone())
                })),
                true,
            ),
            (ExpectedChecksum::Trailing(Arc::new(|| None)), false),
        ] {
            let expected = ExpectedBody {
                algorithm: Some(algorithm),
                checksum,
                ..ExpectedBody::default()
            };
            let written = write(expected.clone()).await;
            assert_eq!(written.is_ok(), good, "{expected:?}");
            if let Ok(details) = written {
                assert_eq!(details.checksum.expect("kept").value, value);
            }
        }
    }
    let expected = ExpectedBody::default();
    assert_eq!(write(expected).await.expect("written").checksum, None);
}
