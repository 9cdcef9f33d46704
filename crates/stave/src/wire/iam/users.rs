//! Users.

use stave_services::Iam;
use stave_services::iam::NewUser;

use super::{page, show, tags_of};
use crate::wire::door::Door;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::CREATE_USER, |iam, caller, request| {
        let new = NewUser {
            name: request.user_name,
            path: request.path,
            boundary: request.permissions_boundary,
            tags: tags_of(request.tags),
        };
        let user = iam.create_user(caller, new)?;
        Ok(wire::CreateUserResponse {
            user: Some(show::user(user)),
        })
    })
    .on(iam, &wire::GET_USER, |iam, caller, request| {
        let user = iam.get_user(caller, request.user_name.as_deref())?;
        Ok(wire::GetUserResponse {
            user: Some(show::user(user)),
        })
    })
    .on(iam, &wire::UPDATE_USER, |iam, caller, request| {
        let (name, path) = (request.new_user_name, request.new_path);
        iam.update_user(caller, &request.user_name, name.as_deref(), path.as_deref())
    })
    .on(iam, &wire::DELETE_USER, |iam, caller, request| {
        iam.delete_user(caller, &request.user_name)
    })
    .on(iam, &wire::LIST_USERS, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let users = iam.list_users(caller, request.path_prefix.as_deref(), &page)?;
        Ok(wire::ListUsersResponse {
            users: Some(users.items.into_iter().map(show::user).collect()),
            is_truncated: Some(users.marker.is_some()),
            marker: users.marker,
        })
    })
}
