//! A function in Rust: adds up the sizes of the objects that an S3 event is about, by bucket.

use std::collections::BTreeMap;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let records = event.payload["Records"].as_array();
    let records = records.ok_or("the event has no Records: it is none of S3")?;
    let mut bytes: BTreeMap<&str, u64> = BTreeMap::new();
    for record in records {
        let (bucket, object) = (&record["s3"]["bucket"]["name"], &record["s3"]["object"]);
        println!("{} in {}", object["key"], bucket);
        let size = object["size"].as_u64().unwrap_or_default();
        *bytes
            .entry(bucket.as_str().unwrap_or_default())
            .or_default() += size;
    }
    Ok(json!({ "bytes": bytes, "request": event.context.request_id }))
}
