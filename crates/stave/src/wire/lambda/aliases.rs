//! Aliases.

use std::collections::BTreeMap;

use stave_services::Functions;
use stave_services::functions::NewAlias;

use super::{page, show};
use crate::wire::door::Door;
use crate::wire::types::lambda as wire;

pub(super) fn add(door: Door, functions: &Functions) -> Door {
    reads(changes(door, functions), functions)
}

fn weights(routing: Option<wire::AliasRoutingConfiguration>) -> Option<BTreeMap<String, f64>> {
    routing.map(|routing| routing.additional_version_weights.unwrap_or_default())
}

fn changes(door: Door, functions: &Functions) -> Door {
    door.on(
        functions,
        &wire::CREATE_ALIAS,
        |functions, caller, request| {
            let new = NewAlias {
                name: request.name,
                version: Some(request.function_version),
                description: request.description,
                weights: weights(request.routing_config),
            };
            let made = functions.create_alias(caller, &request.function_name, new)?;
            Ok(show::alias(made))
        },
    )
    .on(
        functions,
        &wire::UPDATE_ALIAS,
        |functions, caller, request| {
            let change = NewAlias {
                name: request.name,
                version: request.function_version,
                description: request.description,
                weights: weights(request.routing_config),
            };
            let (name, revision) = (&request.function_name, request.revision_id.as_deref());
            let changed = functions.update_alias(caller, name, change, revision)?;
            Ok(show::alias(changed))
        },
    )
    .on(
        functions,
        &wire::DELETE_ALIAS,
        |functions, caller, request| {
            functions.delete_alias(caller, &request.function_name, &request.name)
        },
    )
}

fn reads(door: Door, functions: &Functions) -> Door {
    door.on(functions, &wire::GET_ALIAS, |functions, caller, request| {
        let alias = functions.get_alias(caller, &request.function_name, &request.name)?;
        Ok(show::alias(alias))
    })
    .on(
        functions,
        &wire::LIST_ALIASES,
        |functions, caller, request| {
            let page = page(request.marker, request.max_items);
            let (name, version) = (&request.function_name, request.function_version.as_deref());
            let found = functions.list_aliases(caller, name, version, &page)?;
            let (aliases, next_marker) = show::page(found, show::alias);
            Ok(wire::ListAliasesResponse {
                next_marker,
                aliases,
            })
        },
    )
}
