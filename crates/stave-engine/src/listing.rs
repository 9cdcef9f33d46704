//! Finds the objects that a path of a job or a crawler means.
//!
//! What Hadoop hides is hidden here too: names that begin with `_` or `.`, and
//! objects without bytes, which is what "folders" made by hand are.

use std::sync::Arc;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use stave_core::{Error, ErrorKind, Result, S3Uri};

use crate::glob::Globs;
use crate::{Engine, fault};

/// The most objects that one path may mean.
pub const MAX_OBJECTS: usize = 1_000_000;

/// An object that was found.
#[derive(Debug, Clone)]
pub struct ListedObject {
    /// Its address.
    pub uri: S3Uri,
    /// Where it is read from.
    pub store: Arc<dyn ObjectStore>,
    /// Its place in the store, its size, its time.
    pub meta: ObjectMeta,
}

impl ListedObject {
    /// Its name for people: `s3://bucket/key`.
    pub fn name(&self) -> String {
        self.uri.to_string()
    }
}

/// The objects at `uri` in the order of their keys: the object itself, those in the
/// folder of that name, with `recurse` also those in its folders; or, where there are
/// none and the path holds `*`, `?`, `[` or `{`, those that match it as a pattern.
/// `exclusions` are patterns as Glue takes them: they match the whole address, the
/// key, or the part of the key below `uri`.
pub async fn list_objects(
    engine: &Engine,
    uri: &S3Uri,
    recurse: bool,
    exclusions: &[String],
) -> Result<Vec<ListedObject>> {
    let listing = Listing {
        uri,
        store: engine.object_store(&uri.bucket)?,
        excluded: Globs::new(exclusions).map_err(|error| error.within("Exclusions"))?,
    };
    let found = match path_of(uri.key.trim_end_matches('/')) {
        Some(base) => listing.below(&base, recurse).await,
        None => Ok(Vec::new()),
    };
    let mut found = match found {
        Ok(found) if found.is_empty() && Globs::is_pattern(&uri.key) => {
            listing.matching(recurse).await
        }
        found => found,
    }
    .map_err(|error| error.within(uri))?;
    found.sort_by(|a, b| a.uri.key.cmp(&b.uri.key));
    Ok(found)
}

fn path_of(key: &str) -> Option<Path> {
    Path::parse(key).ok()
}

struct Listing<'a> {
    uri: &'a S3Uri,
    store: Arc<dyn ObjectStore>,
    excluded: Globs,
}

impl Listing<'_> {
    async fn below(&self, base: &Path, recurse: bool) -> Result<Vec<ListedObject>> {
        let metas = if recurse {
            self.list_all(base).await?
        } else {
            let listed = self.store.list_with_delimiter(Some(base)).await;
            listed.map_err(fault::storage)?.objects
        };
        let mut found = self.shown(base, metas);
        let may_be_object = !self.uri.key.is_empty() && !self.uri.key.ends_with('/');
        if may_be_object {
            match self.store.head(base).await {
                Ok(meta) => found.extend(self.shown(base, vec![meta])),
                Err(object_store::Error::NotFound { .. }) => (),
                Err(error) => return Err(fault::storage(error)),
            }
        }
        Ok(found)
    }

    async fn list_all(&self, base: &Path) -> Result<Vec<ObjectMeta>> {
        let mut all = Vec::new();
        let mut listed = self.store.list(Some(base));
        while let Some(meta) = listed.try_next().await.map_err(fault::storage)? {
            all.push(meta);
            if all.len() > MAX_OBJECTS {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("there are more than {MAX_OBJECTS} objects"),
                )
                .hint("name a smaller folder, or several"));
            }
        }
        Ok(all)
    }

    async fn matching(&self, recurse: bool) -> Result<Vec<ListedObject>> {
        let key = self.uri.key.trim_end_matches('/');
        let fixed: Vec<&str> = key
            .split('/')
            .take_while(|part| !Globs::is_pattern(part))
            .collect();
        let Some(base) = path_of(&fixed.join("/")) else {
            return Ok(Vec::new());
        };
        let inside = format!("{key}/{}", if recurse { "**" } else { "*" });
        let wanted = Globs::new(&[key.to_owned(), inside])?;
        let metas = self.list_all(&base).await?;
        let mut found = self.shown(&base, metas);
        found.retain(|object| wanted.matches(&object.uri.key));
        Ok(found)
    }

    /// Those of `metas` that are neither hidden nor excluded.
    fn shown(&self, base: &Path, metas: Vec<ObjectMeta>) -> Vec<ListedObject> {
        let mut shown = Vec::with_capacity(metas.len());
        for meta in metas {
            let key = meta.location.as_ref();
            let below = key
                .get(base.as_ref().len()..)
                .unwrap_or(key)
                .trim_start_matches('/');
            let uri = S3Uri::new(self.uri.bucket.clone(), key);
            let names = [uri.to_string(), key.to_owned(), below.to_owned()];
            let excluded = names.iter().any(|name| self.excluded.matches(name));
            if meta.size > 0 && !is_hidden(below) && !excluded {
                let store = Arc::clone(&self.store);
                shown.push(ListedObject { uri, store, meta });
            }
        }
        shown
    }
}

fn is_hidden(below: &str) -> bool {
    below.split('/').any(|part| part.starts_with(['_', '.']))
}
