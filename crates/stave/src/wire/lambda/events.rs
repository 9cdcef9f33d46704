//! How asynchronous invocations go.

use stave_services::Functions;
use stave_services::functions::EventSettingsChange;

use super::{count, page, show};
use crate::wire::door::Door;
use crate::wire::types::lambda as wire;

pub(super) fn add(door: Door, functions: &Functions) -> Door {
    reads(changes(door, functions), functions)
}

fn change(
    retries: Option<i32>,
    age_seconds: Option<i32>,
    destinations: Option<wire::DestinationConfig>,
) -> EventSettingsChange {
    let (success, failure) = destinations.map_or((None, None), |to| (to.on_success, to.on_failure));
    // A destination that is named and empty takes away the one that was there.
    EventSettingsChange {
        max_retries: retries.map(count),
        max_age_seconds: age_seconds.map(count),
        on_success: success.map(|to| to.destination.unwrap_or_default()),
        on_failure: failure.map(|to| to.destination.unwrap_or_default()),
    }
}

fn changes(door: Door, functions: &Functions) -> Door {
    door.on(
        functions,
        &wire::PUT_FUNCTION_EVENT_INVOKE_CONFIG,
        |functions, caller, request| {
            let set = change(
                request.maximum_retry_attempts,
                request.maximum_event_age_in_seconds,
                request.destination_config,
            );
            let (name, qualifier) = (&request.function_name, request.qualifier.as_deref());
            let put = functions.put_event_settings(caller, name, qualifier, set, false)?;
            Ok(show::events(put))
        },
    )
    .on(
        functions,
        &wire::UPDATE_FUNCTION_EVENT_INVOKE_CONFIG,
        |functions, caller, request| {
            let set = change(
                request.maximum_retry_attempts,
                request.maximum_event_age_in_seconds,
                request.destination_config,
            );
            let (name, qualifier) = (&request.function_name, request.qualifier.as_deref());
            let put = functions.put_event_settings(caller, name, qualifier, set, true)?;
            Ok(show::events(put))
        },
    )
    .on(
        functions,
        &wire::DELETE_FUNCTION_EVENT_INVOKE_CONFIG,
        |functions, caller, request| {
            let qualifier = request.qualifier.as_deref();
            functions.delete_event_settings(caller, &request.function_name, qualifier)
        },
    )
}

fn reads(door: Door, functions: &Functions) -> Door {
    door.on(
        functions,
        &wire::GET_FUNCTION_EVENT_INVOKE_CONFIG,
        |functions, caller, request| {
            let qualifier = request.qualifier.as_deref();
            let set = functions.get_event_settings(caller, &request.function_name, qualifier)?;
            Ok(show::events(set))
        },
    )
    .on(
        functions,
        &wire::LIST_FUNCTION_EVENT_INVOKE_CONFIGS,
        |functions, caller, request| {
            let page = page(request.marker, request.max_items);
            let found = functions.list_event_settings(caller, &request.function_name, &page)?;
            let (configs, next_marker) = show::page(found, show::events);
            Ok(wire::ListFunctionEventInvokeConfigsResponse {
                function_event_invoke_configs: configs,
                next_marker,
            })
        },
    )
}
