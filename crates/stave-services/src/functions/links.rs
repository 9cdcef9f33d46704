//! Links to code: a word that whoever was allowed to see a function or a layer can have its zip
//! with, for some minutes and without signing, as AWS's presigned addresses are.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use stave_core::{Caller, Error, Result};

use super::Functions;

/// How long a link holds.
const HOLDS: SignedDuration = SignedDuration::from_mins(10);
/// The most links that hold at once; the oldest give way.
const MAX_LINKS: usize = 4096;

/// The links that this process has given.
#[derive(Debug, Default)]
pub(super) struct Links(Mutex<HashMap<String, Link>>);

#[derive(Debug)]
struct Link {
    sha256: String,
    ends_at: Timestamp,
}

impl Links {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Link>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, word: String, sha256: String, now: Timestamp) {
        let ends_at = now.saturating_add(HOLDS).unwrap_or(Timestamp::MAX);
        let mut links = self.lock();
        links.retain(|_, link| link.ends_at > now);
        if links.len() >= MAX_LINKS {
            let oldest = links.iter().min_by_key(|(_, link)| link.ends_at);
            let oldest = oldest.map(|(word, _)| word.clone());
            oldest.and_then(|word| links.remove(&word));
        }
        links.insert(word, Link { sha256, ends_at });
    }

    fn find(&self, word: &str, now: Timestamp) -> Option<String> {
        let links = self.lock();
        let link = links.get(word).filter(|link| link.ends_at > now)?;
        Some(link.sha256.clone())
    }
}

impl Functions {
    /// A word that stands for the zip of a function's code, for ten minutes.
    pub fn link_code(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<String> {
        let (version, ..) = self.get_function(caller, name, qualifier)?;
        Ok(self.link(version.definition.code.sha256))
    }

    /// A word that stands for the zip of a layer's version, for ten minutes.
    pub fn link_layer(&self, caller: &Caller, name: &str, version: u64) -> Result<String> {
        let layer = self.get_layer(caller, name, version)?;
        Ok(self.link(layer.code.sha256))
    }

    fn link(&self, sha256: String) -> String {
        // Nobody can foresee it.
        let word = format!("{:032x}", self.store().function_id());
        self.0.links.add(word.clone(), sha256, self.now());
        word
    }

    /// The zip that a word stands for, which is all that is asked of who has it. Blocking.
    pub fn linked_zip(&self, word: &str) -> Result<PathBuf> {
        let found = self.0.links.find(word, self.now());
        let sha256 = found.ok_or_else(|| {
            Error::denied("The link has expired, or is none")
                .coded("AccessDenied")
                .hint("ask for a new one: a link to code holds ten minutes")
        })?;
        Ok(self.store().function_zip_path(&sha256))
    }

    /// Where clients find the services; none when no server runs here.
    pub fn endpoint_url(&self) -> Option<&str> {
        self.options().endpoint_url.as_deref()
    }
}
