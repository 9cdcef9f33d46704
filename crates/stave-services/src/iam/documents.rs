//! Policy documents, read once and kept for as long as they are in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use stave_core::Result;
use stave_core::iam::{DocumentKind, PolicyDocument};

/// How many documents are kept; when there are more, all are read anew.
const KEPT: usize = 512;

/// Documents by their text.
#[derive(Debug, Default)]
pub(super) struct Documents(Mutex<HashMap<(DocumentKind, String), Arc<PolicyDocument>>>);

impl Documents {
    /// The document that `text` says.
    pub fn read(&self, text: &str, kind: DocumentKind) -> Result<Arc<PolicyDocument>> {
        let key = (kind, text.to_owned());
        if let Some(document) = self.lock().get(&key) {
            return Ok(Arc::clone(document));
        }
        let document = Arc::new(PolicyDocument::parse(text, kind)?);
        let mut kept = self.lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&document));
        Ok(document)
    }

    fn lock(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<(DocumentKind, String), Arc<PolicyDocument>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
