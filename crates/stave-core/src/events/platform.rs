//! What the platform itself says on the default bus, in the shapes of AWS's services.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
//! <https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html>
//! <https://docs.aws.amazon.com/athena/latest/ug/athena-events.html>
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{NewEvent, seconds};

/// Something that happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectChange<'a> {
    /// S3's name of it, without `s3:`: `ObjectCreated:Put`.
    pub name: &'a str,
    /// The bucket's name.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// The size in bytes, of what was created.
    pub size: Option<u64>,
    /// The ETag without quotes, where there is one.
    pub etag: Option<&'a str>,
    /// The version, in a bucket that is or was versioned.
    pub version_id: Option<&'a str>,
    /// The place among the events of the key.
    pub sequencer: &'a str,
    /// The id of the request that did it.
    pub request_id: &'a str,
    /// The account of who did it.
    pub requester: &'a str,
    /// Where the request came from.
    pub source_ip: &'a str,
    /// When.
    pub at: Timestamp,
}

/// `Object Created`, `Object Deleted`, `Object Tags Added` …; none for what S3 does not tell
/// EventBridge.
pub fn object_change(change: &ObjectChange<'_>) -> Option<NewEvent> {
    let (kind, how) = change.name.split_once(':')?;
    let (detail_type, reason) = match (kind, how) {
        ("ObjectCreated", "Put") => ("Object Created", Some("PutObject")),
        ("ObjectCreated", "Post") => ("Object Created", Some("POST Object")),
        ("ObjectCreated", "Copy") => ("Object Created", Some("CopyObject")),
        ("ObjectCreated", how) => ("Object Created", Some(how)),
        ("ObjectRemoved", _) => ("Object Deleted", Some("DeleteObject")),
        ("LifecycleExpiration", _) => ("Object Deleted", Some("Lifecycle Expiration")),
        ("ObjectTagging", "Put") => ("Object Tags Added", None),
        ("ObjectTagging", "Delete") => ("Object Tags Deleted", None),
        _ => return None,
    };
    let is_tagging = kind == "ObjectTagging";
    let mut object = Map::new();
    object.insert("key".to_owned(), Value::from(change.key));
    if let Some(size) = change.size.filter(|_| !is_tagging) {
        object.insert("size".to_owned(), Value::from(size));
    }
    if let Some(etag) = change.etag {
        object.insert("etag".to_owned(), Value::from(etag));
    }
    if let Some(version) = change.version_id {
        object.insert("version-id".to_owned(), Value::from(version));
    }
    if !is_tagging {
        object.insert("sequencer".to_owned(), Value::from(change.sequencer));
    }
    let mut detail = json!({
        "version": "0",
        "bucket": {"name": change.bucket},
        "object": object,
        "request-id": change.request_id,
        "requester": change.requester,
        "source-ip-address": change.source_ip,
    });
    if let Some(reason) = reason {
        detail["reason"] = Value::from(reason);
    }
    if detail_type == "Object Deleted" {
        detail["deletion-type"] = Value::from(if how == "DeleteMarkerCreated" {
            "Delete Marker Created"
        } else {
            "Permanently Deleted"
        });
    }
    let bucket = vec![format!("arn:aws:s3:::{}", change.bucket)];
    Some(NewEvent::new("aws.s3", detail_type, bucket, detail).at(change.at))
}

/// `Glue Job State Change`: a run of a job has ended. `state` is Glue's: `SUCCEEDED`.
pub fn job_state(job: &str, run_id: &str, state: &str, error: Option<&str>) -> NewEvent {
    let (severity, message) = match state {
        "SUCCEEDED" => ("INFO", "Job run succeeded"),
        "STOPPED" => ("INFO", "Job run stopped"),
        "TIMEOUT" => ("WARN", "Job run timed out"),
        _ => ("ERROR", "Job run failed"),
    };
    let detail = json!({
        "jobName": job,
        "severity": severity,
        "state": state,
        "jobRunId": run_id,
        "message": error.unwrap_or(message),
    });
    NewEvent::new("aws.glue", "Glue Job State Change", Vec::new(), detail)
}

/// How a crawl stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrawlChange<'a> {
    /// It has begun.
    Started(Timestamp),
    /// It has ended as it should.
    Succeeded(CrawlFigures),
    /// It has ended with an error.
    Failed(&'a str),
}

