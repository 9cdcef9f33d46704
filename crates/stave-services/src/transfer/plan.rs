//! What a copy means, in the way of `aws s3 cp`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use stave_core::{BucketName, Caller, Error, ErrorKind, ObjectKey, Result, S3Uri};
use stave_store::{ListRequest, ObjectInfo};

use super::tree::{self, Entry};
use super::{Item, Plan, Spot, TransferOptions, file_below, io_error};
use crate::buckets::Buckets;

/// From this machine to a bucket.
pub(super) async fn upload(path: &Path, to: &S3Uri, options: TransferOptions) -> Result<Plan> {
    let metadata = tokio::fs::metadata(path)
        .await
        .map_err(|error| io_error(error, "read", path))?;
    if metadata.is_dir() {
        if !options.recursive {
            return Err(Error::invalid(format!("{} is a directory", path.display()))
                .hint("add --recursive to copy what is in it"));
        }
        let (path, to) = (path.to_owned(), to.clone());
        return stave_store::blocking("listing files was cut short", move || {
            upload_tree(&path, &to, options)
        })
        .await;
    }
    if options.recursive {
        return Err(
            Error::invalid(format!("{} is not a directory", path.display()))
                .hint("leave out --recursive to copy one file"),
        );
    }
    if !metadata.is_file() {
        return Err(
            Error::invalid(format!("{} is not a regular file", path.display()))
                .hint("write - to read from standard input"),
        );
    }
    let mut plan = Plan::default();
    let key = if to.key.is_empty() || to.key.ends_with('/') {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| not_utf8(path))?;
        ObjectKey::new(format!("{}{name}", to.key))?
    } else {
        to.object_key()?
    };
    plan.push(Item {
        from: Spot::File(path.to_owned()),
        to: Spot::Object(to.bucket.clone(), key),
        size: metadata.len(),
    })?;
    Ok(plan)
}

fn upload_tree(root: &Path, to: &S3Uri, options: TransferOptions) -> Result<Plan> {
    let prefix = to.folder();
    let mut plan = Plan::default();
    tree::walk(root, !options.no_follow_symlinks, &mut |entry| {
        let (path, below, size) = match entry {
            Entry::File { path, below, size } => (path, below, size),
            Entry::Other {
                path,
                reason,
                refused,
            } => {
                plan.skip(path.display(), reason, refused);
                return Ok(());
            }
        };
        let key = match below.to_str() {
            Some(below) => ObjectKey::new(format!("{prefix}{below}")),
            None => Err(not_utf8(&path)),
        };
        match key {
            Ok(key) => plan.push(Item {
                from: Spot::File(path),
                to: Spot::Object(to.bucket.clone(), key),
                size,
            }),
            Err(error) => {
                plan.skip(path.display(), error.message(), true);
                Ok(())
            }
        }
    })?;
    Ok(plan)
}

fn not_utf8(path: &Path) -> Error {
    Error::invalid(format!("the name of {} is not UTF-8", path.display()))
        .hint("a key is UTF-8: rename the file")
}

/// From a bucket to this machine.
pub(super) async fn download(
    buckets: &Buckets,
    caller: &Caller,
    from: &S3Uri,
    to: &Path,
    options: TransferOptions,
) -> Result<Plan> {
    let mut plan = Plan::default();
    if options.recursive {
        let prefix = from.folder();
        let mut files = Files::default();
        for object in under(buckets, caller, from).await? {
            let spot = Spot::Object(from.bucket.clone(), object.key.clone());
            let name = &object.key.as_str()[prefix.len()..];
            if (name.is_empty() || name.ends_with('/')) && object.size == 0 {
                plan.skip(spot, "marks a folder", false);
                continue;
            }
            match file_below(name) {
                Ok(below) => files.add(spot, below, object.size),
                Err(error) => plan.skip(spot, error.message(), true),
            }
        }
        files.plan(to, &mut plan)?;
        plan.root = Some(to.to_owned());
        return Ok(plan);
    }
    let object = one(buckets, caller, from).await?;
    let is_folder = to.as_os_str().as_encoded_bytes().ends_with(b"/")
        || tokio::fs::metadata(to)
            .await
            .is_ok_and(|metadata| metadata.is_dir());
    let path = if is_folder {
        let name = file_below(object.key.file_name()).map_err(|error| {
            error
                .within(from)
                .hint("name the file: stave cp s3://… ./name")
        })?;
        plan.root = Some(to.to_owned());
        to.join(name)
    } else {
        to.to_owned()
    };
    plan.push(Item {
        from: Spot::Object(from.bucket.clone(), object.key),
        to: Spot::File(path),
        size: object.size,
    })?;
    Ok(plan)
}

