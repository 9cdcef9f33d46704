//! The role of a function: one that is named, or one that is made.

use stave_core::{ErrorKind, Result};
use stave_services::iam::{EntityKind, NewRole, Role};

use super::Desk;
use crate::commands::iam::trusting;

/// What a role that is made may do: write logs, and everything with every bucket.
const POLICIES: [&str; 2] = [
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    "arn:aws:iam::aws:policy/AmazonS3FullAccess",
];
/// By this tag a role is known that was made for a function.
const TAG: &str = "stave:function";
/// The longest name of a role, without what is behind the function's.
const MAX_NAME: usize = 59;

/// The ARN of the role with that name or ARN.
pub(super) fn named(desk: &Desk, role: &str) -> Result<String> {
    if role.starts_with("arn:") {
        return Ok(role.to_owned());
    }
    Ok(desk.stave.iam()?.get_role(desk.caller(), role)?.arn)
}

/// The role of a function.
pub(in crate::commands) struct Chosen {
    /// Its ARN.
    pub arn: String,
    /// Whether it has been made now.
    pub is_new: bool,
}

/// Makes the role of a function that names none, unless it is there.
pub(in crate::commands) fn made(desk: &Desk, function: &str) -> Result<Chosen> {
    let (iam, caller) = (desk.stave.iam()?, desk.caller());
    let name = name_for(function);
    match iam.get_role(caller, &name) {
        Ok(role) => {
            desk.done(&format!("uses the role {name}, which is there"));
            return Ok(Chosen {
                arn: role.arn,
                is_new: false,
            });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let role = iam.create_role(
        caller,
        NewRole {
            name: name.clone(),
            path: Some("/service-role/".to_owned()),
            trust: trusting("lambda.amazonaws.com"),
            description: Some(format!("Made for the function {function}")),
            tags: vec![(TAG.to_owned(), function.to_owned())],
            ..NewRole::default()
        },
    )?;
    for policy in POLICIES {
        iam.attach_policy(caller, EntityKind::Role, &name, policy)?;
    }
    desk.done(&format!(
        "made the role {name}: it may write logs (AWSLambdaBasicExecutionRole) and do everything \
         with every bucket (AmazonS3FullAccess)"
    ));
    Ok(Chosen {
        arn: role.arn,
        is_new: true,
    })
}

/// Removes the role of a function that is gone, if it was made for it.
pub(super) fn remove(desk: &Desk, function: &str, arn: &str) -> Result<()> {
    let (iam, caller) = (desk.stave.iam()?, desk.caller());
    let name = name_for(function);
    let role = match iam.get_role(caller, &name) {
        Ok(role) if role.arn == arn && was_made_for(&role, function) => role,
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for policy in POLICIES {
        match iam.detach_policy(caller, EntityKind::Role, &role.name, policy) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    match iam.delete_role(caller, &role.name) {
        // Somebody has given it more than it was made with.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            desk.done(&format!("left the role {name}: it has other policies, too"));
        }
        removed => {
            removed?;
            desk.done(&format!("removed the role {name}"));
        }
    }
    Ok(())
}

fn name_for(function: &str) -> String {
    let short: String = function.chars().take(MAX_NAME).collect();
    format!("{short}-role")
}

fn was_made_for(role: &Role, function: &str) -> bool {
    let mut tags = role.tags.iter();
    tags.any(|(key, value)| key == TAG && value == function)
}
