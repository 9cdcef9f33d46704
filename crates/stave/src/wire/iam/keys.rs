//! Access keys.

use stave_core::{Error, Result};
use stave_services::Iam;

use super::{page, show};
use crate::wire::door::Door;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::CREATE_ACCESS_KEY, |iam, caller, request| {
        let new = iam.create_access_key(caller, request.user_name.as_deref())?;
        Ok(wire::CreateAccessKeyResponse {
            access_key: Some(wire::AccessKey {
                user_name: new.key.user,
                access_key_id: Some(new.key.id),
                status: Some(show::status(new.key.is_active)),
                secret_access_key: Some(new.secret.expose().to_owned()),
                create_date: Some(new.key.created_at),
            }),
        })
    })
    .on(iam, &wire::UPDATE_ACCESS_KEY, |iam, caller, request| {
        let (user, is_active) = (request.user_name.as_deref(), is_active(&request.status)?);
        iam.update_access_key(caller, user, &request.access_key_id, is_active)
    })
    .on(iam, &wire::DELETE_ACCESS_KEY, |iam, caller, request| {
        let user = request.user_name.as_deref();
        iam.delete_access_key(caller, user, &request.access_key_id)
    })
    .on(iam, &wire::LIST_ACCESS_KEYS, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let keys = iam.list_access_keys(caller, request.user_name.as_deref(), &page)?;
        Ok(wire::ListAccessKeysResponse {
            access_key_metadata: Some(keys.items.into_iter().map(show::key).collect()),
            is_truncated: Some(keys.marker.is_some()),
            marker: keys.marker,
        })
    })
    .on(
        iam,
        &wire::GET_ACCESS_KEY_LAST_USED,
        |iam, caller, request| {
            let used = iam.access_key_last_used(caller, &request.access_key_id)?;
            // AWS writes this where a key was never used.
            let or_never = |text: Option<String>| text.or_else(|| Some("N/A".to_owned()));
            Ok(wire::GetAccessKeyLastUsedResponse {
                user_name: used.user,
                access_key_last_used: Some(wire::AccessKeyLastUsed {
                    last_used_date: used.used_at,
                    service_name: or_never(used.service),
                    region: or_never(used.region),
                }),
            })
        },
    )
}

fn is_active(status: &str) -> Result<bool> {
    match status {
        "Active" => Ok(true),
        "Inactive" => Ok(false),
        other => Err(Error::invalid(format!(
            "Status is {other}: it can be set to Active or Inactive"
        ))
        .coded("ValidationError")),
    }
}
