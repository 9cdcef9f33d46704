//! A bus's resource policy: who else may put events on it.

use serde_json::{Map, Value, json};
use stave_core::iam::{DocumentKind, NamedPolicy, PolicyDocument, ResourcePolicy};
use stave_core::{Caller, Error, Result, arn};

use super::Schedules;
use super::buses::bus_document;
use super::documents::{BusText, read};
use super::errors::{not_found, validation};
use super::names::check_name;

/// The longest policy, in bytes.
const MAX_BYTES: usize = 10 << 10;

/// A statement to be added to a bus's policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPermission {
    /// What the statement is called.
    pub statement_id: Option<String>,
    /// `events:PutEvents`.
    pub action: Option<String>,
    /// An account, or `*`.
    pub principal: Option<String>,
    /// What must hold.
    pub condition: Option<PermissionCondition>,
    /// A whole policy, in place of all the others.
    pub policy: Option<String>,
}

/// What must hold for a permission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionCondition {
    /// `StringEquals`.
    pub operator: String,
    /// `aws:PrincipalOrgID`.
    pub key: String,
    /// What the key must be.
    pub value: String,
}

impl Schedules {
    /// Adds to a bus's policy, or replaces it (`PutPermission`).
    pub fn put_permission(
        &self,
        caller: &Caller,
        bus: Option<&str>,
        new: &NewPermission,
    ) -> Result<()> {
        let bus = self.bus_name(bus)?;
        let bus_arn = self.bus_arn(bus);
        caller.may("events:PutPermission", &bus_arn)?;
        let (policy, statement) = match &new.policy {
            Some(policy) => (Some(whole(policy)?), None),
            None => (None, Some(statement(new, &bus_arn)?)),
        };
        self.change_bus(bus, |text| {
            let mut all = match (&policy, text.policy.take()) {
                (Some(policy), _) => policy.clone(),
                (None, Some(old)) => old,
                (None, None) => json!({"Version": "2012-10-17", "Statement": []}),
            };
            if let Some(statement) = &statement {
                let mut statements = statements_of(&all);
                statements.retain(|old| old["Sid"] != statement["Sid"]);
                statements.push(statement.clone());
                all["Statement"] = Value::Array(statements);
            }
            check(&all)?;
            text.policy = Some(all);
            Ok(())
        })
    }

    /// Removes a statement from a bus's policy, or all of it (`RemovePermission`).
    pub fn remove_permission(
        &self,
        caller: &Caller,
        bus: Option<&str>,
        statement_id: Option<&str>,
        all: bool,
    ) -> Result<()> {
        let bus = self.bus_name(bus)?;
        caller.may("events:RemovePermission", &self.bus_arn(bus))?;
        self.change_bus(bus, |text| {
            if all {
                text.policy = None;
                return Ok(());
            }
            let id = statement_id
                .ok_or_else(|| validation("Parameter StatementId must be specified."))?;
            let Some(mut policy) = text.policy.take() else {
                return Err(not_found("EventBus does not have a policy."));
            };
            let mut statements = statements_of(&policy);
            let before = statements.len();
            statements.retain(|old| old["Sid"] != id);
            if statements.len() == before {
                return Err(not_found("Statement with the provided id does not exist."));
            }
            if !statements.is_empty() {
                policy["Statement"] = Value::Array(statements);
                text.policy = Some(policy);
            }
            Ok(())
        })
    }

    /// Checks that the caller may do `action` on a bus, by its own policies or the bus's.
    pub(super) fn permit_on_bus(
        &self,
        caller: &Caller,
        action: &str,
        bus: &str,
        keys: &stave_core::iam::Context,
    ) -> Result<()> {
        let document = self
            .store()
            .eventing_read(|rows| match bus_document(rows, bus) {
                Ok(document) => Ok(Some(document)),
                Err(error) if error.kind() == stave_core::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            })?;
        let policy = match document {
            None => None,
            Some(document) => read::<BusText>(&document.text)?.policy,
        };
        let arn = self.bus_arn(bus);
        let Some(policy) = policy else {
            return caller.may_given(action, &arn, keys);
        };
        let policy = PolicyDocument::parse(&policy.to_string(), DocumentKind::Resource)?;
        let policy = ResourcePolicy::Attached(NamedPolicy {
            name: "event bus policy",
            document: &policy,
        });
        caller.may_by(action, &arn, keys, policy)
    }
}

/// The statements of a policy, which may also be a single one.
fn statements_of(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(statements) => statements.clone(),
        only => vec![only.clone()],
    }
}

fn whole(policy: &str) -> Result<Value> {
    let value: Map<String, Value> = serde_json::from_str(policy)
        .map_err(|_| validation("This policy contains invalid Json"))?;
    Ok(Value::Object(value))
}

fn statement(new: &NewPermission, bus_arn: &str) -> Result<Value> {
    let needed = |member: &str, value: &Option<String>| {
        value
            .clone()
            .ok_or_else(|| validation(format!("Parameter {member} must be specified.")))
    };
    let id = needed("StatementId", &new.statement_id)?;
    check_name("statementId", &id, 64)?;
    let action = needed("Action", &new.action)?;
    if action != "events:PutEvents" {
        return Err(validation(
            "Provided value in parameter 'action' is not supported.",
        ));
    }
    let principal = match needed("Principal", &new.principal)?.as_str() {
        "*" => json!("*"),
        account if arn::is_account(account) => {
            json!({"AWS": format!("arn:aws:iam::{account}:root")})
        }
        other => {
            return Err(validation(format!(
                "1 validation error detected: Value '{other}' at 'principal' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: (\\d{{12}}|\\*)"
            )));
        }
    };
    let mut statement = json!({
        "Sid": id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": bus_arn,
    });
    if let Some(condition) = &new.condition {
        if condition.operator != "StringEquals" || condition.key != "aws:PrincipalOrgID" {
            return Err(validation(
                "Parameter Condition is not valid. Reason: only StringEquals of \
                 aws:PrincipalOrgID is supported.",
            ));
        }
        if principal != "*" {
            return Err(validation(
                "Value of the parameter 'principal' must be '*' when the parameter 'condition' \
                 is set.",
            ));
        }
        statement["Condition"] = json!({"StringEquals": {&condition.key: condition.value}});
    }
    Ok(statement)
}

fn check(policy: &Value) -> Result<()> {
    let text = policy.to_string();
    if text.len() > MAX_BYTES {
        return Err(Error::limit_exceeded(format!(
            "The policy of an event bus has at most {MAX_BYTES} bytes; this has {}.",
            text.len()
        ))
        .coded("PolicyLengthExceededException"));
    }
    PolicyDocument::parse(&text, DocumentKind::Resource)
        .map(drop)
        .map_err(|error| validation(format!("The policy is not valid: {}", error.message())))
}
