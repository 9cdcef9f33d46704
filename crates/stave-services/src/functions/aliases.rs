//! Aliases: names for versions, which may share out invocations between two.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stave_core::{Caller, Error, ErrorKind, Result};
use stave_store::functions::{Alias as Row, Function, LATEST, Rows};

use super::Functions;
use super::errors::{conflict, invalid, not_found, stale};
use super::lookup::{Page, PageRequest};
use super::names::{Named, Qualifier, check_name, version_name, version_number};

/// An alias.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The version that it points to: a number, or `$LATEST`.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// Which part of invocations goes to other versions.
    pub weights: BTreeMap<String, f64>,
    /// Changes whenever it does.
    pub revision: String,
}

/// An alias that is to be made or changed; what is none stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewAlias {
    /// Its name.
    pub name: String,
    /// The version that it points to.
    pub version: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Which part of invocations goes to another version.
    pub weights: Option<BTreeMap<String, f64>>,
}

/// What is kept of an alias beside its name and version.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Document {
    description: String,
    weights: BTreeMap<String, f64>,
    revision: String,
}

impl Document {
    fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| Error::internal("an alias cannot be read").caused_by(error))
    }

    fn write(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::internal("an alias cannot be written").caused_by(error))
    }
}

impl Functions {
    fn alias_of(&self, row: &Row) -> Result<Alias> {
        let document = Document::read(&row.definition)?;
        Ok(Alias {
            arn: format!("{}:{}", self.function_arn(&row.function), row.name),
            name: row.name.clone(),
            version: version_name(row.version),
            description: document.description,
            weights: document.weights,
            revision: document.revision,
        })
    }

    /// Checks what an alias is to point to.
    fn check_target(
        &self,
        rows: &Rows<'_>,
        function: &Function,
        version: &str,
        weights: &BTreeMap<String, f64>,
    ) -> Result<u64> {
        let number = |text: &str| -> Result<u64> {
            let number = match text {
                super::names::LATEST_NAME => LATEST,
                _ => version_number(text)
                    .ok_or_else(|| invalid(format!("\"{text}\" is not a function's version")))?,
            };
            if rows.version(&function.name, number)?.is_none() {
                return Err(not_found(format!(
                    "Function not found: {}:{text}",
                    self.function_arn(&function.name)
                )));
            }
            Ok(number)
        };
        let target = number(version)?;
        if weights.len() > 1 {
            return Err(invalid("RoutingConfig may have one additional version"));
        }
        for (other, weight) in weights {
            if target == LATEST || number(other)? == LATEST {
                return Err(invalid(
                    "RoutingConfig is not allowed with the version $LATEST",
                ));
            }
            if other == version || !(0.0..=1.0).contains(weight) {
                return Err(invalid(format!(
                    "RoutingConfig gives {weight} to version {other}: it must be 0 to 1, to \
                     another version than the alias's own"
                )));
            }
        }
        Ok(target)
    }

