//! Concurrency, tags, and what the account may have.

use stave_services::Functions;

use super::{count, show};
use crate::wire::door::Door;
use crate::wire::types::lambda as wire;

pub(super) fn add(door: Door, functions: &Functions) -> Door {
    let door = door.on(
        functions,
        &wire::GET_ACCOUNT_SETTINGS,
        |functions, caller, _| {
            let settings = functions.account_settings(caller)?;
            Ok(wire::GetAccountSettingsResponse {
                account_limit: Some(wire::AccountLimit {
                    total_code_size: show::size(settings.max_code_bytes),
                    code_size_unzipped: show::size(settings.max_unzipped_bytes),
                    code_size_zipped: show::size(settings.max_zip_bytes),
                    concurrent_executions: show::number(settings.concurrency),
                    unreserved_concurrent_executions: show::number(settings.unreserved),
                }),
                account_usage: Some(wire::AccountUsage {
                    total_code_size: show::size(settings.code_bytes),
                    function_count: show::size(settings.functions),
                }),
            })
        },
    );
    tags(concurrency(door, functions), functions)
}

fn concurrency(door: Door, functions: &Functions) -> Door {
    door.on(
        functions,
        &wire::PUT_FUNCTION_CONCURRENCY,
        |functions, caller, request| {
            let reserved = count(request.reserved_concurrent_executions);
            functions.put_concurrency(caller, &request.function_name, reserved)?;
            Ok(wire::Concurrency {
                reserved_concurrent_executions: show::number(reserved),
            })
        },
    )
    .on(
        functions,
        &wire::GET_FUNCTION_CONCURRENCY,
        |functions, caller, request| {
            let reserved = functions.get_concurrency(caller, &request.function_name)?;
            Ok(wire::GetFunctionConcurrencyResponse {
                reserved_concurrent_executions: reserved.and_then(show::number),
            })
        },
    )
    .on(
        functions,
        &wire::DELETE_FUNCTION_CONCURRENCY,
        |functions, caller, request| functions.delete_concurrency(caller, &request.function_name),
    )
}

fn tags(door: Door, functions: &Functions) -> Door {
    door.on(
        functions,
        &wire::TAG_RESOURCE,
        |functions, caller, request| functions.tag(caller, &request.resource, request.tags),
    )
    .on(
        functions,
        &wire::UNTAG_RESOURCE,
        |functions, caller, request| functions.untag(caller, &request.resource, &request.tag_keys),
    )
    .on(functions, &wire::LIST_TAGS, |functions, caller, request| {
        let tags = functions.list_tags(caller, &request.resource)?;
        Ok(wire::ListTagsResponse { tags: Some(tags) })
    })
}
