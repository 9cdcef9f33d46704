//! What AWS checks in a policy beyond its form, in AWS's order and with AWS's messages.
//!
//! The order matters: of several faults AWS names one.

use super::compare::moment;
use super::document::DocumentKind;
use super::operator::Test;
use super::read::{RawDocument, RawStatement};
use super::resource;
use crate::error::{Error, Result};

/// Checks `raw` as a document of `kind`.
pub(super) fn document(raw: &RawDocument, kind: DocumentKind) -> Result<()> {
    if kind == DocumentKind::Identity && raw.version.as_deref() != Some("2012-10-17") {
        return Err(
            Error::invalid("Policy document must be version 2012-10-17 or greater.")
                .hint("add \"Version\": \"2012-10-17\""),
        );
    }
    for statement in &raw.statements {
        legacy(statement)?;
    }
    let mut wrong_resource = None;
    for statement in &raw.statements {
        resources(statement, &mut wrong_resource)?;
    }
    sids(raw, kind)?;
    for statement in &raw.statements {
        if !is_named(statement.action.as_ref(), statement.not_action.as_ref()) {
            return Err(Error::invalid("Policy statement must contain actions."));
        }
        if kind != DocumentKind::Trust
            && !is_named(statement.resource.as_ref(), statement.not_resource.as_ref())
        {
            return Err(Error::invalid("Policy statement must contain resources."));
        }
        if kind != DocumentKind::Identity && statement.principals.is_none() {
            return Err(Error::invalid("Missing required field Principal"));
        }
    }
    if let Some(error) = wrong_resource {
        return Err(error);
    }
    for statement in &raw.statements {
        for action in statement
            .action
            .iter()
            .chain(&statement.not_action)
            .flatten()
        {
            check_action(action)?;
            if kind == DocumentKind::Trust {
                trusted_action(action)?;
            }
        }
    }
    Ok(())
}

/// What AWS's oldest parser refuses, all with one message.
fn failed_legacy(hint: String) -> Error {
    Error::invalid("The policy failed legacy parsing").hint(hint)
}

fn legacy(statement: &RawStatement) -> Result<()> {
    if !["Allow", "Deny"].contains(&statement.effect.as_str()) {
        return Err(failed_legacy(format!(
            "Effect \"{}\" is written Allow or Deny",
            statement.effect
        )));
    }
    for condition in &statement.conditions {
        if !matches!(condition.operator.test, Test::Date(_)) {
            continue;
        }
        for value in &condition.values {
            if moment(value).is_none() {
                return Err(failed_legacy(format!(
                    "\"{value}\" of {} is no date: write it like 2020-04-01T00:00:00Z",
                    condition.key
                )));
            }
        }
    }
    Ok(())
}

/// Checks the resources; keeps the first one that is wrong, to be named later.
fn resources(statement: &RawStatement, wrong: &mut Option<Error>) -> Result<()> {
    let all = statement.resource.iter().chain(&statement.not_resource);
    for resource in all.flatten() {
        if let Err(error) = resource::check(resource) {
            wrong.get_or_insert(error);
        } else if wrong.is_none() && !resource::passes_legacy(resource) {
            return Err(failed_legacy(format!(
                "resource \"{resource}\" has too few parts or no service"
            )));
        }
    }
    Ok(())
}

fn sids(raw: &RawDocument, kind: DocumentKind) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for sid in raw.statements.iter().filter_map(|s| s.sid.as_deref()) {
        if kind == DocumentKind::Identity && !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Error::invalid(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the \
                 regular expression [0-9A-Za-z]*",
            )
            .hint(format!("rename \"{sid}\"")));
        }
        if !sid.is_empty() && !seen.insert(sid) {
            return Err(
                Error::invalid("Statement IDs (SID) in a single policy must be unique.")
                    .hint(format!("\"{sid}\" stands there twice")),
            );
        }
    }
    Ok(())
}

/// Whether one of the two members is there, and not empty.
fn is_named(one: Option<&Vec<String>>, other: Option<&Vec<String>>) -> bool {
    one.or(other).is_some_and(|names| !names.is_empty())
}

fn check_action(action: &str) -> Result<()> {
    if action == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = action.split_once(':') else {
        return Err(Error::invalid(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        )
        .hint(format!(
            "\"{action}\" has no service: write it like s3:GetObject"
        )));
    };
    if name.contains(':') {
        return Err(
            Error::invalid("Actions/Condition can contain only one colon.")
                .hint(format!("\"{action}\"")),
        );
    }
    let is_vendor = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if vendor != "*" && !vendor.bytes().all(is_vendor) {
        return Err(Error::invalid(format!("Vendor {vendor} is not valid")));
    }
    Ok(())
}

fn trusted_action(action: &str) -> Result<()> {
    let lower = action.to_lowercase();
    if action == "*" || lower.starts_with("sts:") {
        return Ok(());
    }
    Err(
        Error::invalid("AssumeRole policy may only specify STS AssumeRole actions.")
            .hint(format!("\"{action}\" is none: write sts:AssumeRole")),
    )
}