    /// Makes an alias.
    pub fn create_alias(&self, caller: &Caller, function: &str, new: NewAlias) -> Result<Alias> {
        let named = self.latest(function)?;
        check_name(&new.name, "name", 128)?;
        if new.name.bytes().all(|b| b.is_ascii_digit()) {
            return Err(super::names::constraint(
                &new.name,
                "name",
                "(?!^[0-9]+$)([a-zA-Z0-9-_]+)",
            ));
        }
        let version = new
            .version
            .ok_or_else(|| invalid("FunctionVersion is missing"))?;
        let document = Document {
            description: new.description.unwrap_or_default(),
            weights: new.weights.unwrap_or_default(),
            revision: self.uuid(),
        };
        self.store().functions_write(|rows| {
            let function = self.permitted(rows, caller, "lambda:CreateAlias", &named)?;
            let row = Row {
                function: named.name.clone(),
                name: new.name.clone(),
                version: self.check_target(rows, &function, &version, &document.weights)?,
                definition: document.write()?,
            };
            let arn = format!("{}:{}", self.function_arn(&named.name), new.name);
            rows.add_alias(&row).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => conflict(format!("Alias already exists: {arn}")),
                _ => error,
            })?;
            self.alias_of(&row)
        })
    }

    fn find_alias(&self, rows: &Rows<'_>, function: &str, name: &str) -> Result<Row> {
        rows.alias(function, name)?.ok_or_else(|| {
            let arn = self.function_arn(function);
            not_found(format!("Cannot find alias arn: {arn}:{name}"))
        })
    }

    /// The alias of that name.
    pub fn get_alias(&self, caller: &Caller, function: &str, name: &str) -> Result<Alias> {
        let named = self.latest(function)?;
        self.store().functions_read(|rows| {
            self.permitted(rows, caller, "lambda:GetAlias", &named)?;
            self.alias_of(&self.find_alias(rows, &named.name, name)?)
        })
    }

    /// Changes an alias.
    pub fn update_alias(
        &self,
        caller: &Caller,
        function: &str,
        change: NewAlias,
        revision: Option<&str>,
    ) -> Result<Alias> {
        let named = self.latest(function)?;
        self.store().functions_write(|rows| {
            let function = self.permitted(rows, caller, "lambda:UpdateAlias", &named)?;
            let mut row = self.find_alias(rows, &named.name, &change.name)?;
            let mut document = Document::read(&row.definition)?;
            if revision.is_some_and(|revision| revision != document.revision) {
                return Err(stale());
            }
            if let Some(description) = change.description {
                document.description = description;
            }
            if let Some(weights) = change.weights {
                document.weights = weights;
            }
            let version = change.version.unwrap_or_else(|| version_name(row.version));
            row.version = self.check_target(rows, &function, &version, &document.weights)?;
            document.revision = self.uuid();
            row.definition = document.write()?;
            rows.replace_alias(&row)?;
            self.alias_of(&row)
        })
    }

    /// Removes an alias; nothing happens when it is not there.
    pub fn delete_alias(&self, caller: &Caller, function: &str, name: &str) -> Result<()> {
        let named = self.latest(function)?;
        self.store().functions_write(|rows| {
            self.permitted(rows, caller, "lambda:DeleteAlias", &named)?;
            rows.remove_alias(&named.name, name).map(drop)
        })
    }

    /// A page of a function's aliases; of one version, if it is given.
    pub fn list_aliases(
        &self,
        caller: &Caller,
        function: &str,
        version: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Alias>> {
        let named = self.latest(function)?;
        let version = match version.map(Qualifier::parse).transpose()? {
            None => None,
            Some(Qualifier::Version(version)) => Some(version),
            Some(Qualifier::Alias(name)) => {
                return Err(invalid(format!("\"{name}\" is not a function's version")));
            }
        };
        let after = page.after()?.unwrap_or_default();
        let found = self.store().functions_read(|rows| {
            self.permitted(rows, caller, "lambda:ListAliases", &named)?;
            rows.aliases(&named.name, version, &after, page.max()? + 1)
        })?;
        let page = page.page(found, |row| row.name.clone())?;
        page.try_map(|row| self.alias_of(&row))
    }

    /// Where an invocation of `named` goes: an alias may give a part to another version.
    pub(super) fn routed(&self, rows: &Rows<'_>, named: &Named) -> Result<Named> {
        let Some(Qualifier::Alias(alias)) = &named.qualifier else {
            return Ok(named.clone());
        };
        let row = rows
            .alias(&named.name, alias)?
            .ok_or_else(|| self.no_function(named))?;
        let mut version = row.version;
        if let Some((other, weight)) = Document::read(&row.definition)?.weights.first_key_value() {
            // 24 bits of an id that nobody can foresee.
            let chance =
                (self.store().function_id() >> 96 & 0xff_ffff) as f64 / f64::from(0x100_0000);
            if chance < *weight {
                version = version_number(other).unwrap_or(version);
            }
        }
        Ok(Named {
            name: named.name.clone(),
            qualifier: Some(Qualifier::Version(version)),
        })
    }
}