/// What a crawl did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CrawlFigures {
    /// How long it took.
    pub running_seconds: u64,
    /// Tables made, changed and deleted.
    pub tables: [u64; 3],
    /// Partitions made, changed and deleted.
    pub partitions: [u64; 3],
}

/// `Glue Crawler State Change`.
pub fn crawler_state(account: &str, crawler: &str, change: CrawlChange<'_>) -> NewEvent {
    let detail = match change {
        CrawlChange::Started(at) => json!({
            "accountId": account,
            "crawlerName": crawler,
            "startTime": seconds(at),
            "state": "Started",
            "message": "Crawler Started",
        }),
        CrawlChange::Succeeded(figures) => {
            let [tables_created, tables_updated, tables_deleted] = figures.tables;
            let [created, updated, deleted] = figures.partitions;
            json!({
                "tablesCreated": tables_created.to_string(),
                "warningMessage": "N/A",
                "partitionsUpdated": updated.to_string(),
                "tablesUpdated": tables_updated.to_string(),
                "message": "Crawler Succeeded",
                "partitionsDeleted": deleted.to_string(),
                "accountId": account,
                "runningTime (sec)": figures.running_seconds.to_string(),
                "tablesDeleted": tables_deleted.to_string(),
                "crawlerName": crawler,
                "state": "Succeeded",
                "partitionsCreated": created.to_string(),
            })
        }
        CrawlChange::Failed(error) => json!({
            "crawlerName": crawler,
            "errorMessage": error,
            "accountId": account,
            "state": "Failed",
            "message": "Crawler Failed",
        }),
    };
    NewEvent::new("aws.glue", "Glue Crawler State Change", Vec::new(), detail)
}

/// A query's step from one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryChange<'a> {
    /// The query's id.
    pub id: &'a str,
    /// `DDL`, `DML` or `UTILITY`.
    pub statement_type: &'a str,
    /// The workgroup's name.
    pub workgroup: &'a str,
    /// The state before; none for the first.
    pub previous: Option<&'a str>,
    /// The state now: `QUEUED`, `RUNNING`, `SUCCEEDED`, `FAILED`, `CANCELLED`.
    pub current: &'a str,
    /// Which step it is, from 1.
    pub sequence: u32,
    /// What went wrong, in a query that failed.
    pub error: Option<&'a str>,
}

/// `Athena Query State Change`.
pub fn query_state(change: &QueryChange<'_>) -> NewEvent {
    let mut detail = json!({
        "versionId": "0",
        "currentState": change.current,
    });
    if let Some(previous) = change.previous {
        detail["previousState"] = Value::from(previous);
    }
    detail["statementType"] = Value::from(change.statement_type);
    detail["queryExecutionId"] = Value::from(change.id);
    detail["workgroupName"] = Value::from(change.workgroup);
    detail["sequenceNumber"] = Value::from(change.sequence.to_string());
    if let Some(error) = change.error {
        detail["athenaError"] = json!({"errorMessage": error});
    }
    NewEvent::new(
        "aws.athena",
        "Athena Query State Change",
        Vec::new(),
        detail,
    )
}

/// A state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmState<'a> {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub value: &'a str,
    /// Why, in words.
    pub reason: &'a str,
    /// Why, as a JSON text.
    pub reason_data: Option<&'a str>,
    /// Since when.
    pub at: Timestamp,
}

impl AlarmState<'_> {
    /// As events and functions are told of it.
    pub fn to_json(self) -> Value {
        let mut state = json!({"value": self.value, "reason": self.reason});
        if let Some(data) = self.reason_data {
            state["reasonData"] = Value::from(data);
        }
        let at = self.at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string();
        state["timestamp"] = Value::from(at);
        state
    }
}

/// `CloudWatch Alarm State Change`; `configuration` is what the alarm looks at.
pub fn alarm_state(
    arn: &str,
    name: &str,
    previous: AlarmState<'_>,
    now: AlarmState<'_>,
    configuration: &Value,
) -> NewEvent {
    let detail = json!({
        "alarmName": name,
        "state": now.to_json(),
        "previousState": previous.to_json(),
        "configuration": configuration,
    });
    let alarm = vec![arn.to_owned()];
    NewEvent::new(
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        alarm,
        detail,
    )
    .at(now.at)
}

/// `Scheduled Event`: the rule of that ARN is due.
pub fn scheduled(rule_arn: &str, due_at: Timestamp) -> NewEvent {
    let rule = vec![rule_arn.to_owned()];
    NewEvent::new("aws.events", "Scheduled Event", rule, json!({})).at(due_at)
}
