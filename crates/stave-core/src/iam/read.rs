//! From JSON to the members of a policy document: what stands where, and of what type.

use super::document::DocumentKind;
use super::operator::Operator;
use super::principals::{PrincipalName, Principals};
use super::tree::{self, Json};
use crate::error::{Error, Result};

/// A document whose members are of the right types.
#[derive(Debug)]
pub(super) struct RawDocument {
    pub version: Option<String>,
    pub id: Option<String>,
    pub statements: Vec<RawStatement>,
}

/// A statement whose members are of the right types.
#[derive(Debug, Default)]
pub(super) struct RawStatement {
    pub sid: Option<String>,
    /// As written: its case is looked at later.
    pub effect: String,
    pub principals: Option<Principals>,
    pub action: Option<Vec<String>>,
    pub not_action: Option<Vec<String>>,
    pub resource: Option<Vec<String>>,
    pub not_resource: Option<Vec<String>>,
    pub conditions: Vec<RawCondition>,
}

/// One key of one condition operator.
#[derive(Debug)]
pub(super) struct RawCondition {
    pub operator: Operator,
    pub key: String,
    pub values: Vec<String>,
}

/// AWS's one message for whatever is wrong with the form; the hint says what and where.
fn syntax(hint: impl Into<String>) -> Error {
    Error::invalid("Syntax errors in policy.").hint(hint)
}

/// Reads the members of a document.
pub(super) fn document(text: &str, kind: DocumentKind) -> Result<RawDocument> {
    let members = match tree::read(text) {
        Ok(Json::Object(members)) => members,
        Ok(_) => return Err(syntax("the policy is not a JSON object")),
        Err(fault) => return Err(syntax(fault)),
    };
    let mut raw = RawDocument {
        version: None,
        id: None,
        statements: Vec::new(),
    };
    for (name, value) in members {
        match name.as_str() {
            "Version" => raw.version = Some(string(value, "Version")?),
            "Id" => raw.id = Some(string(value, "Id")?),
            "Statement" => raw.statements = statements(value, kind)?,
            _ => return Err(syntax(format!("a policy has no \"{name}\""))),
        }
    }
    if let Some(version) = &raw.version
        && !["2008-10-17", "2012-10-17"].contains(&version.as_str())
    {
        return Err(syntax(format!(
            "Version is \"{version}\": there is 2008-10-17 and 2012-10-17"
        )));
    }
    if raw.statements.is_empty() {
        return Err(syntax("the policy has no Statement"));
    }
    Ok(raw)
}

fn statements(value: Json, kind: DocumentKind) -> Result<Vec<RawStatement>> {
    match value {
        Json::Object(members) => Ok(vec![statement(members, "Statement", kind)?]),
        Json::List(list) => list
            .into_iter()
            .enumerate()
            .map(|(index, value)| match value {
                Json::Object(members) => statement(members, &format!("Statement[{index}]"), kind),
                _ => Err(syntax(format!("Statement[{index}] is not an object"))),
            })
            .collect(),
        _ => Err(syntax("Statement is neither an object nor a list")),
    }
}

