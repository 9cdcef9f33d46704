//! Times what S3's clients do most: small puts and gets, and a long list.
//! `cargo run --release -p stave-store --example measure -- DIR [OBJECTS]`

#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::Instant;

use stave_core::{BucketName, Clock, IdSource, ObjectKey, Result};
use stave_store::{
    BucketStore, ListRequest, LocalBuckets, PutBody, PutOptions, Store, StoreOptions, Versioning,
};

#[derive(Debug)]
struct Now;

impl Clock for Now {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

#[derive(Debug, Default)]
struct Ids(std::sync::atomic::AtomicU64);

impl IdSource for Ids {
    fn next(&self) -> u128 {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        u128::from(next) | (u128::from(std::process::id()) << 64)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let dir = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "measure".to_owned());
    let long = std::env::args().nth(2).and_then(|count| count.parse().ok());
    let long = long.unwrap_or(100_000);
    for fsync in [true, false] {
        for versioned in [false, true] {
            let home = format!("{dir}/{fsync}-{versioned}");
            let ids = Arc::new(Ids::default());
            let store = Store::open_with(home, Arc::new(Now), ids, StoreOptions { fsync })?;
            let buckets = store.buckets();
            let bucket = BucketName::new("lake")?;
            buckets.create_bucket(&bucket).await?;
            if versioned {
                buckets.set_versioning(&bucket, Versioning::Enabled)?;
            }
            println!("fsync {fsync}, versions {versioned}");
            puts_and_gets(&buckets, &bucket, if fsync { 500 } else { 5000 }).await?;
            if !fsync && !versioned {
                lists(&buckets, &bucket, long).await?;
            }
        }
    }
    Ok(())
}

fn rate(what: &str, count: usize, since: Instant) {
    let took = since.elapsed().as_secs_f64();
    println!(
        "  {what}: {:.0} a second, {:.0} µs each",
        count as f64 / took,
        took / count as f64 * 1e6
    );
}

async fn puts_and_gets(buckets: &LocalBuckets, bucket: &BucketName, count: usize) -> Result<()> {
    let since = Instant::now();
    for at in 0..count {
        put(buckets, bucket, &format!("small/{at:06}")).await?;
    }
    rate("put 1 KiB", count, since);
    let since = Instant::now();
    for at in 0..count {
        let key = ObjectKey::new(format!("small/{at:06}"))?;
        let read = buckets.get(bucket, &key, None).await?;
        read.bytes(1024).await?;
    }
    rate("get 1 KiB", count, since);
    let since = Instant::now();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (buckets, bucket) = (buckets.clone(), bucket.clone());
            tokio::spawn(async move {
                for at in 0..count / 16 {
                    put(&buckets, &bucket, &format!("many/{task}/{at:06}")).await?;
                }
                Ok::<_, stave_core::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await
            .map_err(|error| stave_core::Error::internal(error.to_string()))??;
    }
    rate("put 1 KiB, 16 at once", count / 16 * 16, since);
    Ok(())
}

async fn put(buckets: &LocalBuckets, bucket: &BucketName, key: &str) -> Result<()> {
    let body = PutBody::Bytes(vec![7; 1024].into());
    let key = ObjectKey::new(key)?;
    buckets
        .put(bucket, &key, body, PutOptions::default())
        .await?;
    Ok(())
}

async fn lists(buckets: &LocalBuckets, bucket: &BucketName, count: usize) -> Result<()> {
    for at in 0..count {
        put(buckets, bucket, &format!("long/{at:06}.json")).await?;
    }
    for round in 0..2 {
        let since = Instant::now();
        let page = buckets.list(bucket, &ListRequest::all("long/")).await?;
        println!(
            "  list {} at once, round {round}: {:?}",
            page.objects.len(),
            since.elapsed()
        );
        for delimiter in [None, Some("/".to_owned())] {
            let since = Instant::now();
            let mut request = ListRequest {
                delimiter: delimiter.clone(),
                ..ListRequest::all("long/").max(1000)
            };
            let mut count = 0;
            loop {
                let page = buckets.list(bucket, &request).await?;
                count += page.objects.len();
                match page.next {
                    Some(next) => request = request.after(next),
                    None => break,
                }
            }
            println!(
                "  list {count} by 1000, {delimiter:?}: {:?}",
                since.elapsed()
            );
        }
    }
    Ok(())
}
