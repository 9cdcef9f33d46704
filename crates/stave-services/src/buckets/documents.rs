//! Bucket policies, read once and kept for as long as they are in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use stave_core::iam::{DocumentKind, PolicyDocument};
use stave_core::{BucketName, Error, Result};

/// How many policies are kept; when there are more, all are read anew.
const KEPT: usize = 256;

/// Policies by their text.
#[derive(Debug, Default)]
pub(super) struct Documents(Mutex<HashMap<String, Arc<PolicyDocument>>>);

impl Documents {
    /// The policy that `bucket` has.
    pub(super) fn read(&self, bucket: &BucketName, text: &str) -> Result<Arc<PolicyDocument>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = kept.get(text) {
            return Ok(Arc::clone(document));
        }
        // It was checked when it was stored. Access is not given by what cannot be read.
        let document = PolicyDocument::parse(text, DocumentKind::Resource).map_err(|error| {
            Error::internal(format!("the policy of bucket \"{bucket}\" cannot be read"))
                .caused_by(error)
        })?;
        let document = Arc::new(document);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(text.to_owned(), Arc::clone(&document));
        Ok(document)
    }
}
