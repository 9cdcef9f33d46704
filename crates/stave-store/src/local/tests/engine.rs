//! A local bucket as the query engine sees it.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{GetOptions, GetResultPayload, ObjectStoreExt, PutMode, PutPayload};

use super::*;

#[tokio::test]
async fn the_engine_reads_files_and_sees_new_ones_at_once() {
    let all = fixture();
    all.put("t/k=1/a.parquet", "0123456789").await;
    fs::write(all.file("t/k=1/b.parquet"), "by hand").expect("written");
    all.put("t2/x", "not under t").await;
    all.put("t/", "").await;
    let engine = all.buckets.object_store(&all.bucket).expect("a store");
    let prefix = Path::from("t");
    let listed: Vec<_> = engine
        .list(Some(&prefix))
        .try_collect()
        .await
        .expect("listed");
    let paths: Vec<&str> = listed.iter().map(|meta| meta.location.as_ref()).collect();
    assert_eq!(paths, ["t/k=1/a.parquet", "t/k=1/b.parquet"]);
    let folder = engine.list_with_delimiter(None).await.expect("listed");
    let folders: Vec<&str> = folder.common_prefixes.iter().map(AsRef::as_ref).collect();
    assert_eq!(folders, ["t", "t2"]);

    let path = Path::from("t/k=1/a.parquet");
    let read = engine.get(&path).await.expect("get");
    assert!(matches!(read.payload, GetResultPayload::File(..)));
    assert_eq!(read.meta, listed[0]);
    assert_eq!(read.bytes().await.expect("bytes"), "0123456789");
    let options = GetOptions::default().with_range(Some(3..5_u64));
    let read = engine.get_opts(&path, options).await.expect("get");
    assert_eq!(
        (read.range.clone(), read.bytes().await.expect("bytes")),
        (3..5, "34".into())
    );
    let parts = engine
        .get_ranges(&path, &[0..2, 8..10])
        .await
        .expect("ranges");
    assert_eq!(parts, ["01", "89"]);
    let absent = engine
        .head(&Path::from("t/absent"))
        .await
        .expect_err("absent");
    assert!(
        matches!(absent, object_store::Error::NotFound { .. }),
        "{absent}"
    );
}

#[tokio::test]
async fn the_engine_can_write_too() {
    let all = fixture();
    let engine = all.buckets.object_store(&all.bucket).expect("a store");
    let path = Path::from("out/part");
    engine
        .put(&path, PutPayload::from_static(b"one"))
        .await
        .expect("put");
    let again = engine
        .put_opts(
            &path,
            PutPayload::from_static(b"two"),
            PutMode::Create.into(),
        )
        .await;
    assert!(matches!(
        again,
        Err(object_store::Error::AlreadyExists { .. })
    ));
    assert_eq!(all.text("out/part").await, "one");

    let mut upload = engine.put_multipart(&path).await.expect("begun");
    let second = {
        let first = upload.put_part(PutPayload::from_static(b"first "));
        let second = upload.put_part(PutPayload::from_static(b"second"));
        // Parts may arrive in any order.
        second.await.expect("written");
        first
    };
    assert!(upload.complete().await.is_err(), "a part is missing");
    second.await.expect("written");
    upload.complete().await.expect("complete");
    assert_eq!(all.text("out/part").await, "first second");
    let head = all
        .buckets
        .head(&all.bucket, &key("out/part"))
        .await
        .expect("head");
    assert!(head.etag.expect("known").ends_with("-2"));

    engine
        .copy(&path, &Path::from("copy"))
        .await
        .expect("copied");
    engine.delete(&path).await.expect("deleted");
    assert_eq!(all.keys().await, ["copy"]);
}

#[tokio::test]
async fn keys_that_paths_refuse_are_reached() {
    let all = fixture();
    for name in ["a//b", "../x", "t/x/"] {
        all.put(name, name).await;
        let path = all.buckets.object_path(&key(name)).expect("a path");
        let engine = all.buckets.object_store(&all.bucket).expect("a store");
        let read = engine.get(&path).await.expect("get");
        assert_eq!(read.bytes().await.expect("bytes"), name);
    }
    let engine = all.buckets.object_store(&all.bucket).expect("a store");
    let listed: Vec<_> = engine.list(None).try_collect().await.expect("listed");
    let paths: Vec<&str> = listed.iter().map(|meta| meta.location.as_ref()).collect();
    assert_eq!(paths, ["%~../x", "a/%~/b", "t/x/%~"]);
}
