//! `iam key`.

use stave_core::Result;

use super::{Desk, all};
use crate::args::iam::login::{KeyArgs, KeyCommand};
use crate::failure::Failure;
use crate::output::Table;

pub(super) fn run(command: KeyCommand, desk: &Desk<'_>) -> Result<(), Failure> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    match command {
        KeyCommand::Create { user } => {
            let new = iam.create_access_key(caller, user.as_deref())?;
            desk.done("keep the secret: it is not shown again");
            desk.show(vec![
                ("UserName", new.key.user.into()),
                ("AccessKeyId", new.key.id.into()),
                ("SecretAccessKey", new.secret.expose().into()),
            ])
        }
        KeyCommand::Ls { user } => {
            let keys = all(|page| iam.list_access_keys(caller, user.as_deref(), page))?;
            let mut table = Table::new(&[
                "AccessKeyId",
                "Status",
                "CreateDate",
                "LastUsedDate",
                "ServiceName",
            ]);
            for key in keys {
                let used = iam.access_key_last_used(caller, &key.id)?;
                table.row([
                    key.id.into(),
                    if key.is_active { "Active" } else { "Inactive" }.into(),
                    key.created_at.into(),
                    used.used_at.into(),
                    used.service.into(),
                ]);
            }
            desk.list(
                &table,
                "there is no access key; make one with: stave iam key create USER",
            )
        }
        KeyCommand::Enable(args) => set_active(&args, true, desk),
        KeyCommand::Disable(args) => set_active(&args, false, desk),
        KeyCommand::Rm(args) => {
            iam.delete_access_key(caller, args.user.as_deref(), &args.id)?;
            desk.done(&format!("removed access key {}", args.id));
            Ok(())
        }
    }
}

fn set_active(args: &KeyArgs, is_active: bool, desk: &Desk<'_>) -> Result<(), Failure> {
    let user = args.user.as_deref();
    desk.iam
        .update_access_key(&desk.stave.caller, user, &args.id, is_active)?;
    let state = if is_active { "active" } else { "inactive" };
    desk.done(&format!("access key {} is {state}", args.id));
    Ok(())
}
