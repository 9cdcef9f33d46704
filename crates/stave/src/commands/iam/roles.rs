//! `iam role`.

use serde_json::{Value, json};
use stave_core::{Error, ErrorKind, Result};
use stave_services::iam::{EntityKind, NewRole};

use super::{Desk, all, documents, tags};
use crate::args::iam::entities::{RoleCommand, RoleCreateArgs};
use crate::failure::Failure;
use crate::output::Table;

const ROLE: EntityKind = EntityKind::Role;

pub(super) async fn run(command: RoleCommand, desk: &Desk<'_>) -> Result<(), Failure> {
    match command {
        RoleCommand::Create(args) => create(args, desk).await,
        RoleCommand::Ls => list(desk),
        RoleCommand::Show { name } => show(&name, desk),
        RoleCommand::Rm { name, cascade } => {
            if cascade {
                desk.strip(ROLE, &name)?;
            }
            let removed = desk.iam.delete_role(&desk.stave.caller, &name);
            removed.map_err(|error| match error.kind() {
                ErrorKind::Conflict => error.hint("add --cascade to remove all that it has"),
                _ => error,
            })?;
            desk.done(&format!("removed role {name}"));
            Ok(())
        }
    }
}

/// The trust policy that lets a service assume a role.
pub(in super::super) fn trusting(service: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }],
    })
    .to_string()
}

async fn create(args: RoleCreateArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let trust = match (&args.service, &args.trust) {
        (Some(service), _) => trusting(service),
        (None, Some(file)) => documents::read(file).await?,
        (None, None) => {
            let error = Error::invalid("nobody is said who may assume the role");
            return Err(Failure::Usage(error.hint("add --service or --trust")));
        }
    };
    let role = desk.iam.create_role(
        &desk.stave.caller,
        NewRole {
            name: args.name,
            path: args.path,
            trust,
            description: args.description,
            tags: args.tags,
            ..NewRole::default()
        },
    )?;
    desk.done(&format!("made role {}", role.arn));
    desk.attach(ROLE, &role.name, &args.policies)?;
    Ok(())
}

fn list(desk: &Desk<'_>) -> Result<(), Failure> {
    let roles = all(|page| desk.iam.list_roles(&desk.stave.caller, None, page))?;
    let mut table = Table::new(&["RoleName", "Path", "Description", "CreateDate"]);
    for role in roles {
        table.row([
            role.name.into(),
            role.path.into(),
            role.description.into(),
            role.created_at.into(),
        ]);
    }
    desk.list(
        &table,
        "there is no role yet; make one with: stave iam role create NAME",
    )
}

fn show(name: &str, desk: &Desk<'_>) -> Result<(), Failure> {
    let role = desk.iam.get_role(&desk.stave.caller, name)?;
    let trust: Value = serde_json::from_str(&role.trust).unwrap_or(Value::String(role.trust));
    desk.show(vec![
        ("RoleName", role.name.into()),
        ("Arn", role.arn.into()),
        ("RoleId", role.id.into()),
        ("Description", role.description.into()),
        ("CreateDate", role.created_at.to_string().into()),
        ("MaxSessionDuration", role.max_session_seconds.into()),
        ("AssumeRolePolicyDocument", trust),
        ("AttachedPolicies", desk.attached(ROLE, name)?.into()),
        ("InlinePolicies", desk.inline(ROLE, name)?.into()),
        ("PermissionsBoundary", role.boundary.into()),
        ("LastUsed", role.used_at.map(|at| at.to_string()).into()),
        ("Tags", tags(&role.tags).into()),
    ])
}
