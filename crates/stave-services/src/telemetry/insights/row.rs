//! A row on its way through a query: an event with the fields that commands have added, or the
//! outcome of a `stats`.

use std::cell::OnceCell;
use std::rc::Rc;

use serde_json::Value as Json;

use super::value::Value;

/// An event that a query looks at.
#[derive(Debug, Clone)]
pub(in crate::telemetry) struct Event<'a> {
    pub(in crate::telemetry) at_ms: i64,
    pub(in crate::telemetry) ingested_ms: i64,
    pub(in crate::telemetry) id: String,
    pub(in crate::telemetry) stream: &'a str,
    pub(in crate::telemetry) log: &'a str,
    pub(in crate::telemetry) message: &'a str,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    event: Option<Rc<Source>>,
    /// What commands have added; of one name the last counts.
    added: Vec<(String, Value)>,
    /// What the row shows, where a command has said.
    pub(super) shown: Option<Vec<String>>,
}

#[derive(Debug)]
struct Source {
    at_ms: i64,
    ingested_ms: i64,
    id: String,
    stream: String,
    log: String,
    message: String,
    json: OnceCell<Option<Json>>,
}

impl Row {
    pub(super) fn of(event: &Event<'_>) -> Self {
        Self {
            event: Some(Rc::new(Source {
                at_ms: event.at_ms,
                ingested_ms: event.ingested_ms,
                id: event.id.clone(),
                stream: event.stream.to_owned(),
                log: event.log.to_owned(),
                message: event.message.to_owned(),
                json: OnceCell::new(),
            })),
            ..Self::default()
        }
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        match self.added.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.added.push((name.to_owned(), value)),
        }
    }

    pub(super) fn show(&mut self, name: &str) {
        let shown = self.shown.get_or_insert_default();
        if !shown.iter().any(|known| known == name) {
            shown.push(name.to_owned());
        }
    }

    pub(super) fn get(&self, name: &str) -> Value {
        if let Some((_, value)) = self.added.iter().find(|(known, _)| known == name) {
            return value.clone();
        }
        match &self.event {
            Some(event) => event.get(name),
            None => Value::Null,
        }
    }

    /// The row as an answer shows it; fields without a value are left out.
    pub(super) fn result(&self) -> Vec<(String, String)> {
        let default = ["@timestamp".to_owned(), "@message".to_owned()];
        let shown = match (&self.shown, &self.event) {
            (Some(shown), _) => shown.as_slice(),
            (None, Some(_)) => default.as_slice(),
            (None, None) => &[],
        };
        let mut result = Vec::with_capacity(shown.len() + 1);
        for name in shown {
            let value = self.get(name);
            if !value.is_null() {
                result.push((name.clone(), value.text()));
            }
        }
        if let Some(event) = &self.event {
            result.push(("@ptr".to_owned(), event.id.clone()));
        }
        result
    }
}

impl Source {
    fn get(&self, name: &str) -> Value {
        match name {
            "@timestamp" => Value::Time(self.at_ms),
            "@ingestionTime" => Value::Time(self.ingested_ms),
            "@message" => Value::Text(self.message.clone()),
            "@logStream" => Value::Text(self.stream.clone()),
            "@log" => Value::Text(self.log.clone()),
            "@ptr" => Value::Text(self.id.clone()),
            _ => match name.strip_prefix('@') {
                Some(name) => self.of_lambda(name),
                None => self.of_json(name),
            },
        }
    }

    /// A field of a JSON message by its path: `userIdentity.type`, `requests.0.id`.
    fn of_json(&self, path: &str) -> Value {
        let read = || {
            // What stands before the JSON (`[INFO] {"a": 1}`) is left out.
            let start = self.message.find('{')?;
            serde_json::from_str(self.message.get(start..)?).ok()
        };
        let Some(mut at) = self.json.get_or_init(read).as_ref() else {
            return Value::Null;
        };
        let mut rest = path;
        while !rest.is_empty() {
            // A name may hold dots itself.
            if let Some(value) = at.get(rest) {
                at = value;
                break;
            }
            let (name, after) = rest.split_once('.').unwrap_or((rest, ""));
            let next = match at {
                Json::Array(elements) => name.parse().ok().and_then(|n: usize| elements.get(n)),
                other => other.get(name),
            };
            let Some(next) = next else {
                return Value::Null;
            };
            at = next;
            rest = after;
        }
        match at {
            Json::Null => Value::Null,
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Number(number) => number.as_f64().map_or(Value::Null, Value::Number),
            Json::String(text) => Value::Text(text.clone()),
            other => Value::Text(other.to_string()),
        }
    }

    /// A field that Insights finds in the lines of Lambda: `START`, `END`, `REPORT`.
    fn of_lambda(&self, name: &str) -> Value {
        let message = self.message.as_str();
        let kind = message.split(' ').next().unwrap_or_default();
        if !matches!(kind, "START" | "END" | "REPORT") {
            return Value::Null;
        }
        let after = |label: &str| {
            let (_, rest) = message.split_once(label)?;
            rest.split_whitespace().next()
        };
        let number = |label: &str, factor: f64| {
            let number: f64 = after(label)?.parse().ok()?;
            Some(Value::Number(number * factor))
        };
        let megabyte = 1_000_000.0;
        let value = match name {
            "type" => Some(Value::Text(kind.to_owned())),
            "requestId" => after("RequestId: ").map(|id| Value::Text(id.to_owned())),
            "duration" => number("\tDuration: ", 1.0),
            "billedDuration" => number("Billed Duration: ", 1.0),
            "initDuration" => number("Init Duration: ", 1.0),
            "memorySize" => number("Memory Size: ", megabyte),
            "maxMemoryUsed" => number("Max Memory Used: ", megabyte),
            _ => None,
        };
        value.unwrap_or(Value::Null)
    }
}
