//! `schedule`.

use serde_json::{Value, json};
use stave_core::Error;
use stave_services::schedules::scheduler::{
    BusParameters, Named, NewSchedule, ScheduleDefinition, ScheduleFilter, ScheduleInfo,
    ScheduleTarget,
};

use super::aim::{self, Aim, Archer};
use super::rule::all;
use crate::args::schedule::{ScheduleCommand, ScheduleCreateArgs, ScheduleName};
use crate::args::target::TargetName;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Output, Table};

/// Who says the events that a schedule of the command line puts on a bus.
const SOURCE: &str = "stave.schedule";

/// Runs a command on schedules.
pub fn run(command: ScheduleCommand, stave: &Stave, output: Output) -> Result<(), Failure> {
    match command {
        ScheduleCommand::Create(args) => create(*args, stave, output),
        ScheduleCommand::Ls { group } => ls(group, stave, output),
        ScheduleCommand::Show(named) => show(&named, stave, output),
        ScheduleCommand::Rm(named) => rm(&named, stave, output),
    }
}

impl ScheduleName {
    fn named(&self) -> Named<'_> {
        Named {
            group: Some(&self.group),
            name: &self.name,
        }
    }
}

fn create(args: ScheduleCreateArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let input = aim::input(&args.target).map_err(Failure::Usage)?;
    let Some(target) = &args.target.target else {
        let error = Error::invalid("nobody is said whom the schedule sends to");
        return Err(Failure::Usage(error.hint("add --target")));
    };
    let schedules = &stave.platform()?.schedules;
    // Its role is not to be given to another target.
    if schedules
        .get_schedule(&stave.caller, args.named.named())
        .is_ok()
    {
        let said = format!("schedule {} already exists", args.named.name);
        let hint = format!("remove it first: stave schedule rm {}", args.named.name);
        return Err(Error::already_exists(said).hint(hint).into());
    }
    let aim = Aim::at(stave, target);
    let called = aim::qualified(&args.named.group, &args.named.name);
    let archer = Archer::Schedule { name: &called };
    let role = args.target.role.as_deref();
    let role = aim.open(stave, archer, role, output)?;
    let bus = matches!(target, TargetName::Bus(_)).then(|| BusParameters {
        detail_type: args.named.name.clone(),
        source: SOURCE.to_owned(),
    });
    let new = NewSchedule {
        named: args.named.named(),
        definition: ScheduleDefinition {
            expression: args.schedule.or(args.expression).unwrap_or_default(),
            time_zone: args.timezone,
            start_at: args.start,
            end_at: args.end,
            description: args.description,
            is_enabled: !args.disabled,
            window_minutes: args.flexible,
            is_deleted_after: args.delete_after,
            target: ScheduleTarget {
                arn: aim.arn,
                role_arn: role.unwrap_or_default(),
                input: input.or_else(|| bus.as_ref().map(|_| "{}".to_owned())),
                bus,
                ..ScheduleTarget::default()
            },
            client_token: None,
        },
    };
    if let Err(error) = schedules.create_schedule(&stave.caller, &new) {
        if args.target.role.is_none() {
            aim::close(stave, archer, &[], output)?;
        }
        return Err(error.into());
    }
    output.say(&format!("made schedule {}", args.named.name));
    aim::remind(stave, output);
    Ok(())
}

fn ls(group: Option<String>, stave: &Stave, output: Output) -> Result<(), Failure> {
    let schedules = &stave.platform()?.schedules;
    let filter = ScheduleFilter {
        group,
        ..ScheduleFilter::default()
    };
    let found = all(|page| schedules.list_schedules(&stave.caller, &filter, page))?;
    let mut table = Table::new(&[
        "GroupName",
        "Name",
        "State",
        "Expression",
        "Timezone",
        "Target",
    ]);
    for schedule in found {
        let definition = &schedule.definition;
        table.row([
            schedule.group.as_str().into(),
            schedule.name.as_str().into(),
            state(&schedule).into(),
            definition.expression.as_str().into(),
            definition.time_zone.as_deref().unwrap_or("UTC").into(),
            definition.target.arn.as_str().into(),
        ]);
    }
    output.table(&table)?;
    if table.is_empty() && !output.is_json() {
        output
            .say("there is no schedule yet; make one with: stave schedule create NAME EXPRESSION");
    }
    Ok(())
}

fn show(named: &ScheduleName, stave: &Stave, output: Output) -> Result<(), Failure> {
    let schedules = &stave.platform()?.schedules;
    let schedule = schedules.get_schedule(&stave.caller, named.named())?;
    let definition = &schedule.definition;
    let time = |at: Option<jiff::Timestamp>| json!(at.map(|at| at.to_string()));
    let target = &definition.target;
    let mut shown = json!({"Arn": target.arn, "RoleArn": target.role_arn});
    if let Some(input) = &target.input {
        shown["Input"] = Value::from(input.as_str());
    }
    let after = if definition.is_deleted_after {
        "DELETE"
    } else {
        "NONE"
    };
    let facts = vec![
        ("Name", json!(schedule.name)),
        ("GroupName", json!(schedule.group)),
        ("Arn", json!(schedule.arn)),
        ("State", json!(state(&schedule))),
        ("ScheduleExpression", json!(definition.expression)),
        (
            "ScheduleExpressionTimezone",
            json!(definition.time_zone.as_deref().unwrap_or("UTC")),
        ),
        ("MaximumWindowInMinutes", json!(definition.window_minutes)),
        ("StartDate", time(definition.start_at)),
        ("EndDate", time(definition.end_at)),
        ("ActionAfterCompletion", json!(after)),
        ("Description", json!(definition.description)),
        ("CreationDate", time(Some(schedule.created_at))),
        ("Target", shown),
    ];
    aim::facts(facts, output)
}

fn rm(named: &ScheduleName, stave: &Stave, output: Output) -> Result<(), Failure> {
    let schedules = &stave.platform()?.schedules;
    schedules.delete_schedule(&stave.caller, named.named())?;
    output.say(&format!("removed schedule {}", named.name));
    let called = aim::qualified(&named.group, &named.name);
    let archer = Archer::Schedule { name: &called };
    aim::close(stave, archer, &[], output)?;
    Ok(())
}

fn state(schedule: &ScheduleInfo) -> &'static str {
    if schedule.definition.is_enabled {
        "ENABLED"
    } else {
        "DISABLED"
    }
}
