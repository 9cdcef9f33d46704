//! `iam policy`.

use stave_core::{Error, ErrorKind, Result};
use stave_services::iam::{EntityKind, NewPolicy, PolicyFilter, PolicyScope};

use super::{Desk, all, documents};
use crate::args::iam::policy::{HolderArgs, PolicyCommand};
use crate::failure::Failure;
use crate::output::{Cell, Table};

/// The most versions of a policy.
const MAX_VERSIONS: usize = 5;

pub(super) async fn run(command: PolicyCommand, desk: &Desk<'_>) -> Result<(), Failure> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    match command {
        PolicyCommand::Create {
            name,
            file,
            description,
        } => {
            let new = NewPolicy {
                name,
                document: documents::read(&file).await?,
                description,
                ..NewPolicy::default()
            };
            let policy = iam.create_policy(caller, new)?;
            desk.done(&format!("made policy {}", policy.arn));
        }
        PolicyCommand::Update { policy, file } => {
            let document = documents::read(&file).await?;
            update(&desk.policy_arn(&policy)?, &document, desk)?;
        }
        PolicyCommand::Ls { all } => return list(all, desk),
        PolicyCommand::Show { policy } => return show(&desk.policy_arn(&policy)?, desk),
        PolicyCommand::Rm { policy, cascade } => {
            remove(&desk.policy_arn(&policy)?, cascade, desk)?;
        }
        PolicyCommand::Attach { policy, to } => {
            let (kind, name) = holder(&to)?;
            iam.attach_policy(caller, kind, name, &desk.policy_arn(&policy)?)?;
            desk.done(&format!("attached {policy} to {} {name}", kind.as_str()));
        }
        PolicyCommand::Detach { policy, from } => {
            let (kind, name) = holder(&from)?;
            iam.detach_policy(caller, kind, name, &desk.policy_arn(&policy)?)?;
            desk.done(&format!("detached {policy} from {} {name}", kind.as_str()));
        }
        PolicyCommand::Put { name, file, to } => {
            let document = documents::read(&file).await?;
            let (kind, holder) = holder(&to)?;
            iam.put_inline_policy(caller, kind, holder, &name, &document)?;
            desk.done(&format!("{} {holder} has policy {name}", kind.as_str()));
        }
        PolicyCommand::Drop { name, from } => {
            let (kind, holder) = holder(&from)?;
            iam.delete_inline_policy(caller, kind, holder, &name)?;
            desk.done(&format!(
                "{} {holder} has policy {name} no more",
                kind.as_str()
            ));
        }
    }
    Ok(())
}

/// Who a policy is to be of.
fn holder(args: &HolderArgs) -> Result<(EntityKind, &str), Failure> {
    let given = [
        (EntityKind::User, &args.user),
        (EntityKind::Group, &args.group),
        (EntityKind::Role, &args.role),
    ];
    let found = given
        .into_iter()
        .find_map(|(kind, name)| Some((kind, name.as_deref()?)));
    found.ok_or_else(|| {
        Failure::Usage(Error::invalid("nobody is said to have the policy").hint("add --user NAME"))
    })
}

/// Adds a version and makes it the default; the oldest one that is not makes room for it.
fn update(arn: &str, document: &str, desk: &Desk<'_>) -> Result<()> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    let versions = all(|page| iam.list_policy_versions(caller, arn, page))?;
    if versions.len() >= MAX_VERSIONS
        && let Some(oldest) = versions.iter().rfind(|version| !version.is_default)
    {
        iam.delete_policy_version(caller, arn, &oldest.id)?;
    }
    let version = iam.create_policy_version(caller, arn, document, true)?;
    desk.done(&format!("{arn} is at version {}", version.id));
    Ok(())
}

fn list(of_aws_too: bool, desk: &Desk<'_>) -> Result<(), Failure> {
    let filter = PolicyFilter {
        scope: if of_aws_too {
            PolicyScope::All
        } else {
            PolicyScope::Local
        },
        ..PolicyFilter::default()
    };
    let policies = all(|page| desk.iam.list_policies(&desk.stave.caller, &filter, page))?;
    let mut table = Table::new(&["PolicyName", "Arn", "DefaultVersionId", "AttachmentCount"]);
    for policy in policies {
        table.row([
            policy.name.into(),
            policy.arn.into(),
            policy.default_version.into(),
            Cell::Count(policy.attachments as u64),
        ]);
    }
    desk.list(
        &table,
        "there is no policy yet; those of AWS: stave iam policy ls --all",
    )
}

/// Prints the document of the default version.
fn show(arn: &str, desk: &Desk<'_>) -> Result<(), Failure> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    let policy = iam.get_policy(caller, arn)?;
    let version = iam.get_policy_version(caller, arn, &policy.default_version)?;
    let document = version.document.unwrap_or_default();
    match serde_json::from_str(&document) {
        Ok(document) => desk.output.value(&document),
        Err(_) => desk.output.data(format!("{document}\n").as_bytes()),
    }
}

fn remove(arn: &str, cascade: bool, desk: &Desk<'_>) -> Result<()> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    if cascade {
        let usage = Some(stave_services::iam::PolicyUsage::PermissionsPolicy);
        let list = |page: &_| iam.list_entities_for_policy(caller, arn, None, None, usage, page);
        for entity in all(list)? {
            iam.detach_policy(caller, entity.kind, &entity.name, arn)?;
        }
        for version in all(|page| iam.list_policy_versions(caller, arn, page))? {
            if !version.is_default {
                iam.delete_policy_version(caller, arn, &version.id)?;
            }
        }
    }
    iam.delete_policy(caller, arn)
        .map_err(|error| match error.kind() {
            ErrorKind::Conflict => error.hint("add --cascade to detach it first"),
            _ => error,
        })?;
    desk.done(&format!("removed policy {arn}"));
    Ok(())
}
