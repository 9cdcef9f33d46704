//! STS's handlers.
//!
//! Must not know: protocols, who may do what.

use stave_core::Result;
use stave_services::Iam;
use stave_services::iam::{self as service, AssumeRole};

use super::door::Door;
use super::fault::unsupported;
use super::types::sts as wire;

/// STS's door.
pub fn door(iam: &Iam) -> Door {
    Door::new(&wire::SERVICE)
        .on(iam, &wire::ASSUME_ROLE, |iam, caller, request| {
            let assumed = iam.assume_role(caller, &session(request)?)?;
            Ok(wire::AssumeRoleResponse {
                credentials: Some(credentials(assumed.credentials)),
                assumed_role_user: Some(wire::AssumedRoleUser {
                    assumed_role_id: Some(assumed.id),
                    arn: Some(assumed.arn),
                }),
                packed_policy_size: assumed.packed_policy_percent.map(|percent| percent as i32),
                ..wire::AssumeRoleResponse::default()
            })
        })
        .on(iam, &wire::GET_CALLER_IDENTITY, |iam, caller, _| {
            let identity = iam.caller_identity(caller);
            Ok(wire::GetCallerIdentityResponse {
                user_id: Some(identity.user_id),
                account: Some(identity.account),
                arn: Some(identity.arn),
            })
        })
        .on(iam, &wire::GET_SESSION_TOKEN, |iam, caller, request| {
            refuse(&[
                ("SerialNumber", request.serial_number.is_some()),
                ("TokenCode", request.token_code.is_some()),
            ])?;
            let seconds = request.duration_seconds.map(i32::unsigned_abs);
            Ok(wire::GetSessionTokenResponse {
                credentials: Some(credentials(iam.session_token(caller, seconds)?)),
                ..wire::GetSessionTokenResponse::default()
            })
        })
        .on(iam, &wire::GET_ACCESS_KEY_INFO, |iam, caller, request| {
            Ok(wire::GetAccessKeyInfoResponse {
                account: Some(iam.access_key_account(caller, &request.access_key_id)?),
            })
        })
}

/// Refuses what would change the session and is not there.
fn refuse(given: &[(&str, bool)]) -> Result<()> {
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(unsupported(format!(
            "A session with {name} is not implemented"
        ))),
        None => Ok(()),
    }
}

fn session(request: wire::AssumeRoleRequest) -> Result<AssumeRole> {
    refuse(&[
        ("Tags", request.tags.is_some_and(|tags| !tags.is_empty())),
        (
            "TransitiveTagKeys",
            request
                .transitive_tag_keys
                .is_some_and(|keys| !keys.is_empty()),
        ),
        (
            "ProvidedContexts",
            request
                .provided_contexts
                .is_some_and(|given| !given.is_empty()),
        ),
        ("SerialNumber", request.serial_number.is_some()),
        ("TokenCode", request.token_code.is_some()),
        ("SourceIdentity", request.source_identity.is_some()),
    ])?;
    let policies = request.policy_arns.unwrap_or_default().into_iter();
    Ok(AssumeRole {
        role_arn: request.role_arn,
        session_name: request.role_session_name,
        policy: request.policy,
        policy_arns: policies.filter_map(|policy| policy.arn).collect(),
        duration_seconds: request.duration_seconds.map(i32::unsigned_abs),
        external_id: request.external_id,
    })
}

fn credentials(credentials: service::Credentials) -> wire::Credentials {
    wire::Credentials {
        access_key_id: Some(credentials.access_key_id),
        secret_access_key: Some(credentials.secret.expose().to_owned()),
        session_token: Some(credentials.session_token.expose().to_owned()),
        expiration: Some(credentials.expires_at),
    }
}
