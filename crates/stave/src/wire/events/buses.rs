//! Event buses and their policies.

use stave_core::Result;
use stave_services::Schedules;
use stave_services::schedules::{Bus, NewBus, NewPermission, PermissionCondition};

use super::{page, refuse, tags_of};
use crate::wire::door::Door;
use crate::wire::types::events as wire;

pub(super) fn add(door: Door, schedules: &Schedules) -> Door {
    permissions(described(door, schedules), schedules)
        .on(schedules, &wire::CREATE_EVENT_BUS, create)
        .on(schedules, &wire::UPDATE_EVENT_BUS, |of, caller, request| {
            update(of, caller, &request)
        })
        .on(schedules, &wire::DELETE_EVENT_BUS, |to, caller, request| {
            to.delete_event_bus(caller, &request.name)
        })
}

fn described(door: Door, schedules: &Schedules) -> Door {
    door.on(
        schedules,
        &wire::DESCRIBE_EVENT_BUS,
        |of, caller, request| {
            let bus = of.describe_event_bus(caller, request.name.as_deref())?;
            Ok(wire::DescribeEventBusResponse {
                name: Some(bus.name),
                arn: Some(bus.arn),
                description: bus.description,
                policy: bus.policy,
                creation_time: Some(bus.created_at),
                last_modified_time: Some(bus.updated_at),
                ..wire::DescribeEventBusResponse::default()
            })
        },
    )
    .on(schedules, &wire::LIST_EVENT_BUSES, |of, caller, request| {
        let page = page(request.next_token, request.limit);
        let buses = of.list_event_buses(caller, request.name_prefix.as_deref(), &page)?;
        Ok(wire::ListEventBusesResponse {
            event_buses: Some(buses.items.into_iter().map(shown).collect()),
            next_token: buses.next_token,
        })
    })
}

fn permissions(door: Door, schedules: &Schedules) -> Door {
    door.on(schedules, &wire::PUT_PERMISSION, |to, caller, request| {
        let new = NewPermission {
            statement_id: request.statement_id,
            action: request.action,
            principal: request.principal,
            condition: request.condition.map(|condition| PermissionCondition {
                operator: condition.r#type,
                key: condition.key,
                value: condition.value,
            }),
            policy: request.policy,
        };
        to.put_permission(caller, request.event_bus_name.as_deref(), &new)
    })
    .on(
        schedules,
        &wire::REMOVE_PERMISSION,
        |from, caller, request| {
            let all = request.remove_all_permissions.unwrap_or_default();
            let (bus, statement) = (&request.event_bus_name, &request.statement_id);
            from.remove_permission(caller, bus.as_deref(), statement.as_deref(), all)
        },
    )
}

fn create(
    schedules: &Schedules,
    caller: &stave_core::Caller,
    request: wire::CreateEventBusRequest,
) -> Result<wire::CreateEventBusResponse> {
    refuse(&[
        ("EventSourceName", request.event_source_name.is_some()),
        ("KmsKeyIdentifier", request.kms_key_identifier.is_some()),
        ("DeadLetterConfig", request.dead_letter_config.is_some()),
        ("LogConfig", request.log_config.is_some()),
    ])?;
    let new = NewBus {
        name: request.name,
        description: request.description,
        tags: tags_of(request.tags),
    };
    let bus = schedules.create_event_bus(caller, &new)?;
    Ok(wire::CreateEventBusResponse {
        event_bus_arn: Some(bus.arn),
        description: bus.description,
        ..wire::CreateEventBusResponse::default()
    })
}

fn update(
    schedules: &Schedules,
    caller: &stave_core::Caller,
    request: &wire::UpdateEventBusRequest,
) -> Result<wire::UpdateEventBusResponse> {
    refuse(&[
        ("KmsKeyIdentifier", request.kms_key_identifier.is_some()),
        ("DeadLetterConfig", request.dead_letter_config.is_some()),
        ("LogConfig", request.log_config.is_some()),
    ])?;
    let (name, description) = (request.name.as_deref(), request.description.as_deref());
    let bus = schedules.update_event_bus(caller, name, description)?;
    Ok(wire::UpdateEventBusResponse {
        arn: Some(bus.arn),
        name: Some(bus.name),
        description: bus.description,
        ..wire::UpdateEventBusResponse::default()
    })
}

fn shown(bus: Bus) -> wire::EventBus {
    wire::EventBus {
        name: Some(bus.name),
        arn: Some(bus.arn),
        description: bus.description,
        policy: bus.policy,
        creation_time: Some(bus.created_at),
        last_modified_time: Some(bus.updated_at),
        managed_by: None,
    }
}
