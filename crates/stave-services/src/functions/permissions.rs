//! The policy of a function: who else may invoke it.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html>

use serde_json::{Map, Value, json};
use stave_core::arn::is_account;
use stave_core::iam::{
    Context, DocumentKind, Grants, NamedPolicy, PolicyDocument, Principal, ResourcePolicy,
};
use stave_core::{Caller, Credential, Error, Result};
use stave_store::functions::{LATEST, Rows, Setting};

use super::Functions;
use super::errors::{conflict, invalid, not_found, stale};
use super::names::{Named, Qualifier, check_name};

const KIND: &str = "policy";
/// The longest policy, in bytes.
const MAX_POLICY_BYTES: usize = 20 * 1024;

/// A statement that is to be added to a function's policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPermission {
    /// Its id.
    pub statement_id: String,
    /// `lambda:InvokeFunction`.
    pub action: String,
    /// `s3.amazonaws.com`, an account, or an ARN.
    pub principal: String,
    /// The ARN of what invokes, which may hold wildcards.
    pub source_arn: Option<String>,
    /// The account of what invokes.
    pub source_account: Option<String>,
    /// The organization of the principal.
    pub organization: Option<String>,
}

/// A function's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The document.
    pub document: String,
    /// Changes whenever it does.
    pub revision: String,
}

impl Functions {
    /// Adds a statement to the policy of a function, version or alias; answers the statement.
    pub fn add_permission(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
        new: &NewPermission,
        revision: Option<&str>,
    ) -> Result<String> {
        let named = self.named(name, qualifier)?;
        refuse_latest(&named)?;
        check_name(&new.statement_id, "statementId", 100)?;
        let statement = statement(new, &self.named_arn(&named))?;
        let keys = Context::new().with("lambda:Principal", &new.principal);
        caller.may_given("lambda:AddPermission", &self.named_arn(&named), &keys)?;
        self.store().functions_write(|rows| {
            self.version(rows, &named)?;
            let mut statements = self.statements(rows, &named, revision)?;
            if statements
                .iter()
                .any(|other| other["Sid"] == new.statement_id.as_str())
            {
                return Err(conflict(format!(
                    "The statement id ({}) provided already exists. Please provide a new statement \
                     id, or remove the existing statement.",
                    new.statement_id
                )));
            }
            statements.push(statement.clone());
            self.put_statements(rows, &named, &statements)
        })?;
        Ok(statement.to_string())
    }

    /// Removes a statement from the policy of a function, version or alias.
    pub fn remove_permission(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
        statement_id: &str,
        revision: Option<&str>,
    ) -> Result<()> {
        let named = self.named(name, qualifier)?;
        self.store().functions_write(|rows| {
            self.permitted(rows, caller, "lambda:RemovePermission", &named)?;
            let mut statements = self.statements(rows, &named, revision)?;
            let before = statements.len();
            statements.retain(|statement| statement["Sid"] != statement_id);
            if statements.is_empty() && before > 0 {
                let scope = scope(&named);
                return rows.remove_setting(&named.name, KIND, &scope).map(drop);
            }
            if statements.len() == before {
                return Err(not_found(format!(
                    "Statement {statement_id} is not found in resource policy."
                )));
            }
            self.put_statements(rows, &named, &statements)
        })
    }

