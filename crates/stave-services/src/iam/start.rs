//! The first start: the account, the key that seals, the root's access key.

use std::fmt::Write as _;

use stave_core::arn::is_account;
use stave_core::{Error, Result};
use stave_store::Store;
use stave_store::iam::AccessKey;

use super::ids;
use super::secret::{Seal, Secret};

/// Makes what the first start makes, if it is not there; what a killed start left is made whole.
pub(super) fn first_start(store: &Store, account: &str) -> Result<Seal> {
    if !is_account(account) {
        return Err(Error::invalid(format!(
            "account \"{account}\" is not twelve digits"
        )));
    }
    let seal_key = store.home().seal_key();
    let made = store.iam_read(|rows| Ok(rows.account()?.map(|made| made.account)))?;
    if made.is_some() && !seal_key.exists() {
        return Err(
            Error::not_found(format!("{} is gone", seal_key.display())).hint(
                "restore it from a backup: the access keys of this home cannot be read without it",
            ),
        );
    }
    let seal = Seal::read(&store.private_file(&seal_key, Seal::new_file)?)?;
    match made {
        None => make_account(store, account, &seal)?,
        Some(made) => check_account(&made, account)?,
    }
    write_credentials(store, &seal)?;
    Ok(seal)
}

fn check_account(made: &str, account: &str) -> Result<()> {
    if made == account {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "this home is that of account {made}, and account {account} is configured"
    ))
    .hint(format!("set account = \"{made}\", or use another --home")))
}

fn make_account(store: &Store, account: &str, seal: &Seal) -> Result<()> {
    store.iam_write(|rows| {
        // Another process may have been here first.
        if let Some(made) = rows.account()? {
            return check_account(&made.account, account);
        }
        rows.make_account(account)?;
        let id = ids::access_key(store);
        rows.add_access_key(&AccessKey {
            secret: seal.seal_secret(&id, &Secret::generate()?)?,
            id,
            user_id: None,
            is_active: true,
            created_at: rows.now(),
            used_at: None,
            used_service: None,
            used_region: None,
        })
    })
}

/// Writes the file of the root's oldest key, unless it is there or the root has no key.
fn write_credentials(store: &Store, seal: &Seal) -> Result<()> {
    let path = store.home().root_credentials();
    let keys = store.iam_read(|rows| rows.access_keys(None))?;
    let Some(key) = keys.first() else {
        return Ok(());
    };
    store
        .private_file(&path, || {
            let secret = seal.open_secret(&key.id, &key.secret)?;
            let mut text = String::from("[default]\n");
            let _ = writeln!(text, "aws_access_key_id = {}", key.id);
            let _ = writeln!(text, "aws_secret_access_key = {}", secret.expose());
            Ok(text.into_bytes())
        })
        .map(drop)
}
