//! Events that come in: from callers, and from the platform itself.

use jiff::Timestamp;
use serde_json::{Map, Value};
use stave_core::events::{Event, EventPattern, FlatEvent, NewEvent};
use stave_core::iam::Context;
use stave_core::{Caller, ErrorKind, Result};

use super::errors::validation;
use super::route::Routed;
use super::{DEFAULT, Schedules};

/// How many entries one request may have.
const MAX_ENTRIES: usize = 10;
/// How large the entries of one request may be together, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// What a time counts for.
const TIME_BYTES: usize = 14;
/// What only AWS's services say.
const RESERVED: &str = "aws.";

/// An event that a caller puts on a bus.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventEntry {
    /// When it was; now unless said.
    pub at: Option<Timestamp>,
    /// Who says it.
    pub source: Option<String>,
    /// The ARNs that it is about.
    pub resources: Vec<String>,
    /// What is in the detail.
    pub detail_type: Option<String>,
    /// What is said: a JSON object as text.
    pub detail: Option<String>,
    /// The name or ARN of the bus; the default one unless said.
    pub bus: Option<String>,
}

/// What became of an entry: the event's id, or AWS's code and message.
pub type EventResult = std::result::Result<String, (&'static str, String)>;

impl EventEntry {
    /// What it counts for, as AWS counts it.
    fn bytes(&self) -> usize {
        let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.at.map_or(0, |_| TIME_BYTES)
            + of(&self.source)
            + of(&self.detail_type)
            + of(&self.detail)
            + self.resources.iter().map(String::len).sum::<usize>()
    }

    fn keys(&self) -> Context {
        let mut keys = Context::new();
        if let Some(source) = &self.source {
            keys.set("events:source", source);
        }
        if let Some(detail_type) = &self.detail_type {
            keys.set("events:detail-type", detail_type);
        }
        keys
    }

    /// What is said, or what is wrong with it.
    fn said(&self) -> std::result::Result<NewEvent, (&'static str, String)> {
        let needed = |member: &str, value: &Option<String>| {
            value.clone().filter(|text| !text.is_empty()).ok_or_else(|| {
                (
                    "InvalidArgument",
                    format!(
                        "Parameter {member} is not valid. Reason: {member} is a required argument."
                    ),
                )
            })
        };
        let source = needed("Source", &self.source)?;
        let detail_type = needed("DetailType", &self.detail_type)?;
        let detail = needed("Detail", &self.detail)?;
        if source.starts_with(RESERVED) {
            return Err((
                "NotAuthorizedForSourceException",
                "Not authorized for the source.".to_owned(),
            ));
        }
        if detail_type.chars().count() > 128 {
            return Err((
                "InvalidArgument",
                "Parameter DetailType is not valid. Reason: DetailType has more than 128 \
                 characters."
                    .to_owned(),
            ));
        }
        let detail: Map<String, Value> = serde_json::from_str(&detail)
            .map_err(|_| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
        Ok(NewEvent {
            source,
            detail_type,
            resources: self.resources.clone(),
            detail,
            at: self.at,
        })
    }
}

impl Schedules {
    /// Puts events on buses; says what became of each (`PutEvents`).
    pub fn put_events(&self, caller: &Caller, entries: &[EventEntry]) -> Result<Vec<EventResult>> {
        for entry in entries {
            // The ARN of a bus elsewhere is nobody's: there is no bus to be found.
            let bus = self.bus_name(entry.bus.as_deref()).unwrap_or(DEFAULT);
            self.permit_on_bus(caller, "events:PutEvents", bus, &entry.keys())?;
        }
        if entries.is_empty() || entries.len() > MAX_ENTRIES {
            let (word, bound) = match entries.len() {
                0 => ("greater", 1),
                _ => ("less", MAX_ENTRIES),
            };
            return Err(validation(format!(
                "1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed \
                 to satisfy constraint: Member must have length {word} than or equal to {bound}"
            )));
        }
        if entries.iter().map(EventEntry::bytes).sum::<usize>() > MAX_BYTES {
            return Err(validation(
                "Total size of the entries in the request is over the limit.",
            ));
        }
        let mut routed = Routed::default();
        let mut results = Vec::with_capacity(entries.len());
        for entry in entries {
            results.push(self.accept(entry, &mut routed)?);
        }
        self.queue(&routed)?;
        Ok(results)
    }

    fn accept(&self, entry: &EventEntry, routed: &mut Routed) -> Result<EventResult> {
        let said = match entry.said() {
            Ok(said) => said,
            Err(fault) => return Ok(Err(fault)),
        };
        let now = self.store().clock_now();
        let event = self.event(said, now);
        let id = event.id.clone();
        // An event for a bus that is not there is accepted and lost, as AWS does.
        let Ok(bus) = self.bus_name(entry.bus.as_deref()) else {
            return Ok(Ok(id));
        };
        match self.route(bus, &event.to_json(), now, false) {
            Ok(more) => routed.extend(more),
            Err(error) if error.kind() == ErrorKind::LimitExceeded => {
                return Ok(Err(("InternalFailure", error.message().to_owned())));
            }
            Err(error) => return Err(error),
        }
        Ok(Ok(id))
    }

    /// Puts what the platform says on the default bus, as AWS's services do. For services only.
    pub fn put_platform_events(&self, said: Vec<NewEvent>) -> Result<()> {
        self.queue(&self.route_platform_events(said)?)
    }

    /// What the targets of the default bus's rules are to be given of what the platform says.
    pub(crate) fn route_platform_events(&self, said: Vec<NewEvent>) -> Result<Routed> {
        let now = self.store().clock_now();
        let mut routed = Routed::default();
        for said in said {
            let event = self.event(said, now).to_json();
            routed.extend(self.route(DEFAULT, &event, now, false)?);
        }
        Ok(routed)
    }

    /// Queues deliveries and, in the same transaction, notes that `consumer` is done with the
    /// object events that they come from; `false` when somebody else has done the same.
    pub(crate) fn queue_object_events(
        &self,
        routed: &Routed,
        consumer: &str,
        (first, last): (u64, u64),
    ) -> Result<bool> {
        let is_first = self.store().eventing_write(|rows| {
            if !rows.pass_object_events(consumer, first, last)? {
                return Ok(false);
            }
            for delivery in &routed.deliveries {
                rows.add_delivery(delivery)?;
            }
            Ok(true)
        })?;
        if is_first {
            self.count_matches(&routed.matches);
        }
        self.0.work.notify_one();
        Ok(is_first)
    }

    fn queue(&self, routed: &Routed) -> Result<()> {
        if !routed.deliveries.is_empty() {
            self.store().eventing_write(|rows| {
                for delivery in &routed.deliveries {
                    rows.add_delivery(delivery)?;
                }
                Ok(())
            })?;
            self.0.work.notify_one();
        }
        self.count_matches(&routed.matches);
        Ok(())
    }

    /// What is said, as an event of this account and region.
    pub(super) fn event(&self, said: NewEvent, now: Timestamp) -> Event {
        Event {
            id: self.new_id(),
            account: self.account().to_owned(),
            region: self.region().to_owned(),
            at: said.at.unwrap_or(now),
            said,
        }
    }

    /// A new UUID.
    pub(super) fn new_id(&self) -> String {
        stave_core::ids::uuid_of(self.store().event_id())
    }

    /// Whether a pattern matches an event (`TestEventPattern`).
    pub fn test_event_pattern(&self, caller: &Caller, pattern: &str, event: &str) -> Result<bool> {
        caller.may("events:TestEventPattern", "*")?;
        let pattern = EventPattern::parse(pattern)?;
        let wrong = || validation("Parameter Event is not valid.");
        let event: Value = serde_json::from_str(event).map_err(|_| wrong())?;
        // AWS asks for all of them in an event that is tested.
        let members = ["id", "account", "source", "time", "region", "detail-type"];
        if !members.iter().all(|member| event[*member].is_string()) {
            return Err(wrong().hint(format!(
                "an event is an object with the members {}",
                members.join(", ")
            )));
        }
        pattern.matches(&FlatEvent::new(&event))
    }
}
