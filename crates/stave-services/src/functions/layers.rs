//! Layers: code that functions share.

use serde::{Deserialize, Serialize};
use stave_core::{Caller, Error, Result};
use stave_store::functions::{LayerVersion, Rows};

use super::Functions;
use super::code::{CodeSource, keep};
use super::definition::{Code, last_modified};
use super::errors::{invalid, not_found};
use super::lookup::{Page, PageRequest};
use super::names::check_name;

/// The most runtimes that a layer is said to be for.
const MAX_RUNTIMES: usize = 15;

/// A version of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The layer's ARN.
    pub arn: String,
    /// The ARN of this version.
    pub version_arn: String,
    /// The layer's name.
    pub name: String,
    /// Counts from 1.
    pub version: u64,
    /// What is in it.
    pub code: Code,
    /// When it was published, as Lambda writes it.
    pub created: String,
    /// What it is.
    pub description: String,
    /// The runtimes that it is for.
    pub runtimes: Vec<String>,
    /// The processors that it is for.
    pub architectures: Vec<String>,
    /// Its licence.
    pub license: Option<String>,
}

/// A version of a layer that is to be published.
#[derive(Debug, Clone)]
pub struct NewLayer {
    /// The layer's name, or its ARN.
    pub name: String,
    /// What is in it.
    pub content: CodeSource,
    /// What it is.
    pub description: String,
    /// The runtimes that it is for.
    pub runtimes: Vec<String>,
    /// The processors that it is for.
    pub architectures: Vec<String>,
    /// Its licence.
    pub license: Option<String>,
}

/// Which layers of a list are wanted: those that are said to be for all of this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerFilter {
    /// A runtime.
    pub runtime: Option<String>,
    /// A processor.
    pub architecture: Option<String>,
}