    /// The policy of a function, version or alias.
    pub fn get_policy(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Policy> {
        let named = self.named(name, qualifier)?;
        self.store().functions_read(|rows| {
            self.permitted(rows, caller, "lambda:GetPolicy", &named)?;
            let setting = rows.setting(&named.name, KIND, &scope(&named))?;
            let setting =
                setting.ok_or_else(|| not_found("The resource you requested does not exist."))?;
            Ok(Policy {
                document: setting.document,
                revision: setting.revision,
            })
        })
    }

    fn statements(
        &self,
        rows: &Rows<'_>,
        named: &Named,
        revision: Option<&str>,
    ) -> Result<Vec<Value>> {
        let setting = rows.setting(&named.name, KIND, &scope(named))?;
        if let Some(revision) = revision {
            // Before there is a policy, its revision is the function's.
            let now = match &setting {
                Some(setting) => setting.revision.clone(),
                None => self.version(rows, named)?.definition.revision,
            };
            if now != revision {
                return Err(stale());
            }
        }
        let Some(setting) = setting else {
            return Ok(Vec::new());
        };
        let document: Value = serde_json::from_str(&setting.document).map_err(|error| {
            Error::internal("a function's policy cannot be read").caused_by(error)
        })?;
        let statements = document["Statement"].as_array().cloned();
        Ok(statements.unwrap_or_default())
    }

    fn put_statements(&self, rows: &Rows<'_>, named: &Named, statements: &[Value]) -> Result<()> {
        let document = json!({
            "Version": "2012-10-17",
            "Id": "default",
            "Statement": statements,
        })
        .to_string();
        if document.len() > MAX_POLICY_BYTES {
            return Err(Error::limit_exceeded(format!(
                "The final policy size ({}) is bigger than the limit ({MAX_POLICY_BYTES}).",
                document.len()
            ))
            .coded("PolicyLengthExceededException"));
        }
        PolicyDocument::parse(&document, DocumentKind::Resource).map_err(|error| {
            let said = invalid(error.message());
            match error.hint_text() {
                Some(hint) => said.hint(hint),
                None => said,
            }
        })?;
        let setting = Setting {
            qualifier: scope(named),
            revision: self.uuid(),
            updated_at: rows.now(),
            document,
        };
        rows.put_setting(&named.name, KIND, &setting)
    }

    /// Checks that the caller may do `action` on what was named, by its own policies or by that
    /// of the function, version or alias.
    pub(super) fn permit_by_policy(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        action: &str,
        named: &Named,
    ) -> Result<()> {
        let arn = self.named_arn(named);
        let mut keys = Context::new().with("lambda:FunctionArn", &arn);
        let tags = rows.function(&named.name)?.map(|function| function.tags);
        for (key, value) in tags.unwrap_or_default() {
            keys.set(&format!("aws:ResourceTag/{key}"), value);
        }
        let setting = rows.setting(&named.name, KIND, &scope(named))?;
        let document = setting
            .map(|setting| PolicyDocument::parse(&setting.document, DocumentKind::Resource))
            .transpose()?;
        let policy = match &document {
            Some(document) => ResourcePolicy::Attached(NamedPolicy {
                name: &named.name,
                document,
            }),
            None => ResourcePolicy::None,
        };
        caller.may_by(action, &arn, &keys, policy)
    }

    /// Checks that a function is there and that the caller may invoke it. Blocking.
    pub fn may_invoke(&self, caller: &Caller, function: &str) -> Result<()> {
        let named = self.named(function, None)?;
        self.store().functions_read(|rows| {
            self.permit_by_policy(rows, caller, "lambda:InvokeFunction", &named)?;
            let routed = self.routed(rows, &named)?;
            self.version(rows, &routed).map(drop)
        })
    }

    /// A service of AWS's (`s3.amazonaws.com`) that acts for what has the ARN `source` in this
    /// account: what it may invoke, functions' policies say.
    pub fn service_caller(&self, service: &str, source: &str) -> Caller {
        let principal = Principal::Service {
            name: service.to_owned(),
        };
        let keys = Context::new()
            .with("aws:SourceArn", source)
            .with("aws:SourceAccount", self.account());
        Caller::new(
            self.account(),
            principal,
            Grants::default(),
            Credential::LongTerm,
        )
        .with_keys(&keys)
    }
}

/// What of a function the policy is of: empty for the function itself.
fn scope(named: &Named) -> String {
    match &named.qualifier {
        None | Some(Qualifier::Version(LATEST)) => String::new(),
        Some(qualifier) => qualifier.to_string(),
    }
}

fn refuse_latest(named: &Named) -> Result<()> {
    if named.qualifier == Some(Qualifier::Version(LATEST)) {
        return Err(invalid(
            "We currently do not support adding policies for $LATEST.",
        ));
    }
    Ok(())
}

fn statement(new: &NewPermission, arn: &str) -> Result<Value> {
    let is_action = new.action == "*"
        || new.action.strip_prefix("lambda:").is_some_and(|name| {
            name == "*" || (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic()))
        });
    if !is_action {
        return Err(super::names::constraint(
            &new.action,
            "action",
            "(lambda:[*]|lambda:[a-zA-Z]+|[*])",
        ));
    }
    let principal = match new.principal.as_str() {
        "*" => json!("*"),
        account if is_account(account) => json!({"AWS": format!("arn:aws:iam::{account}:root")}),
        arn if arn.starts_with("arn:") => json!({"AWS": arn}),
        service if service.contains('.') && !service.contains(['*', '/', ' ']) => {
            json!({"Service": service})
        }
        other => {
            return Err(invalid(format!(
                "The provided principal was invalid: {other}. Please check \
                 the principal and try again."
            )));
        }
    };
    let mut conditions = Map::new();
    let mut equal = Map::new();
    if let Some(account) = &new.source_account {
        equal.insert("AWS:SourceAccount".to_owned(), json!(account));
    }
    if let Some(organization) = &new.organization {
        equal.insert("aws:PrincipalOrgID".to_owned(), json!(organization));
    }
    if !equal.is_empty() {
        conditions.insert("StringEquals".to_owned(), Value::Object(equal));
    }
    if let Some(source) = &new.source_arn {
        conditions.insert("ArnLike".to_owned(), json!({"AWS:SourceArn": source}));
    }
    let mut statement = json!({
        "Sid": new.statement_id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": new.action,
        "Resource": arn,
    });
    if !conditions.is_empty() {
        statement["Condition"] = Value::Object(conditions);
    }
    Ok(statement)
}
