//! What was probably meant by a name that is not there.

use stave_core::{BucketName, Error, nearest};
use stave_services::transfer::Place;

use crate::args::Command;
use crate::args::values::CopyEnd;
use crate::compose::Stave;
use crate::failure::Failure;

/// The buckets that a command on objects names.
pub fn buckets(command: &Command) -> Vec<BucketName> {
    let of = |place: &Place| match place {
        Place::Object(uri) => Some(uri.bucket.clone()),
        Place::Local(_) => None,
    };
    let named = match command {
        Command::Ls(args) => vec![args.uri.as_ref().map(|uri| uri.bucket.clone())],
        Command::Rb(args) => vec![Some(args.bucket.clone())],
        Command::Rm(args) => args
            .uris
            .iter()
            .map(|uri| Some(uri.bucket.clone()))
            .collect(),
        Command::Cat(args) => args
            .uris
            .iter()
            .map(|uri| Some(uri.bucket.clone()))
            .collect(),
        Command::Cp(args) => [&args.from, &args.to]
            .map(|end| match end {
                CopyEnd::Place(place) => of(place),
                CopyEnd::Standard => None,
            })
            .into(),
        Command::Mv(args) => [&args.from, &args.to].map(of).into(),
        _ => Vec::new(),
    };
    named.into_iter().flatten().collect()
}

/// A failure for want of a bucket, with the name of one that is there and nearly the same.
pub async fn near_bucket(failure: Failure, named: &[BucketName], stave: &Stave) -> Failure {
    let Failure::Failed(error) = failure else {
        return failure;
    };
    Failure::Failed(match error.code() {
        Some("NoSuchBucket") => hinted(error, named, stave).await,
        _ => error,
    })
}

async fn hinted(error: Error, named: &[BucketName], stave: &Stave) -> Error {
    // Who may not list the buckets is not told of any.
    let Ok(there) = stave.buckets.list_buckets(&stave.caller).await else {
        return error;
    };
    let there: Vec<&str> = there.iter().map(|bucket| bucket.name.as_str()).collect();
    let missing = named.iter().find(|name| !there.contains(&name.as_str()));
    let meant = missing.and_then(|name| nearest::nearest(name.as_str(), there.iter().copied()));
    match (meant, error.hint_text().map(str::to_owned)) {
        (Some(meant), Some(hint)) => {
            error.hint(format!("did you mean s3://{meant}? If not, {hint}"))
        }
        (Some(meant), None) => error.hint(format!("did you mean s3://{meant}?")),
        (None, _) => error,
    }
}
