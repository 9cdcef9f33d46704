//! The record that a function gets of an event, as S3 writes it.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use stave_core::events::NewEvent;
use stave_core::events::platform::{ObjectChange, object_change};
use stave_store::ObjectEvent;

/// Where the events happen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub account: &'a str,
    pub region: &'a str,
}

/// The outbox does not keep who asked for what from where: it is the account itself, from here.
const SOURCE_IP: &str = "127.0.0.1";
/// Who deletes what has expired.
const LIFECYCLE: &str = "s3.amazonaws.com";

/// `{"Records": […]}` with the record of one event.
pub(super) fn records(place: Place<'_>, event: &ObjectEvent, configuration_id: &str) -> String {
    json!({"Records": [record(place, event, configuration_id)]}).to_string()
}

fn record(place: Place<'_>, event: &ObjectEvent, configuration_id: &str) -> Value {
    let is_lifecycle = event.name.starts_with("LifecycleExpiration:");
    let principal = if is_lifecycle {
        LIFECYCLE.to_owned()
    } else {
        format!("AWS:{}", place.account)
    };
    // Version 2.3 is that of events that came later; it has the same members.
    let version = if is_lifecycle || event.name.starts_with("ObjectTagging:") {
        "2.3"
    } else {
        "2.1"
    };
    let (request_id, host_id) = request_ids(event);
    json!({
        "eventVersion": version,
        "eventSource": "aws:s3",
        "awsRegion": place.region,
        "eventTime": event.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "eventName": event.name,
        "userIdentity": {"principalId": principal},
        "requestParameters": {"sourceIPAddress": SOURCE_IP},
        "responseElements": {"x-amz-request-id": request_id, "x-amz-id-2": host_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": event.bucket.as_str(),
                "ownerIdentity": {"principalId": place.account},
                "arn": event.bucket.arn(),
            },
            "object": object(event),
        },
    })
}

fn object(event: &ObjectEvent) -> Map<String, Value> {
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
    set("key", Value::from(encoded(event.key.as_str())));
    if let Some(size) = event.size {
        set("size", Value::from(size));
    }
    if let Some(etag) = &event.etag {
        set("eTag", Value::from(etag.as_str()));
    }
    if let Some(version) = &event.version_id {
        set("versionId", Value::from(version.as_str()));
    }
    set("sequencer", Value::from(event.sequencer()));
    object
}

/// The event as EventBridge is told it.
pub(super) fn bridged(place: Place<'_>, event: &ObjectEvent) -> Option<NewEvent> {
    let requester = if event.name.starts_with("LifecycleExpiration:") {
        LIFECYCLE
    } else {
        place.account
    };
    object_change(&ObjectChange {
        name: &event.name,
        bucket: event.bucket.as_str(),
        key: event.key.as_str(),
        size: event.size,
        etag: event.etag.as_deref(),
        version_id: event.version_id.as_deref(),
        sequencer: &event.sequencer(),
        request_id: &request_ids(event).0,
        requester,
        source_ip: SOURCE_IP,
        at: event.at,
    })
}

/// Ids in the forms of a request's, always the same for an event.
fn request_ids(event: &ObjectEvent) -> (String, String) {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(format!("{}/{}#{}", event.bucket, event.key, event.seq));
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let request_id = digest[..16].iter().map(letter).collect();
    (request_id, STANDARD.encode(digest))
}

/// A key as it stands in a record: encoded as forms are, but for its slashes.
fn encoded(key: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' | b'/' => {
                text.push(char::from(byte));
            }
            b' ' => text.push('+'),
            other => {
                text.push('%');
                text.extend(
                    [other >> 4, other & 15].map(|half| char::from(HEX[usize::from(half)])),
                );
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_s3_does() {
        for (key, expected) in [
            ("a/b.json", "a/b.json"),
            (
                "raw_data/to_processed/spotify_raw_2026-11-21 10:00:00.123456.json",
                "raw_data/to_processed/spotify_raw_2026-11-21+10%3A00%3A00.123456.json",
            ),
            ("ä+&=?#~(1)*", "%C3%A4%2B%26%3D%3F%23%7E%281%29*"),
            ("100%", "100%25"),
        ] {
            assert_eq!(encoded(key), expected);
        }
    }
}
