//! `spotify purge`.

use stave_core::units;
use stave_services::extract::Purge;

use crate::args::spotify::history::PurgeArgs;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table, text};

/// Removes what came from Spotify.
pub async fn run(args: PurgeArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let purge = Purge {
        account: args.account,
        older_than: args.older_than,
        dry_run: args.dry_run,
    };
    let purged = stave.extracts().purge(&stave.caller, &purge).await?;
    let mut table = Table::new(&[
        "Bucket",
        "Account",
        "Stream",
        "Objects",
        "Size",
        "OldestTime",
    ]);
    let (mut objects, mut bytes) = (0, 0);
    for group in &purged.groups {
        objects += group.objects;
        bytes += group.bytes;
        table.row([
            group.bucket.as_str().into(),
            group.account.as_str().into(),
            group.stream.as_str().into(),
            Cell::Count(group.objects),
            Cell::Bytes(group.bytes),
            group.oldest_at.into(),
        ]);
    }
    output.table(&table)?;
    let done = if purge.dry_run {
        "would be deleted"
    } else {
        "deleted"
    };
    output.say(&format!(
        "{} ({}) {done}",
        text::counted(objects, "object"),
        units::bytes(bytes)
    ));
    if let (Some(account), None) = (&purge.account, purge.older_than) {
        let done = if purge.dry_run {
            "would be forgotten"
        } else {
            "forgotten"
        };
        let login = if purged.login { " and its login" } else { "" };
        output.say(&format!(
            "account \"{account}\": {}{login} {done}",
            text::counted(purged.forgotten, "checkpoint")
        ));
    }
    Ok(())
}
