//! The policies of functions.

use stave_services::Functions;
use stave_services::functions::NewPermission;

use super::refuse;
use crate::wire::door::Door;
use crate::wire::types::lambda as wire;

pub(super) fn add(door: Door, functions: &Functions) -> Door {
    door.on(
        functions,
        &wire::ADD_PERMISSION,
        |functions, caller, request| {
            let url = request.function_url_auth_type.is_some();
            let via_url = request.invoked_via_function_url.is_some();
            let token = request.event_source_token.is_some();
            refuse(
                "AddPermission",
                &[
                    ("FunctionUrlAuthType", url),
                    ("InvokedViaFunctionUrl", via_url),
                    ("EventSourceToken", token),
                ],
            )?;
            let new = NewPermission {
                statement_id: request.statement_id,
                action: request.action,
                principal: request.principal,
                source_arn: request.source_arn,
                source_account: request.source_account,
                organization: request.principal_org_id,
            };
            let statement = functions.add_permission(
                caller,
                &request.function_name,
                request.qualifier.as_deref(),
                &new,
                request.revision_id.as_deref(),
            )?;
            Ok(wire::AddPermissionResponse {
                statement: Some(statement),
            })
        },
    )
    .on(
        functions,
        &wire::REMOVE_PERMISSION,
        |functions, caller, request| {
            functions.remove_permission(
                caller,
                &request.function_name,
                request.qualifier.as_deref(),
                &request.statement_id,
                request.revision_id.as_deref(),
            )
        },
    )
    .on(
        functions,
        &wire::GET_POLICY,
        |functions, caller, request| {
            let qualifier = request.qualifier.as_deref();
            let policy = functions.get_policy(caller, &request.function_name, qualifier)?;
            Ok(wire::GetPolicyResponse {
                policy: Some(policy.document),
                revision_id: Some(policy.revision),
            })
        },
    )
}
