//! `iam user`.

use serde_json::Value;
use stave_core::{ErrorKind, Result};
use stave_services::iam::{EntityKind, NewUser};

use super::{Desk, all, tags};
use crate::args::iam::entities::{UserCommand, UserCreateArgs};
use crate::failure::Failure;
use crate::output::Table;

const USER: EntityKind = EntityKind::User;

pub(super) fn run(command: UserCommand, desk: &Desk<'_>) -> Result<(), Failure> {
    match command {
        UserCommand::Create(args) => create(args, desk),
        UserCommand::Ls => list(desk),
        UserCommand::Show { name } => show(&name, desk),
        UserCommand::Rm { name, cascade } => {
            if cascade {
                clear(&name, desk)?;
            }
            let removed = desk.iam.delete_user(&desk.stave.caller, &name);
            removed.map_err(|error| match error.kind() {
                ErrorKind::Conflict => error.hint("add --cascade to remove all that it has"),
                _ => error,
            })?;
            desk.done(&format!("removed user {name}"));
            Ok(())
        }
    }
}

fn create(args: UserCreateArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let caller = &desk.stave.caller;
    let boundary = args
        .boundary
        .as_deref()
        .map(|policy| desk.policy_arn(policy));
    let user = desk.iam.create_user(
        caller,
        NewUser {
            name: args.name,
            path: args.path,
            boundary: boundary.transpose()?,
            tags: args.tags,
        },
    )?;
    desk.done(&format!("made user {}", user.arn));
    for group in &args.groups {
        desk.iam.add_user_to_group(caller, group, &user.name)?;
    }
    desk.attach(USER, &user.name, &args.policies)?;
    Ok(())
}

fn list(desk: &Desk<'_>) -> Result<(), Failure> {
    let users = all(|page| desk.iam.list_users(&desk.stave.caller, None, page))?;
    let mut table = Table::new(&["UserName", "Path", "CreateDate", "PasswordLastUsed"]);
    for user in users {
        table.row([
            user.name.into(),
            user.path.into(),
            user.created_at.into(),
            user.password_used_at.into(),
        ]);
    }
    desk.list(
        &table,
        "there is no user yet; make one with: stave iam user create NAME",
    )
}

fn show(name: &str, desk: &Desk<'_>) -> Result<(), Failure> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    let user = iam.get_user(caller, Some(name))?;
    let groups = all(|page| iam.list_groups_for_user(caller, name, page))?;
    let groups: Vec<String> = groups.into_iter().map(|group| group.name).collect();
    let keys = all(|page| iam.list_access_keys(caller, Some(name), page))?;
    let keys: Vec<String> = keys
        .into_iter()
        .map(|key| {
            if key.is_active {
                key.id
            } else {
                format!("{} (inactive)", key.id)
            }
        })
        .collect();
    let password = match iam.get_login_profile(caller, Some(name)) {
        Ok(login) if login.must_change => Value::from("to be changed at the next sign-in"),
        Ok(_) => Value::from("set"),
        Err(error) if error.kind() == ErrorKind::NotFound => Value::Null,
        Err(error) => return Err(error.into()),
    };
    desk.show(vec![
        ("UserName", user.name.into()),
        ("Arn", user.arn.into()),
        ("UserId", user.id.into()),
        ("CreateDate", user.created_at.to_string().into()),
        ("Groups", groups.into()),
        ("AttachedPolicies", desk.attached(USER, name)?.into()),
        ("InlinePolicies", desk.inline(USER, name)?.into()),
        ("PermissionsBoundary", user.boundary.into()),
        ("AccessKeys", keys.into()),
        ("Password", password),
        ("Tags", tags(&user.tags).into()),
    ])
}

/// Removes all that hangs on a user.
fn clear(name: &str, desk: &Desk<'_>) -> Result<()> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    for group in all(|page| iam.list_groups_for_user(caller, name, page))? {
        iam.remove_user_from_group(caller, &group.name, name)?;
    }
    for key in all(|page| iam.list_access_keys(caller, Some(name), page))? {
        iam.delete_access_key(caller, Some(name), &key.id)?;
    }
    match iam.delete_login_profile(caller, Some(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    desk.strip(USER, name)
}
