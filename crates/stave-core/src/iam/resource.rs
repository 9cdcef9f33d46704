//! What AWS accepts as a statement's resource.

use crate::error::{Error, Result};

/// What the resource part of an IAM ARN may begin with.
const IAM_TYPES: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// What of S3 belongs to a region: its ARNs name one.
const S3_REGIONAL: [&str; 5] = [
    "accesspoint",
    "async-request",
    "job",
    "storage-lens",
    "access-grants",
];

/// Checks one resource; the error is the one that AWS gives for it.
pub(super) fn check(resource: &str) -> Result<()> {
    if resource == "*" {
        return Ok(());
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let part = |index: usize| parts.get(index).copied();
    let (Some("arn"), Some(partition)) = (Some(parts[0]), part(1)) else {
        return Err(not_an_arn(resource));
    };
    if !["aws", "*"].contains(&partition) {
        return Err(Error::invalid(format!(
            "Partition \"{partition}\" is not valid for resource \"{}\".",
            filled_up(&parts)
        ))
        .hint("the partition is aws: write arn:aws:…"));
    }
    let Some(service) = part(2).filter(|service| !service.contains(['*', '?'])) else {
        return Err(Error::invalid(
            "Resource vendor must be fully qualified and cannot contain regexes.",
        )
        .hint(format!("\"{resource}\" does not name its service")));
    };
    let region = part(3).unwrap_or("");
    let inside = part(5).unwrap_or("");
    let regional = !region.is_empty() && region != "*";
    match service {
        "iam" if regional => Err(Error::invalid(format!(
            "IAM resource {resource} cannot contain region information."
        ))),
        "s3" if regional && !S3_REGIONAL.iter().any(|kind| inside.starts_with(kind)) => {
            Err(Error::invalid(format!(
                "Resource {resource} can not contain region information."
            ))
            .hint("buckets have no region in their ARN: arn:aws:s3:::bucket/key"))
        }
        "iam" if parts.len() == 6 && !is_iam_path(inside) => Err(Error::invalid(format!(
            "IAM resource path must either be \"*\" or start with {}.",
            IAM_TYPES.join(", ")
        ))
        .hint(format!("\"{resource}\""))),
        _ => Ok(()),
    }
}

fn not_an_arn(resource: &str) -> Error {
    // AWS shows what does not begin with "arn" as it reads it: the second part is the partition.
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    match parts.get(1) {
        Some(partition) if *partition != "aws" => Error::invalid(format!(
            "Partition \"{partition}\" is not valid for resource \"{}\".",
            filled_up(&parts)
        )),
        _ => Error::invalid(format!(
            "Resource {resource} must be in ARN format or \"*\"."
        )),
    }
    .hint("write it like arn:aws:s3:::bucket/*")
}

/// The ARN as AWS shows it: parts that are not there are `*`.
fn filled_up(parts: &[&str]) -> String {
    let part = |index: usize| parts.get(index).copied().unwrap_or("*");
    format!(
        "arn:{}:{}:{}:{}:{}",
        part(1),
        part(2),
        part(3),
        part(4),
        part(5)
    )
}

fn is_iam_path(path: &str) -> bool {
    path == "root"
        // AWS's own policies name templates of roles.
        || path.starts_with("role-template/")
        || path.starts_with(['*', '?'])
        || IAM_TYPES.iter().any(|kind| {
            path.starts_with(kind)
                // A wildcard may stand in the type itself: `us*`.
                || path
                    .find(['*', '?'])
                    .is_some_and(|at| kind.starts_with(&path[..at]))
        })
}

/// What AWS's oldest parser wants: a service, and all parts where some are empty.
pub(super) fn passes_legacy(resource: &str) -> bool {
    let colons = resource.matches(':').count();
    resource == "*"
        || ((colons >= 5 || !resource.contains("::"))
            && resource
                .split(':')
                .nth(2)
                .is_some_and(|vendor| !vendor.is_empty()))
}
