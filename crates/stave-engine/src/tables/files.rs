//! Finds the files of a table: everything under its folders but what Hive hides.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use stave_core::{Error, Result, S3Uri};

use crate::{Engine, fault};

/// The files of one folder.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) location: S3Uri,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) objects: Vec<ObjectMeta>,
}

/// Lists the files under `location`, those of its subfolders too, in the order of
/// their keys. A location that is an object itself is that one file.
pub(super) async fn list(engine: &Engine, location: &str) -> Result<Folder> {
    let location: S3Uri = location.parse()?;
    let store = engine.object_store(&location.bucket)?;
    let prefix = Path::parse(location.key.trim_end_matches('/')).map_err(|error| {
        Error::invalid(format!("\"{location}\" is not a folder that can be listed")).caused_by(error)
    })?;
    let within = |error| fault::storage(error).within(&location);
    let below = prefix.as_ref().len();
    let mut objects: Vec<ObjectMeta> = store
        .list(Some(&prefix))
        .try_filter(|object| {
            let shown = object.size > 0 && !is_hidden(&object.location.as_ref()[below..]);
            futures::future::ready(shown)
        })
        .try_collect()
        .await
        .map_err(within)?;
    let may_be_file = !location.key.is_empty() && !location.key.ends_with('/');
    if objects.is_empty() && may_be_file {
        match store.head(&prefix).await {
            Ok(object) if object.size > 0 => objects.push(object),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => (),
            Err(error) => return Err(within(error)),
        }
    }
    objects.sort_by(|a, b| a.location.as_ref().cmp(b.location.as_ref()));
    Ok(Folder { location, store, objects })
}

/// How many folders are listed at once.
const LISTINGS: usize = 16;

/// Lists several folders, in their order.
pub(super) async fn list_all(engine: &Engine, locations: &[&str]) -> Result<Vec<Folder>> {
    futures::stream::iter(locations)
        .map(|location| list(engine, location))
        .buffered(LISTINGS)
        .try_collect()
        .await
}

/// Whether a part of the path begins with `_` or `.`, which Hive passes over.
fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with(['_', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_are_those_of_hive() {
        for hidden in ["_SUCCESS", ".a.crc", "/_temporary/0/a.parquet"] {
            assert!(is_hidden(hidden), "{hidden}");
        }
        for shown in ["a.parquet", "/k=_x/a_b.csv", "a.b"] {
            assert!(!is_hidden(shown), "{shown}");
        }
    }
}
