//! An event: who says what about which resources.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::seconds;

/// What somebody says, before it is an event of a bus.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Who says it: `aws.s3`, `com.example.orders`.
    pub source: String,
    /// What is in the detail: `Object Created`.
    pub detail_type: String,
    /// The ARNs that it is about.
    pub resources: Vec<String>,
    /// What is said, as an object.
    pub detail: Map<String, Value>,
    /// When it was, if not now.
    pub at: Option<Timestamp>,
}

impl NewEvent {
    /// What `source` says, of the type `detail_type`. A detail that is no object becomes empty.
    pub fn new(source: &str, detail_type: &str, resources: Vec<String>, detail: Value) -> Self {
        Self {
            source: source.to_owned(),
            detail_type: detail_type.to_owned(),
            resources,
            detail: match detail {
                Value::Object(detail) => detail,
                _ => Map::new(),
            },
            at: None,
        }
    }

    /// The same, of another time than now.
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }
}

/// An event of a bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id, a UUID.
    pub id: String,
    /// The account that it comes from.
    pub account: String,
    /// The region that it comes from.
    pub region: String,
    /// When it was.
    pub at: Timestamp,
    /// What it says.
    pub said: NewEvent,
}

impl Event {
    /// The event as patterns see it and targets get it.
    pub fn to_json(&self) -> Value {
        json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.said.detail_type,
            "source": self.said.source,
            "account": self.account,
            "time": seconds(self.at),
            "region": self.region,
            "resources": self.said.resources,
            "detail": self.said.detail,
        })
    }
}
