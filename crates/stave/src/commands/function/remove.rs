//! `function rm`.

use stave_core::Result;

use super::{Desk, role, triggers};
use crate::failure::Failure;

/// Removes a function, with the rule and the notifications that start it.
pub(super) async fn run(name: &str, desk: &Desk) -> Result<(), Failure> {
    let functions = desk.functions()?;
    let function = functions.get_configuration(desk.caller(), name, None)?;
    let (name, arn) = (&function.name, &function.arn);
    triggers::remove_schedule(desk, name, arn)?;
    triggers::remove_notifications(desk, name, arn).await?;
    functions.delete_function(desk.caller(), name, None)?;
    desk.done(&format!("removed the function {name}"));
    role::remove(desk, name, &function.definition.role)?;
    Ok(())
}
