//! Dashboards, as they are stored.

use stave_core::{Caller, Error, Result};
use stave_store::telemetry::DashboardRow;

use super::errors::invalid_value;
use super::pages::page;
use super::{Page, PageRequest, Telemetry};

/// The largest dashboard, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What is on it, as JSON.
    pub body: String,
}

/// A dashboard in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardEntry {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was last put, in milliseconds since 1970.
    pub updated_ms: i64,
    /// Its size in bytes.
    pub size: usize,
}

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidParameterInput")
}

fn no_such(name: &str) -> Error {
    Error::not_found(format!("Dashboard {name} does not exist")).coded("DashboardNotFoundError")
}

impl Telemetry {
    fn dashboard_arn(&self, name: &str) -> String {
        format!("arn:aws:cloudwatch::{}:dashboard/{name}", self.0.account)
    }

    /// Writes a dashboard, in the place of the one of its name if there is one.
    pub fn put_dashboard(&self, caller: &Caller, name: &str, body: &str) -> Result<()> {
        caller.may("cloudwatch:PutDashboard", &self.dashboard_arn(name))?;
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !(1..=255).contains(&name.len()) || !name.chars().all(known) {
            return Err(invalid(format!(
                "the dashboard name \"{name}\" is not 1 to 255 letters, digits, - and _"
            )));
        }
        if body.len() > MAX_BODY_BYTES {
            return Err(invalid(format!(
                "the dashboard is larger than {MAX_BODY_BYTES} bytes"
            )));
        }
        let read: serde_json::Value = serde_json::from_str(body).map_err(|error| {
            invalid("The field DashboardBody must be a valid JSON object").caused_by(error)
        })?;
        if !read.get("widgets").is_some_and(serde_json::Value::is_array) {
            return Err(invalid("The dashboard body has no array of widgets"));
        }
        let row = DashboardRow {
            name: name.to_owned(),
            body: body.to_owned(),
            updated_ms: self.now_ms(),
        };
        self.store().write(|rows| rows.put_dashboard(&row))
    }

    /// The dashboard of that name.
    pub fn get_dashboard(&self, caller: &Caller, name: &str) -> Result<Dashboard> {
        let arn = self.dashboard_arn(name);
        caller.may("cloudwatch:GetDashboard", &arn)?;
        let row = self.store().read(|rows| rows.dashboard(name))?;
        let row = row.ok_or_else(|| no_such(name))?;
        Ok(Dashboard {
            name: row.name,
            arn,
            body: row.body,
        })
    }

    /// A page of the dashboards, by name.
    pub fn list_dashboards(
        &self,
        caller: &Caller,
        prefix: Option<&str>,
        request: &PageRequest,
    ) -> Result<Page<DashboardEntry>> {
        caller.may("cloudwatch:ListDashboards", "*")?;
        let limit = request.limit(1000, invalid_value)?;
        let after = request.after("InvalidParameterValue")?.unwrap_or_default();
        let prefix = prefix.unwrap_or_default();
        let rows = self
            .store()
            .read(|rows| rows.dashboards(prefix, &after, limit + 1))?;
        let found = page(rows, limit, |row| row.name.clone());
        let entries = found.items.into_iter().map(|row| DashboardEntry {
            arn: self.dashboard_arn(&row.name),
            updated_ms: row.updated_ms,
            size: row.body.len(),
            name: row.name,
        });
        Ok(Page {
            items: entries.collect(),
            next: found.next,
        })
    }

    /// Removes dashboards: all that are named, or none.
    pub fn delete_dashboards(&self, caller: &Caller, names: &[String]) -> Result<()> {
        for name in names {
            caller.may("cloudwatch:DeleteDashboards", &self.dashboard_arn(name))?;
        }
        self.store().write(|rows| {
            for name in names {
                if !rows.remove_dashboard(name)? {
                    return Err(no_such(name));
                }
            }
            Ok(())
        })
    }
}
