//! Passwords: login profiles, the account's password policy, changing one's own.

use stave_core::Error;
use stave_services::Iam;
use stave_services::iam::PasswordPolicy;

use super::{count, show};
use crate::wire::door::Door;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    password_policy(profiles(door, iam), iam)
}

fn profiles(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::CREATE_LOGIN_PROFILE, |iam, caller, request| {
        let password = request.password.as_deref().ok_or_else(|| {
            let message = "1 validation error detected: Value at 'password' failed to satisfy \
                           constraint: Member must not be null";
            Error::invalid(message).coded("ValidationError")
        })?;
        let must_change = request.password_reset_required.unwrap_or_default();
        let user = request.user_name.as_deref();
        let profile = iam.create_login_profile(caller, user, password, must_change)?;
        Ok(wire::CreateLoginProfileResponse {
            login_profile: Some(show::login(profile)),
        })
    })
    .on(iam, &wire::GET_LOGIN_PROFILE, |iam, caller, request| {
        let profile = iam.get_login_profile(caller, request.user_name.as_deref())?;
        Ok(wire::GetLoginProfileResponse {
            login_profile: Some(show::login(profile)),
        })
    })
    .on(iam, &wire::UPDATE_LOGIN_PROFILE, |iam, caller, request| {
        let must_change = request.password_reset_required;
        let password = request.password.as_deref();
        iam.update_login_profile(caller, &request.user_name, password, must_change)
    })
    .on(iam, &wire::DELETE_LOGIN_PROFILE, |iam, caller, request| {
        iam.delete_login_profile(caller, request.user_name.as_deref())
    })
    .on(iam, &wire::CHANGE_PASSWORD, |iam, caller, request| {
        iam.change_password(caller, &request.old_password, &request.new_password)
    })
}

fn password_policy(door: Door, iam: &Iam) -> Door {
    door.on(
        iam,
        &wire::GET_ACCOUNT_PASSWORD_POLICY,
        |iam, caller, ()| {
            let policy = iam.get_password_policy(caller)?;
            Ok(wire::GetAccountPasswordPolicyResponse {
                password_policy: Some(shown(&policy)),
            })
        },
    )
    .on(
        iam,
        &wire::UPDATE_ACCOUNT_PASSWORD_POLICY,
        |iam, caller, request| iam.update_password_policy(caller, &policy_of(&request)),
    )
    .on(
        iam,
        &wire::DELETE_ACCOUNT_PASSWORD_POLICY,
        |iam, caller, ()| iam.delete_password_policy(caller),
    )
}

fn policy_of(request: &wire::UpdateAccountPasswordPolicyRequest) -> PasswordPolicy {
    let unless_said = PasswordPolicy::default();
    PasswordPolicy {
        minimum_length: request
            .minimum_password_length
            .map_or(unless_said.minimum_length, count),
        require_symbols: request.require_symbols.unwrap_or_default(),
        require_numbers: request.require_numbers.unwrap_or_default(),
        require_uppercase: request.require_uppercase_characters.unwrap_or_default(),
        require_lowercase: request.require_lowercase_characters.unwrap_or_default(),
        allow_users_to_change: request.allow_users_to_change_password.unwrap_or_default(),
        max_age_days: request.max_password_age.map(count),
        reuse_prevention: request.password_reuse_prevention.map(count),
        hard_expiry: request.hard_expiry.unwrap_or_default(),
    }
}

fn shown(policy: &PasswordPolicy) -> wire::PasswordPolicy {
    let number = |number: u32| i32::try_from(number).ok();
    wire::PasswordPolicy {
        minimum_password_length: number(policy.minimum_length),
        require_symbols: Some(policy.require_symbols),
        require_numbers: Some(policy.require_numbers),
        require_uppercase_characters: Some(policy.require_uppercase),
        require_lowercase_characters: Some(policy.require_lowercase),
        allow_users_to_change_password: Some(policy.allow_users_to_change),
        expire_passwords: Some(policy.max_age_days.is_some()),
        max_password_age: policy.max_age_days.and_then(number),
        password_reuse_prevention: policy.reuse_prevention.and_then(number),
        hard_expiry: Some(policy.hard_expiry),
    }
}
