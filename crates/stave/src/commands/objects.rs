//! `mb rb ls rm cat`.

use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use stave_core::{Error, ErrorKind, S3Uri, units};
use stave_store::{ListPage, ListRequest, ObjectInfo};

use crate::args::objects::{CatArgs, LsArgs, MbArgs, RbArgs, RmArgs};
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{JsonArray, Lines, Output, Table, text};

/// As wide as a time, and as a size that `aws s3 ls` leaves room for.
const TIME_WIDTH: usize = 19;
const SIZE_WIDTH: usize = 10;

/// Makes buckets.
pub async fn mb(args: &MbArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    for bucket in &args.buckets {
        stave.buckets.create(&stave.caller, bucket).await?;
        output.say(&format!("made bucket s3://{bucket}"));
    }
    Ok(())
}

/// Removes a bucket.
pub async fn rb(args: &RbArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let removed = stave
        .buckets
        .remove(&stave.caller, &args.bucket, args.force);
    removed.await.map_err(|error| {
        if error.kind() == ErrorKind::Conflict && !args.force {
            error.hint("add --force to delete everything in it first")
        } else {
            error
        }
    })?;
    output.say(&format!("removed bucket s3://{}", args.bucket));
    Ok(())
}

/// Lists buckets or objects.
pub async fn ls(args: &LsArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let Some(uri) = &args.uri else {
        return ls_buckets(stave, output).await;
    };
    let request = if args.recursive {
        ListRequest::all(&uri.key)
    } else {
        ListRequest::folder(&uri.key)
    };
    let mut listing = Listing::begin(args, uri, output);
    let mut pages = stave.buckets.pages(&stave.caller, &uri.bucket, request);
    while let Some(page) = pages.next().await {
        listing.page(&page?)?;
    }
    listing.finish(uri)
}

async fn ls_buckets(stave: &Stave, output: Output) -> Result<(), Failure> {
    let buckets = stave.buckets.list_buckets(&stave.caller).await?;
    if output.is_json() {
        let mut table = Table::new(&["Name", "CreationDate"]);
        for bucket in buckets {
            table.row([bucket.name.as_str().into(), bucket.created_at.into()]);
        }
        return output.table(&table);
    }
    let mut lines = output.writer();
    for bucket in &buckets {
        let at = bucket.created_at.map(text::time).unwrap_or_default();
        lines.line(&format!("{at:TIME_WIDTH$} {}", bucket.name))?;
    }
    lines.finish()?;
    if buckets.is_empty() {
        output.say("there is no bucket yet; make one with: stave mb s3://NAME");
    }
    Ok(())
}

enum Form {
    Lines(Lines),
    Json(JsonArray),
}

/// A listing on its way out.
struct Listing<'a> {
    args: &'a LsArgs,
    output: Output,
    form: Form,
    /// What is left away from keys: the folder that is listed.
    folder: usize,
    entries: u64,
    objects: u64,
    bytes: u64,
}

impl<'a> Listing<'a> {
    fn begin(args: &'a LsArgs, uri: &S3Uri, output: Output) -> Self {
        let folder = uri.key.rfind('/').map_or(0, |slash| slash + 1);
        Self {
            args,
            output,
            form: if output.is_json() {
                Form::Json(JsonArray::begin(output))
            } else {
                Form::Lines(output.writer())
            },
            folder: if args.recursive { 0 } else { folder },
            entries: 0,
            objects: 0,
            bytes: 0,
        }
    }

    fn page(&mut self, page: &ListPage) -> Result<(), Failure> {
        let mut prefixes = page.common_prefixes.iter().peekable();
        for object in &page.objects {
            while let Some(prefix) = prefixes.next_if(|next| next.as_str() < object.key.as_str()) {
                self.prefix(prefix)?;
            }
            self.object(object)?;
        }
        prefixes.try_for_each(|prefix| self.prefix(prefix))
    }

    fn prefix(&mut self, prefix: &str) -> Result<(), Failure> {
        self.entries += 1;
        match &mut self.form {
            Form::Json(array) => array.push(&json!({ "Prefix": prefix })),
            Form::Lines(lines) => {
                let name = text::printable(&prefix[self.folder..]);
                let width = TIME_WIDTH + 1 + SIZE_WIDTH;
                lines.line(&format!("{:>width$} {name}", "PRE"))
            }
        }
    }

    fn object(&mut self, object: &ObjectInfo) -> Result<(), Failure> {
        self.entries += 1;
        self.objects += 1;
        self.bytes += object.size;
        match &mut self.form {
            Form::Json(array) => array.push(&json!({
                "Key": object.key.as_str(),
                "Size": object.size,
                "LastModified": object.modified_at.to_string(),
                "ETag": object.etag,
            })),
            Form::Lines(lines) => {
                let size = if self.args.human_readable {
                    units::bytes(object.size)
                } else {
                    object.size.to_string()
                };
                lines.line(&format!(
                    "{} {size:>SIZE_WIDTH$} {}",
                    text::time(object.modified_at),
                    text::printable(&object.key.as_str()[self.folder..])
                ))
            }
        }
    }

