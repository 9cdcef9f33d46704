//! Event buses.

use jiff::Timestamp;
use stave_core::{Caller, Error, Result};
use stave_store::eventing::{Document, Kind, Rows};

use super::documents::{BusText, read, write};
use super::errors::{limit, no_bus, validation};
use super::names::{Page, PageRequest, Tags, check_length, check_name, check_tags};
use super::tags::request_tags;
use super::{DEFAULT, Schedules};

/// How many buses there may be.
const MAX_BUSES: usize = 100;
/// How many tags a bus or a rule may have.
pub(super) const MAX_TAGS: usize = 50;

/// A bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bus {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its resource policy, a JSON text.
    pub policy: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A bus to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewBus {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Schedules {
    /// Makes a bus (`CreateEventBus`).
    pub fn create_event_bus(&self, caller: &Caller, new: &NewBus) -> Result<Bus> {
        let arn = self.bus_arn(&new.name);
        caller.may_given("events:CreateEventBus", &arn, &request_tags(&new.tags))?;
        if new.name.contains('/') {
            return Err(validation("Event bus name must not contain '/'."));
        }
        check_name("name", &new.name, 256)?;
        check_length("description", new.description.as_deref(), 512)?;
        check_tags(&new.tags, MAX_TAGS)?;
        let text = write(&BusText {
            description: new.description.clone(),
            policy: None,
            tags: new.tags.clone(),
        })?;
        self.store().eventing_write(|rows| {
            if rows.document(Kind::Bus, "", &new.name)?.is_some() {
                return Err(Error::already_exists(format!(
                    "Event bus {} already exists.",
                    new.name
                ))
                .coded("ResourceAlreadyExistsException"));
            }
            if rows.count_documents(Kind::Bus, "")? >= MAX_BUSES {
                return Err(limit(
                    "The requested resource exceeds the maximum number allowed.",
                ));
            }
            rows.add_document(Kind::Bus, "", &new.name, &text)
        })?;
        self.store()
            .eventing_read(|rows| self.bus(&bus_document(rows, &new.name)?))
    }

    /// What is known of a bus (`DescribeEventBus`).
    pub fn describe_event_bus(&self, caller: &Caller, name: Option<&str>) -> Result<Bus> {
        let name = self.bus_name(name)?;
        caller.may("events:DescribeEventBus", &self.bus_arn(name))?;
        self.store()
            .eventing_read(|rows| self.bus(&bus_document(rows, name)?))
    }

    /// Describes a bus anew (`UpdateEventBus`).
    pub fn update_event_bus(
        &self,
        caller: &Caller,
        name: Option<&str>,
        description: Option<&str>,
    ) -> Result<Bus> {
        let name = self.bus_name(name)?;
        caller.may("events:UpdateEventBus", &self.bus_arn(name))?;
        check_length("description", description, 512)?;
        self.change_bus(name, |text| {
            text.description = description.map(str::to_owned);
            Ok(())
        })?;
        self.store()
            .eventing_read(|rows| self.bus(&bus_document(rows, name)?))
    }

    /// Removes a bus; not an error where there is none (`DeleteEventBus`).
    pub fn delete_event_bus(&self, caller: &Caller, name: &str) -> Result<()> {
        caller.may("events:DeleteEventBus", &self.bus_arn(name))?;
        check_name("name", name, 256)?;
        if name == DEFAULT {
            return Err(validation("Cannot delete event bus default."));
        }
        self.store().eventing_write(|rows| {
            if rows.count_documents(Kind::Rule, name)? > 0 {
                return Err(validation(format!(
                    "Event bus {name} can't be deleted since it has rules."
                )));
            }
            rows.remove_document(Kind::Bus, "", name).map(drop)
        })
    }

    /// A page of the buses, by name (`ListEventBuses`).
    pub fn list_event_buses(
        &self,
        caller: &Caller,
        prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Bus>> {
        caller.may("events:ListEventBuses", "*")?;
        let (after, max) = (page.after()?, page.max()?);
        let found = self.store().eventing_read(|rows| {
            rows.documents(Kind::Bus, "", prefix.unwrap_or_default(), &after, max + 1)
        })?;
        page.page(found, |document| document.name.clone())?
            .try_map(|document| self.bus(&document))
    }

    /// Changes what is kept of a bus.
    pub(super) fn change_bus(
        &self,
        name: &str,
        change: impl FnOnce(&mut BusText) -> Result<()>,
    ) -> Result<()> {
        self.store().eventing_write(|rows| {
            let mut text: BusText = read(&bus_document(rows, name)?.text)?;
            change(&mut text)?;
            rows.put_document(Kind::Bus, "", name, &write(&text)?)
        })
    }

    fn bus(&self, document: &Document) -> Result<Bus> {
        let text: BusText = read(&document.text)?;
        Ok(Bus {
            name: document.name.clone(),
            arn: self.bus_arn(&document.name),
            description: text.description,
            policy: text.policy.map(|policy| policy.to_string()),
            created_at: document.created_at,
            updated_at: document.updated_at,
        })
    }
}

/// The document of a bus.
pub(super) fn bus_document(rows: &Rows<'_>, name: &str) -> Result<Document> {
    rows.document(Kind::Bus, "", name)?
        .ok_or_else(|| no_bus(name))
}