fn statement(
    members: Vec<(String, Json)>,
    place: &str,
    kind: DocumentKind,
) -> Result<RawStatement> {
    let mut raw = RawStatement::default();
    let mut has_effect = false;
    for (name, value) in members {
        let at = format!("{place}.{name}");
        match name.as_str() {
            "Sid" => raw.sid = Some(string(value, &at)?),
            "Effect" => {
                raw.effect = string(value, &at)?;
                has_effect = true;
            }
            "Principal" | "NotPrincipal" if kind == DocumentKind::Identity => {
                return Err(
                    Error::invalid("Policy document should not specify a principal.")
                        .hint(format!("leave {at} out")),
                );
            }
            "Principal" | "NotPrincipal" => {
                if raw.principals.is_some() {
                    return Err(syntax(format!("{place} has Principal and NotPrincipal")));
                }
                raw.principals = Some(Principals {
                    negated: name == "NotPrincipal",
                    names: principal_names(value, &at)?,
                });
            }
            "Action" => raw.action = Some(strings(value, &at)?),
            "NotAction" => raw.not_action = Some(strings(value, &at)?),
            "Resource" | "NotResource" if kind == DocumentKind::Trust => {
                return Err(Error::invalid("Has prohibited field Resource")
                    .hint(format!("a trust policy is about its role: leave {at} out")));
            }
            "Resource" => raw.resource = Some(strings(value, &at)?),
            "NotResource" => raw.not_resource = Some(strings(value, &at)?),
            "Condition" => raw.conditions = conditions(value, &at)?,
            _ => return Err(syntax(format!("a statement has no \"{name}\" ({place})"))),
        }
    }
    if raw.action.is_some() && raw.not_action.is_some() {
        return Err(syntax(format!("{place} has Action and NotAction")));
    }
    if raw.resource.is_some() && raw.not_resource.is_some() {
        return Err(syntax(format!("{place} has Resource and NotResource")));
    }
    if !has_effect {
        return Err(syntax(format!("{place} has no Effect")));
    }
    if !["allow", "deny"].contains(&raw.effect.to_lowercase().as_str()) {
        return Err(syntax(format!(
            "{place}.Effect is \"{}\": there is Allow and Deny",
            raw.effect
        )));
    }
    Ok(raw)
}

fn conditions(value: Json, at: &str) -> Result<Vec<RawCondition>> {
    let Json::Object(operators) = value else {
        return Err(syntax(format!("{at} is not an object")));
    };
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let Json::Object(keys) = keys else {
            return Err(syntax(format!("{at}.{name} is not an object")));
        };
        let operator = Operator::parse(&name);
        for (key, values) in keys {
            let at = format!("{at}.{name}.{key}");
            let values = scalars(values, &at)?;
            // AWS lets an operator that it does not know pass as long as nothing stands in it.
            let Some(operator) = operator else {
                return Err(syntax(format!("there is no condition operator \"{name}\"")));
            };
            conditions.push(RawCondition {
                operator,
                key,
                values,
            });
        }
    }
    Ok(conditions)
}

fn principal_names(value: Json, at: &str) -> Result<Vec<PrincipalName>> {
    let kinds = match value {
        Json::Text(text) if text == "*" => return Ok(vec![PrincipalName::Everybody]),
        Json::Object(kinds) => kinds,
        _ => return Err(syntax(format!("{at} is neither \"*\" nor an object"))),
    };
    let mut names = Vec::new();
    for (kind, value) in kinds {
        let at = format!("{at}.{kind}");
        for text in strings(value, &at)? {
            let name = match kind.as_str() {
                "AWS" => PrincipalName::aws(&text),
                "Service" if is_service(&text) => Some(PrincipalName::Service(text.clone())),
                "Federated" if !text.is_empty() => Some(PrincipalName::Federated(text.clone())),
                _ => None,
            };
            names.push(name.ok_or_else(|| {
                Error::invalid(format!(
                    "Invalid principal in policy: \"{kind}\":\"{text}\""
                ))
                .hint(format!("{at} names nobody that Stave can know"))
            })?);
        }
    }
    if names.is_empty() {
        return Err(Error::invalid("Invalid principal in policy").hint(format!("{at} is empty")));
    }
    Ok(names)
}

fn is_service(name: &str) -> bool {
    name.contains('.')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
}

fn string(value: Json, at: &str) -> Result<String> {
    match value {
        Json::Text(text) => Ok(text),
        _ => Err(syntax(format!("{at} is not a string"))),
    }
}

/// A string, or a list of strings.
fn strings(value: Json, at: &str) -> Result<Vec<String>> {
    match value {
        Json::Text(text) => Ok(vec![text]),
        Json::List(list) => list.into_iter().map(|value| string(value, at)).collect(),
        _ => Err(syntax(format!(
            "{at} is neither a string nor a list of strings"
        ))),
    }
}

/// A value of a condition, or a list of them: strings, numbers, truth values.
fn scalars(value: Json, at: &str) -> Result<Vec<String>> {
    let scalar = |value| match value {
        Json::Text(text) | Json::Scalar(text) => Ok(text),
        _ => Err(syntax(format!("{at} holds something that is no value"))),
    };
    match value {
        Json::List(list) => list.into_iter().map(scalar).collect(),
        value => Ok(vec![scalar(value)?]),
    }
}