    fn finish(self, uri: &S3Uri) -> Result<(), Failure> {
        match self.form {
            Form::Json(array) => array.finish()?,
            Form::Lines(lines) => lines.finish()?,
        }
        if self.args.summarize {
            let size = if self.args.human_readable {
                units::bytes(self.bytes)
            } else {
                format!("{} bytes", self.bytes)
            };
            let objects = text::counted(self.objects, "object");
            self.output.say(&format!("{objects}, {size}"));
        }
        if self.entries == 0 && !uri.key.is_empty() {
            return Err(Error::not_found(format!("there is nothing at {uri}"))
                .hint(format!(
                    "see what there is with: stave ls s3://{}",
                    uri.bucket
                ))
                .into());
        }
        Ok(())
    }
}

/// Deletes objects.
pub async fn rm(args: &RmArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    for uri in &args.uris {
        if args.recursive {
            rm_folder(args, uri, stave, output).await?;
        } else {
            rm_one(args, uri, stave, output).await?;
        }
    }
    Ok(())
}

async fn rm_one(args: &RmArgs, uri: &S3Uri, stave: &Stave, output: Output) -> Result<(), Failure> {
    if uri.key.is_empty() {
        return Err(Failure::Usage(
            Error::invalid(format!("{uri} is a whole bucket"))
                .hint("add --recursive to delete everything in it"),
        ));
    }
    let key = uri.object_key()?;
    if !stave
        .buckets
        .exists(&stave.caller, &uri.bucket, &key)
        .await?
    {
        let below = ListRequest::all(uri.folder()).max(1);
        let below = stave
            .buckets
            .list(&stave.caller, &uri.bucket, &below)
            .await?;
        if !below.objects.is_empty() {
            return Err(Error::not_found(format!("{uri} is a folder and no object"))
                .hint("add --recursive to delete what is in it")
                .into());
        }
        if !args.quiet {
            output.say(&format!(
                "nothing to delete at {}",
                text::printable(&uri.to_string())
            ));
        }
        return Ok(());
    }
    if !args.dryrun {
        stave
            .buckets
            .delete(&stave.caller, &uri.bucket, &key)
            .await?;
    }
    if !args.quiet {
        say_deleted(args, &uri.to_string(), output);
    }
    Ok(())
}

async fn rm_folder(
    args: &RmArgs,
    uri: &S3Uri,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let prefix = uri.folder();
    let say = |object: &ObjectInfo| {
        if !args.quiet {
            say_deleted(args, &format!("s3://{}/{}", uri.bucket, object.key), output);
        }
    };
    let (mut objects, mut bytes) = (0, 0);
    if args.dryrun {
        let request = ListRequest::all(&prefix);
        let mut pages = stave.buckets.pages(&stave.caller, &uri.bucket, request);
        while let Some(page) = pages.try_next().await? {
            page.objects.iter().for_each(say);
            objects += page.objects.len() as u64;
            bytes += page.objects.iter().map(|object| object.size).sum::<u64>();
        }
    } else {
        let deleted = stave
            .buckets
            .delete_prefix(&stave.caller, &uri.bucket, &prefix, &mut |object| {
                say(object);
            })
            .await?;
        (objects, bytes) = (deleted.objects, deleted.bytes);
    }
    let verb = if args.dryrun {
        "would delete"
    } else {
        "deleted"
    };
    let objects = text::counted(objects, "object");
    output.say(&format!("{verb} {objects}, {}", units::bytes(bytes)));
    Ok(())
}

fn say_deleted(args: &RmArgs, place: &str, output: Output) {
    let verb = if args.dryrun {
        "(dryrun) delete"
    } else {
        "delete"
    };
    output.say(&format!("{verb}: {}", text::printable(place)));
}

/// Prints objects.
pub async fn cat(args: &CatArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    for uri in &args.uris {
        print(uri, stave, output).await?;
    }
    Ok(())
}

/// Prints one object.
pub async fn print(uri: &S3Uri, stave: &Stave, output: Output) -> Result<(), Failure> {
    let key = uri.object_key().map_err(|_| {
        Failure::Usage(
            Error::invalid(format!("{uri} is a whole bucket"))
                .hint(format!("list what is in it with: stave ls {uri}")),
        )
    })?;
    let read = stave.buckets.get(&stave.caller, &uri.bucket, &key, None);
    let mut body = read.await?.body;
    while let Some(chunk) = body.try_next().await? {
        output.data(&chunk)?;
    }
    Ok(())
}
