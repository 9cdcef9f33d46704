//! `iam`: users, groups, roles, policies, keys and passwords of the home's account.
//!
//! Every command is operations of the service, under whom the command works as; a command that
//! does more than one says what it has done when one of them fails.

pub(super) mod documents;
mod groups;
mod keys;
mod logins;
mod policies;
mod roles;
mod simulate;
mod users;

pub(super) use self::roles::trusting;
use serde_json::{Map, Value};
use stave_core::Result;
use stave_services::Iam;
use stave_services::iam::{EntityKind, Page, PageRequest, PolicyFilter};

use crate::args::iam::IamCommand;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table};

/// How many rows are asked for at once.
const PAGE: u32 = 1000;

/// Runs a command on IAM.
pub async fn run(command: IamCommand, stave: &Stave, output: Output) -> Result<(), Failure> {
    let desk = Desk {
        iam: stave.iam()?,
        stave,
        output,
    };
    match command {
        IamCommand::Whoami => whoami(&desk),
        IamCommand::User(command) => users::run(command, &desk),
        IamCommand::Group(command) => groups::run(command, &desk),
        IamCommand::Role(command) => roles::run(command, &desk).await,
        IamCommand::Policy(command) => policies::run(command, &desk).await,
        IamCommand::Key(command) => keys::run(command, &desk),
        IamCommand::Login(command) => logins::run(command, &desk).await,
        IamCommand::ChangePassword(args) => logins::change(&args, &desk).await,
        IamCommand::Simulate(args) => simulate::run(&args, &desk),
    }
}

/// What the commands work with.
struct Desk<'a> {
    iam: &'a Iam,
    stave: &'a Stave,
    output: Output,
}

impl Desk<'_> {
    /// Says that something has been done.
    fn done(&self, what: &str) {
        self.output.say(what);
    }

    /// The ARN of a managed policy that is named by its name or ARN: one of the account's own
    /// before one of AWS's.
    fn policy_arn(&self, policy: &str) -> Result<String> {
        if policy.starts_with("arn:") {
            return Ok(policy.to_owned());
        }
        let filter = PolicyFilter::default();
        let list = |page: &PageRequest| self.iam.list_policies(&self.stave.caller, &filter, page);
        let mut found = all(list)?;
        found.retain(|found| found.name == policy);
        found.sort_by_key(|found| found.arn.starts_with("arn:aws:iam::aws:"));
        let found = found.into_iter().next().ok_or_else(|| {
            stave_core::Error::not_found(format!("there is no policy \"{policy}\""))
                .hint("stave iam policy ls --all lists them, those of AWS too")
        })?;
        Ok(found.arn)
    }

    /// Attaches policies, named by their names or ARNs.
    fn attach(&self, kind: EntityKind, name: &str, policies: &[String]) -> Result<()> {
        for policy in policies {
            let arn = self.policy_arn(policy)?;
            self.iam
                .attach_policy(&self.stave.caller, kind, name, &arn)?;
        }
        Ok(())
    }

    /// Takes all policies from a user, group or role.
    fn strip(&self, kind: EntityKind, name: &str) -> Result<()> {
        let caller = &self.stave.caller;
        for policy in self.attached(kind, name)? {
            self.iam.detach_policy(caller, kind, name, &policy)?;
        }
        for policy in self.inline(kind, name)? {
            self.iam.delete_inline_policy(caller, kind, name, &policy)?;
        }
        Ok(())
    }

    /// The ARNs of the managed policies of a user, group or role.
    fn attached(&self, kind: EntityKind, name: &str) -> Result<Vec<String>> {
        let caller = &self.stave.caller;
        let attached = all(|page| {
            self.iam
                .list_attached_policies(caller, kind, name, None, page)
        })?;
        Ok(attached.into_iter().map(|policy| policy.arn).collect())
    }

    /// The names of the policies that a user, group or role has of its own.
    fn inline(&self, kind: EntityKind, name: &str) -> Result<Vec<String>> {
        let caller = &self.stave.caller;
        all(|page| self.iam.list_inline_policies(caller, kind, name, page))
    }

    /// Shows one thing: a table of what is known of it, or a JSON object.
    fn show(&self, facts: Vec<(&'static str, Value)>) -> Result<(), Failure> {
        show(facts, self.output)
    }

    /// Shows a list, and says that it is empty if it is.
    fn list(&self, table: &Table, nothing: &str) -> Result<(), Failure> {
        self.output.table(table)?;
        if table.is_empty() && !self.output.is_json() {
            self.output.say(nothing);
        }
        Ok(())
    }
}

/// Shows one thing: a table of what is known of it, or a JSON object.
pub(super) fn show(facts: Vec<(&'static str, Value)>, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        let facts = facts.into_iter();
        let object: Map<_, _> = facts
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        return output.value(&object.into());
    }
    let mut table = Table::new(&["Property", "Value"]);
    for (name, value) in facts {
        if let Some(text) = text(&value) {
            table.row([name.into(), Cell::Text(text)]);
        }
    }
    output.table(&table)
}

/// A fact as a cell shows it; none where there is nothing to show.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().filter_map(text).collect();
            Some(texts.join(", "))
        }
        other => Some(other.to_string()),
    }
}

/// All pages of a list.
fn all<T>(mut list: impl FnMut(&PageRequest) -> Result<Page<T>>) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut page = PageRequest {
        marker: None,
        max_items: Some(PAGE),
    };
    loop {
        let found = list(&page)?;
        items.extend(found.items);
        page.marker = found.marker;
        if page.marker.is_none() {
            return Ok(items);
        }
    }
}

/// Tags as `key=value`.
fn tags(tags: &[(String, String)]) -> Vec<String> {
    let tags = tags.iter();
    tags.map(|(key, value)| format!("{key}={value}")).collect()
}

fn whoami(desk: &Desk<'_>) -> Result<(), Failure> {
    let identity = desk.iam.caller_identity(&desk.stave.caller);
    desk.show(vec![
        ("Arn", identity.arn.into()),
        ("Account", identity.account.into()),
        ("UserId", identity.user_id.into()),
    ])
}
