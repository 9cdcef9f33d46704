//! Schedules.

use stave_services::Schedules;
use stave_services::schedules::scheduler::{Named, NewSchedule, ScheduleFilter, ScheduleInfo};

use super::definition::{self, ENABLED, Said};
use super::page;
use crate::wire::door::Door;
use crate::wire::types::scheduler as wire;

pub(super) fn add(door: Door, service: &Schedules) -> Door {
    kept(door, service)
        .on(service, &wire::GET_SCHEDULE, |of, caller, request| {
            let named = named(request.group_name.as_deref(), &request.name);
            Ok(definition::shown(of.get_schedule(caller, named)?))
        })
        .on(service, &wire::DELETE_SCHEDULE, |from, caller, request| {
            let named = named(request.group_name.as_deref(), &request.name);
            from.delete_schedule(caller, named)?;
            Ok(wire::DeleteScheduleOutput {})
        })
        .on(service, &wire::LIST_SCHEDULES, |of, caller, request| {
            let page = page(request.next_token, request.max_results);
            let filter = ScheduleFilter {
                group: request.group_name,
                prefix: request.name_prefix,
                is_enabled: request.state.map(|state| state == ENABLED),
            };
            let schedules = of.list_schedules(caller, &filter, &page)?;
            Ok(wire::ListSchedulesOutput {
                next_token: schedules.next_token,
                schedules: Some(schedules.items.into_iter().map(summary).collect()),
            })
        })
}

fn kept(door: Door, service: &Schedules) -> Door {
    door.on(service, &wire::CREATE_SCHEDULE, |to, caller, request| {
        let new = NewSchedule {
            named: named(request.group_name.as_deref(), &request.name),
            definition: definition::read(Said {
                expression: request.schedule_expression,
                time_zone: request.schedule_expression_timezone,
                start_at: request.start_date,
                end_at: request.end_date,
                description: request.description,
                state: request.state,
                key: request.kms_key_arn,
                target: request.target,
                window: request.flexible_time_window,
                after_completion: request.action_after_completion,
                client_token: request.client_token,
            })?,
        };
        let arn = to.create_schedule(caller, &new)?;
        Ok(wire::CreateScheduleOutput {
            schedule_arn: Some(arn),
        })
    })
    .on(service, &wire::UPDATE_SCHEDULE, |of, caller, request| {
        let new = NewSchedule {
            named: named(request.group_name.as_deref(), &request.name),
            definition: definition::read(Said {
                expression: request.schedule_expression,
                time_zone: request.schedule_expression_timezone,
                start_at: request.start_date,
                end_at: request.end_date,
                description: request.description,
                state: request.state,
                key: request.kms_key_arn,
                target: request.target,
                window: request.flexible_time_window,
                after_completion: request.action_after_completion,
                client_token: request.client_token,
            })?,
        };
        let arn = of.update_schedule(caller, &new)?;
        Ok(wire::UpdateScheduleOutput {
            schedule_arn: Some(arn),
        })
    })
}

fn named<'a>(group: Option<&'a str>, name: &'a str) -> Named<'a> {
    Named { group, name }
}

fn summary(schedule: ScheduleInfo) -> wire::ScheduleSummary {
    wire::ScheduleSummary {
        arn: Some(schedule.arn),
        name: Some(schedule.name),
        group_name: Some(schedule.group),
        state: Some(definition::state(&schedule.definition)),
        creation_date: Some(schedule.created_at),
        last_modification_date: Some(schedule.updated_at),
        target: Some(wire::TargetSummary {
            arn: Some(schedule.definition.target.arn),
        }),
    }
}
