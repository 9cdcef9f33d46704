//! `spotify status`.

use serde_json::{Value, json};
use stave_services::extract::AccountStatus;

use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table};

/// Shows how the accounts stand.
pub async fn run(stave: &Stave, output: Output) -> Result<(), Failure> {
    let accounts = stave.extracts().status(&stave.caller).await?;
    if output.is_json() {
        let all: Vec<Value> = accounts.iter().map(to_json).collect();
        return output.value(&Value::Array(all));
    }
    if accounts.is_empty() {
        output.say("nothing was extracted yet; see: stave spotify extract --help");
        return Ok(());
    }
    output.table(&logins(&accounts))?;
    output.table(&streams(&accounts))?;
    output.table(&budgets(&accounts))?;
    for account in &accounts {
        if let Some(warning) = account
            .login
            .as_ref()
            .and_then(|login| login.warning.as_ref())
        {
            output.say(&format!(
                "warning: account \"{}\": {warning}",
                account.account
            ));
        }
    }
    Ok(())
}

fn logins(accounts: &[AccountStatus]) -> Table {
    let mut table = Table::new(&["Account", "Login", "ConsentTime", "EndTime"]);
    for account in accounts {
        let login = account.login.as_ref();
        table.row([
            account.account.as_str().into(),
            match login {
                None => "none",
                Some(login) if login.warning.is_some() => "ends soon, or has ended",
                Some(_) => "user",
            }
            .into(),
            login.map(|login| login.consented_at).into(),
            login.map(|login| login.ends_at).into(),
        ]);
    }
    table
}

fn streams(accounts: &[AccountStatus]) -> Table {
    let mut table = Table::new(&[
        "Account",
        "Stream",
        "Standing",
        "Asked",
        "Got",
        "Calls",
        "LastTime",
        "ClosedUntil",
    ]);
    for account in accounts {
        for run in &account.streams {
            table.row([
                account.account.as_str().into(),
                run.stream.as_str().into(),
                run.standing.as_str().into(),
                run.asked.into(),
                run.got.into(),
                run.calls.into(),
                run.ended_at.into(),
                run.closed_until.into(),
            ]);
        }
    }
    table
}

fn budgets(accounts: &[AccountStatus]) -> Table {
    let mut table = Table::new(&[
        "Account",
        "Bucket",
        "CallsToday",
        "DailyLimit",
        "ClosedUntil",
    ]);
    for account in accounts {
        for budget in &account.budgets {
            table.row([
                account.account.as_str().into(),
                budget.bucket.as_str().into(),
                Cell::Count(budget.calls_today.into()),
                budget.takes.map(u64::from).into(),
                budget.closed_until.into(),
            ]);
        }
    }
    table
}

fn to_json(account: &AccountStatus) -> Value {
    let login = account.login.as_ref().map(|login| {
        json!({
            "consented_at": login.consented_at.to_string(),
            "ends_at": login.ends_at.to_string(),
            "warning": login.warning,
        })
    });
    let budgets = account.budgets.iter().map(|budget| {
        json!({
            "bucket": budget.bucket,
            "calls_today": budget.calls_today,
            "takes": budget.takes,
            "closed_until": budget.closed_until.map(|until| until.to_string()),
        })
    });
    json!({
        "account": account.account,
        "login": login,
        "streams": account.streams,
        "budgets": budgets.collect::<Vec<_>>(),
    })
}
