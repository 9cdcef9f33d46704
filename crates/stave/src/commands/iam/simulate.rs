//! `iam simulate`.

use stave_core::iam::Verdict;
use stave_core::{Error, Result};
use stave_services::iam::{Simulated, Simulation};

use super::{Desk, all};
use crate::args::iam::policy::SimulateArgs;
use crate::failure::Failure;
use crate::output::Table;

pub(super) fn run(args: &SimulateArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    let source = if args.who.starts_with("arn:") {
        args.who.clone()
    } else {
        iam.get_user(caller, Some(&args.who))?.arn
    };
    let is_resource = |what: &&String| what.starts_with("arn:") || *what == "*";
    let (resources, actions): (Vec<&String>, Vec<&String>) =
        args.what.iter().partition(is_resource);
    if actions.is_empty() {
        let error = Error::invalid("no action is given").hint("add one, such as s3:GetObject");
        return Err(Failure::Usage(error));
    }
    let simulation = Simulation {
        actions: actions.into_iter().cloned().collect(),
        resources: resources.into_iter().cloned().collect(),
        context: context(&args.context),
        ..Simulation::default()
    };
    let results = all(|page| iam.simulate_principal_policy(caller, &source, &simulation, page))?;
    let denied = results
        .iter()
        .filter(|result| result.verdict != Verdict::Allowed)
        .count();
    print(&results, desk)?;
    if denied > 0 {
        let error = Error::denied(format!("{denied} of {} would be denied", results.len()));
        return Err(error.into());
    }
    Ok(())
}

/// Keys that are given several times have several values.
fn context(given: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    for (key, value) in given {
        match keys.iter_mut().find(|(name, _)| name == key) {
            Some((_, values)) => values.push(value.clone()),
            None => keys.push((key.clone(), vec![value.clone()])),
        }
    }
    keys
}

fn print(results: &[Simulated], desk: &Desk<'_>) -> Result<(), Failure> {
    let mut table = Table::new(&[
        "EvalActionName",
        "EvalResourceName",
        "EvalDecision",
        "MatchedStatements",
        "MissingContextValues",
    ]);
    for result in results {
        let decision = match result.verdict {
            Verdict::Allowed => "allowed",
            Verdict::ExplicitDeny => "explicitDeny",
            Verdict::ImplicitDeny => "implicitDeny",
        };
        let matched = result.matched.iter().map(|matched| matched.source.as_str());
        table.row([
            result.action.as_str().into(),
            result.resource.as_str().into(),
            decision.into(),
            matched.collect::<Vec<_>>().join(", ").into(),
            result.missing_context.join(", ").into(),
        ]);
    }
    desk.output.table(&table)
}