/// Files that are to be made below one directory.
#[derive(Default)]
struct Files {
    all: Vec<(Spot, PathBuf, u64)>,
    folders: HashSet<PathBuf>,
}

impl Files {
    fn add(&mut self, from: Spot, below: PathBuf, size: u64) {
        let mut folder = below.parent();
        while let Some(above) = folder.filter(|above| !above.as_os_str().is_empty()) {
            if !self.folders.insert(as_the_system_sees(above)) {
                break;
            }
            folder = above.parent();
        }
        self.all.push((from, below, size));
    }

    /// Refuses what two keys would share: S3 holds `a` beside `a/b`, a file system does not.
    fn plan(self, root: &Path, plan: &mut Plan) -> Result<()> {
        let mut seen = HashSet::new();
        for (from, below, size) in self.all {
            let seen_as = as_the_system_sees(&below);
            if self.folders.contains(&seen_as) {
                plan.skip(from, "other keys need a folder of the same name", true);
            } else if !seen.insert(seen_as) {
                plan.skip(
                    from,
                    "another key differs in upper and lower case only",
                    true,
                );
            } else {
                plan.push(Item {
                    from,
                    to: Spot::File(root.join(below)),
                    size,
                })?;
            }
        }
        Ok(())
    }
}

/// macOS's file system does not tell upper from lower case.
fn as_the_system_sees(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(text) if cfg!(target_os = "macos") => PathBuf::from(text.to_lowercase()),
        _ => path.to_owned(),
    }
}

/// From one bucket to another, or within one.
pub(super) async fn copy(
    buckets: &Buckets,
    caller: &Caller,
    from: &S3Uri,
    to: &S3Uri,
    options: TransferOptions,
) -> Result<Plan> {
    let mut plan = Plan::default();
    if options.recursive {
        let (prefix, target) = (from.folder(), to.folder());
        for object in under(buckets, caller, from).await? {
            let source = Spot::Object(from.bucket.clone(), object.key.clone());
            let name = &object.key.as_str()[prefix.len()..];
            match ObjectKey::new(format!("{target}{name}")) {
                Ok(key) => plan.push(Item {
                    from: source,
                    to: Spot::Object(to.bucket.clone(), key),
                    size: object.size,
                })?,
                Err(error) => plan.skip(source, error.message(), true),
            }
        }
    } else {
        let object = one(buckets, caller, from).await?;
        let key = if to.key.is_empty() || to.key.ends_with('/') {
            ObjectKey::new(format!("{}{}", to.key, object.key.file_name()))?
        } else {
            to.object_key()?
        };
        plan.push(Item {
            from: Spot::Object(from.bucket.clone(), object.key),
            to: Spot::Object(to.bucket.clone(), key),
            size: object.size,
        })?;
    }
    plan.refuse_overlap()?;
    Ok(plan)
}

/// The one object that `from` names.
async fn one(buckets: &Buckets, caller: &Caller, from: &S3Uri) -> Result<ObjectInfo> {
    if from.key.is_empty() {
        return Err(Error::invalid(format!("{from} is a whole bucket"))
            .hint("add --recursive to copy what is in it"));
    }
    let error = match buckets
        .head(caller, &from.bucket, &from.object_key()?)
        .await
    {
        Ok(object) => return Ok(object),
        Err(error) if error.kind() == ErrorKind::NotFound => error,
        Err(error) => return Err(error),
    };
    if any_under(buckets, caller, &from.bucket, &from.folder()).await? {
        return Err(error.hint("it is a folder: add --recursive to copy what is in it"));
    }
    Err(error)
}

/// All objects under the folder `from`.
async fn under(buckets: &Buckets, caller: &Caller, from: &S3Uri) -> Result<Vec<ObjectInfo>> {
    let mut objects = Vec::new();
    let mut pages = buckets.pages(caller, &from.bucket, ListRequest::all(from.folder()));
    while let Some(page) = pages.next().await {
        objects.extend(page?.objects);
    }
    if !objects.is_empty() || from.key.is_empty() {
        return Ok(objects);
    }
    let error = Error::not_found(format!("there is nothing under {from}"));
    match from.object_key() {
        Ok(key) if buckets.exists(caller, &from.bucket, &key).await? => {
            Err(error.hint("it is one object: leave out --recursive"))
        }
        _ => Err(error.hint(format!(
            "see what there is with: stave ls s3://{}",
            from.bucket
        ))),
    }
}

/// Whether any key begins with `prefix`.
async fn any_under(
    buckets: &Buckets,
    caller: &Caller,
    bucket: &BucketName,
    prefix: &str,
) -> Result<bool> {
    let page = buckets
        .list(caller, bucket, &ListRequest::all(prefix).max(1))
        .await?;
    Ok(!page.objects.is_empty())
}
