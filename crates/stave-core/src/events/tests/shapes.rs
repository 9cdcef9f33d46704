//! What events look like.

use super::*;
use crate::events::platform::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn change() -> ObjectChange<'static> {
    ObjectChange {
        name: "ObjectCreated:Put",
        bucket: "lake",
        key: "raw data/a:b.json",
        size: Some(5),
        etag: Some("b1946ac92492d2347c6235b4d2611184"),
        version_id: None,
        sequencer: "0000000000000001",
        request_id: "N4N7GDK58NMKJ12R",
        requester: "123456789012",
        source_ip: "127.0.0.1",
        at: at("2026-11-21T10:00:00.5Z"),
    }
}

#[test]
fn an_object_created_is_told_as_s3_does() {
    let said = object_change(&change()).expect("told");
    let at = said.at.expect("a time");
    let event = Event {
        id: "17793124-05d4-b198-2fde-7ededc63b103".to_owned(),
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        at,
        said,
    };
    let expected = r#"{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created","source":"aws.s3","account":"123456789012","time":"2026-11-21T10:00:00Z","region":"us-east-1","resources":["arn:aws:s3:::lake"],"detail":{"version":"0","bucket":{"name":"lake"},"object":{"key":"raw data/a:b.json","size":5,"etag":"b1946ac92492d2347c6235b4d2611184","sequencer":"0000000000000001"},"request-id":"N4N7GDK58NMKJ12R","requester":"123456789012","source-ip-address":"127.0.0.1","reason":"PutObject"}}"#;
    assert_eq!(event.to_json().to_string(), expected);
}

#[test]
fn each_change_of_an_object_has_its_name_and_reason() {
    for (name, detail_type, reason, deletion) in [
        (
            "ObjectCreated:Copy",
            "Object Created",
            json!("CopyObject"),
            json!(null),
        ),
        (
            "ObjectCreated:Post",
            "Object Created",
            json!("POST Object"),
            json!(null),
        ),
        (
            "ObjectCreated:CompleteMultipartUpload",
            "Object Created",
            json!("CompleteMultipartUpload"),
            json!(null),
        ),
        (
            "ObjectRemoved:Delete",
            "Object Deleted",
            json!("DeleteObject"),
            json!("Permanently Deleted"),
        ),
        (
            "ObjectRemoved:DeleteMarkerCreated",
            "Object Deleted",
            json!("DeleteObject"),
            json!("Delete Marker Created"),
        ),
        (
            "LifecycleExpiration:Delete",
            "Object Deleted",
            json!("Lifecycle Expiration"),
            json!("Permanently Deleted"),
        ),
        (
            "ObjectTagging:Put",
            "Object Tags Added",
            json!(null),
            json!(null),
        ),
    ] {
        let said = object_change(&ObjectChange { name, ..change() }).expect(name);
        let detail = Value::Object(said.detail);
        assert_eq!(said.detail_type, detail_type, "{name}");
        assert_eq!(detail["reason"], reason, "{name}");
        assert_eq!(detail["deletion-type"], deletion, "{name}");
    }
    assert!(
        object_change(&ObjectChange {
            name: "Other:Thing",
            ..change()
        })
        .is_none()
    );
    let tagged = object_change(&ObjectChange {
        name: "ObjectTagging:Delete",
        ..change()
    });
    assert!(
        tagged.expect("told").detail["object"]
            .get("sequencer")
            .is_none()
    );
}

#[test]
fn the_other_services_tell_what_they_did() {
    let failed = job_state("etl", "jr_1", "FAILED", Some("no such bucket"));
    assert_eq!(
        (failed.source.as_str(), failed.detail_type.as_str()),
        ("aws.glue", "Glue Job State Change")
    );
    assert_eq!(
        Value::Object(failed.detail),
        json!({"jobName": "etl", "severity": "ERROR", "state": "FAILED", "jobRunId": "jr_1",
            "message": "no such bucket"})
    );
    let crawled = crawler_state(
        "123456789012",
        "c",
        CrawlChange::Succeeded(CrawlFigures {
            running_seconds: 7,
            tables: [1, 0, 0],
            partitions: [2, 0, 0],
        }),
    );
    assert_eq!(crawled.detail["tablesCreated"], "1");
    assert_eq!(crawled.detail["runningTime (sec)"], "7");
    assert_eq!(crawled.detail["state"], "Succeeded");
    let began = crawler_state("1", "c", CrawlChange::Started(at("2026-11-21T10:00:00Z")));
    assert_eq!(began.detail["startTime"], "2026-11-21T10:00:00Z");
    let query = query_state(&QueryChange {
        id: "q",
        statement_type: "DML",
        workgroup: "primary",
        previous: Some("RUNNING"),
        current: "SUCCEEDED",
        sequence: 3,
        error: None,
    });
    assert_eq!(
        Value::Object(query.detail),
        json!({"versionId": "0", "currentState": "SUCCEEDED", "previousState": "RUNNING",
            "statementType": "DML", "queryExecutionId": "q", "workgroupName": "primary",
            "sequenceNumber": "3"})
    );
    let state = |value| AlarmState {
        value,
        reason: "Threshold Crossed",
        reason_data: None,
        at: at("2026-11-21T10:00:00.985Z"),
    };
    let alarm = alarm_state(
        "arn:a",
        "high",
        state("OK"),
        state("ALARM"),
        &json!({"metrics": []}),
    );
    assert_eq!(alarm.resources, ["arn:a"]);
    assert_eq!(
        alarm.detail["state"]["timestamp"],
        "2026-11-21T10:00:00.985+0000"
    );
    assert_eq!(alarm.detail["previousState"]["value"], "OK");
}