impl LayerFilter {
    fn takes(&self, layer: &Layer) -> bool {
        let is_for = |wanted: &Option<String>, said: &[String]| {
            wanted.as_ref().is_none_or(|wanted| said.contains(wanted))
        };
        is_for(&self.runtime, &layer.runtimes) && is_for(&self.architecture, &layer.architectures)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Document {
    description: String,
    runtimes: Vec<String>,
    architectures: Vec<String>,
    license: Option<String>,
}

/// The code of a layer's version.
pub(super) fn code_of(rows: &Rows<'_>, row: &LayerVersion) -> Result<Code> {
    let stored = rows.code(&row.code)?;
    let stored = stored
        .ok_or_else(|| Error::internal(format!("the code of layer {} is gone", row.layer)))?;
    Ok(Code {
        sha256: stored.sha256,
        bytes: stored.zip_bytes,
    })
}

impl Functions {
    fn layer(&self, rows: &Rows<'_>, row: &LayerVersion) -> Result<Layer> {
        let document: Document = serde_json::from_str(&row.definition)
            .map_err(|error| Error::internal("a layer cannot be read").caused_by(error))?;
        let arn = self.layer_arn(&row.layer);
        Ok(Layer {
            version_arn: format!("{arn}:{}", row.version),
            arn,
            name: row.layer.clone(),
            version: row.version,
            code: code_of(rows, row)?,
            created: last_modified(row.created_at),
            description: document.description,
            runtimes: document.runtimes,
            architectures: document.architectures,
            license: document.license,
        })
    }

    /// Publishes a version of a layer.
    pub async fn publish_layer(&self, caller: &Caller, new: NewLayer) -> Result<Layer> {
        let name = self.layer_name(&new.name)?.to_owned();
        caller.may("lambda:PublishLayerVersion", &self.layer_arn(&name))?;
        check_name(&name, "layerName", 140)?;
        if new.description.chars().count() > 256 || new.runtimes.len() > MAX_RUNTIMES {
            return Err(invalid(format!(
                "A layer's description must have at most 256 characters, and be for at most \
                 {MAX_RUNTIMES} runtimes"
            )));
        }
        let zip = self.zip_of(caller, new.content).await?;
        let document = Document {
            description: new.description,
            runtimes: new.runtimes,
            architectures: new.architectures,
            license: new.license,
        };
        let document = serde_json::to_string(&document)
            .map_err(|error| Error::internal("a layer cannot be written").caused_by(error))?;
        let this = self.clone();
        crate::blocking::blocking(self.store(), move |store| {
            let code = keep(store, &zip)?;
            store.functions_write(|rows| {
                let version = rows.add_layer_version(&name, &code.sha256, &document)?;
                Self::check_code_bytes(rows)?;
                let row = rows.layer_version(&name, version)?;
                let row = row.ok_or_else(|| this.no_layer(&name, version))?;
                this.layer(rows, &row)
            })
        })
        .await
    }

    fn no_layer(&self, name: &str, version: u64) -> Error {
        not_found(format!(
            "The resource you requested does not exist: {}:{version}",
            self.layer_arn(name)
        ))
    }

    /// That version of a layer.
    pub fn get_layer(&self, caller: &Caller, name: &str, version: u64) -> Result<Layer> {
        let name = self.layer_name(name)?;
        let arn = format!("{}:{version}", self.layer_arn(name));
        caller.may("lambda:GetLayerVersion", &arn)?;
        self.store().functions_read(|rows| {
            let row = rows.layer_version(name, version)?;
            self.layer(rows, &row.ok_or_else(|| self.no_layer(name, version))?)
        })
    }

    /// The version of a layer that an ARN names (`GetLayerVersionByArn`).
    pub fn get_layer_by_arn(&self, caller: &Caller, arn: &str) -> Result<Layer> {
        let (name, version) = self.layer_version_of(arn)?;
        self.get_layer(caller, &name, version)
    }

    /// The zip of a layer's version, as it came.
    pub fn layer_zip(&self, caller: &Caller, name: &str, version: u64) -> Result<Vec<u8>> {
        let layer = self.get_layer(caller, name, version)?;
        self.store().function_zip(&layer.code.sha256)
    }

    /// Removes a version of a layer; functions that use it go on doing so.
    pub fn delete_layer(&self, caller: &Caller, name: &str, version: u64) -> Result<()> {
        let name = self.layer_name(name)?;
        let arn = format!("{}:{version}", self.layer_arn(name));
        caller.may("lambda:DeleteLayerVersion", &arn)?;
        self.store()
            .functions_write(|rows| rows.remove_layer_version(name, version).map(drop))
    }

    /// A page of the layers by name: the newest version of each that `filter` takes.
    pub fn list_layers(
        &self,
        caller: &Caller,
        filter: &LayerFilter,
        page: &PageRequest,
    ) -> Result<Page<Layer>> {
        caller.may("lambda:ListLayers", "*")?;
        let after = page.after()?.unwrap_or_default();
        self.store().functions_read(|rows| {
            let found = rows.layers(&after, page.max()? + 1)?;
            let page = page.page(found, |row| row.layer.clone())?;
            let newest = page.try_map(|row| self.newest(rows, &row, filter))?;
            Ok(Page {
                items: newest.items.into_iter().flatten().collect(),
                marker: newest.marker,
            })
        })
    }

    /// The newest version of a layer that `filter` takes, from `row` on.
    fn newest(
        &self,
        rows: &Rows<'_>,
        row: &LayerVersion,
        filter: &LayerFilter,
    ) -> Result<Option<Layer>> {
        let mut layer = self.layer(rows, row)?;
        while !filter.takes(&layer) {
            let older = rows.layer_versions(&row.layer, Some(layer.version), 1)?;
            let Some(older) = older.first() else {
                return Ok(None);
            };
            layer = self.layer(rows, older)?;
        }
        Ok(Some(layer))
    }

    /// A page of a layer's versions that `filter` takes, the newest first.
    pub fn list_layer_versions(
        &self,
        caller: &Caller,
        name: &str,
        filter: &LayerFilter,
        page: &PageRequest,
    ) -> Result<Page<Layer>> {
        let name = self.layer_name(name)?;
        caller.may("lambda:ListLayerVersions", &self.layer_arn(name))?;
        let before = page.after_number()?;
        self.store().functions_read(|rows| {
            let found = rows.layer_versions(name, before, page.max()? + 1)?;
            let page = page.page(found, |row| row.version.to_string())?;
            let mut page = page.try_map(|row| self.layer(rows, &row))?;
            page.items.retain(|layer| filter.takes(layer));
            Ok(page)
        })
    }
}
