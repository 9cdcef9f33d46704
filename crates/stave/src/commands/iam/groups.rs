//! `iam group`.

use stave_core::{ErrorKind, Result};
use stave_services::iam::{EntityKind, Group, PageRequest, User};

use super::{Desk, PAGE, all};
use crate::args::iam::entities::GroupCommand;
use crate::failure::Failure;
use crate::output::Table;

const GROUP: EntityKind = EntityKind::Group;

pub(super) fn run(command: GroupCommand, desk: &Desk<'_>) -> Result<(), Failure> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    match command {
        GroupCommand::Create {
            name,
            path,
            policies,
        } => {
            let group = iam.create_group(caller, &name, path.as_deref())?;
            desk.done(&format!("made group {}", group.arn));
            desk.attach(GROUP, &name, &policies)?;
        }
        GroupCommand::Ls => return list(desk),
        GroupCommand::Show { name } => return show(&name, desk),
        GroupCommand::Add { group, users } => {
            for user in users {
                iam.add_user_to_group(caller, &group, &user)?;
                desk.done(&format!("{user} is in group {group}"));
            }
        }
        GroupCommand::Remove { group, users } => {
            for user in users {
                iam.remove_user_from_group(caller, &group, &user)?;
                desk.done(&format!("{user} is no longer in group {group}"));
            }
        }
        GroupCommand::Rm { name, cascade } => {
            if cascade {
                for user in members(&name, desk)?.1 {
                    iam.remove_user_from_group(caller, &name, &user.name)?;
                }
                desk.strip(GROUP, &name)?;
            }
            let removed = iam.delete_group(caller, &name);
            removed.map_err(|error| match error.kind() {
                ErrorKind::Conflict => error.hint("add --cascade to remove all that it has"),
                _ => error,
            })?;
            desk.done(&format!("removed group {name}"));
        }
    }
    Ok(())
}

fn list(desk: &Desk<'_>) -> Result<(), Failure> {
    let groups = all(|page| desk.iam.list_groups(&desk.stave.caller, None, page))?;
    let mut table = Table::new(&["GroupName", "Path", "CreateDate"]);
    for group in groups {
        table.row([
            group.name.into(),
            group.path.into(),
            group.created_at.into(),
        ]);
    }
    desk.list(
        &table,
        "there is no group yet; make one with: stave iam group create NAME",
    )
}

/// A group with all its users.
fn members(name: &str, desk: &Desk<'_>) -> Result<(Group, Vec<User>)> {
    let mut page = PageRequest {
        marker: None,
        max_items: Some(PAGE),
    };
    let mut users = Vec::new();
    loop {
        let (group, found) = desk.iam.get_group(&desk.stave.caller, name, &page)?;
        users.extend(found.items);
        page.marker = found.marker;
        if page.marker.is_none() {
            return Ok((group, users));
        }
    }
}

fn show(name: &str, desk: &Desk<'_>) -> Result<(), Failure> {
    let (group, users) = members(name, desk)?;
    let users: Vec<String> = users.into_iter().map(|user| user.name).collect();
    desk.show(vec![
        ("GroupName", group.name.into()),
        ("Arn", group.arn.into()),
        ("GroupId", group.id.into()),
        ("CreateDate", group.created_at.to_string().into()),
        ("Users", users.into()),
        ("AttachedPolicies", desk.attached(GROUP, name)?.into()),
        ("InlinePolicies", desk.inline(GROUP, name)?.into()),
    ])
}
