//! What policies would decide.

use std::collections::BTreeMap;

use stave_core::Result;
use stave_core::iam::Verdict;
use stave_services::Iam;
use stave_services::iam::{Page, Simulated, Simulation};

use super::page;
use crate::wire::door::Door;
use crate::wire::fault::unsupported;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    context_keys(simulations(door, iam), iam)
}

fn simulations(door: Door, iam: &Iam) -> Door {
    door.on(
        iam,
        &wire::SIMULATE_CUSTOM_POLICY,
        |iam, caller, request| {
            refuse(&[
                (
                    "OrderedOrganizationPolicyInputList",
                    request.ordered_organization_policy_input_list.is_some(),
                ),
                (
                    "ResourceHandlingOption",
                    request.resource_handling_option.is_some(),
                ),
            ])?;
            let simulation = Simulation {
                actions: request.action_names,
                resources: request.resource_arns.unwrap_or_default(),
                policies: request.policy_input_list,
                boundaries: request
                    .permissions_boundary_policy_input_list
                    .unwrap_or_default(),
                resource_policy: request.resource_policy,
                resource_owner: request.resource_owner,
                caller_arn: request.caller_arn,
                context: context(request.context_entries),
            };
            let page = page(request.marker, request.max_items);
            iam.simulate_custom_policy(caller, &simulation, &page)
                .map(results)
        },
    )
    .on(
        iam,
        &wire::SIMULATE_PRINCIPAL_POLICY,
        |iam, caller, request| {
            refuse(&[
                (
                    "PolicyExclusionList",
                    request.policy_exclusion_list.is_some(),
                ),
                (
                    "ResourceHandlingOption",
                    request.resource_handling_option.is_some(),
                ),
            ])?;
            let simulation = Simulation {
                actions: request.action_names,
                resources: request.resource_arns.unwrap_or_default(),
                policies: request.policy_input_list.unwrap_or_default(),
                boundaries: request
                    .permissions_boundary_policy_input_list
                    .unwrap_or_default(),
                resource_policy: request.resource_policy,
                resource_owner: request.resource_owner,
                caller_arn: request.caller_arn,
                context: context(request.context_entries),
            };
            let page = page(request.marker, request.max_items);
            let source = &request.policy_source_arn;
            iam.simulate_principal_policy(caller, source, &simulation, &page)
                .map(results)
        },
    )
}

/// Refuses what would change the decision and is not simulated.
fn refuse(given: &[(&str, bool)]) -> Result<()> {
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(unsupported(format!(
            "A simulation with {name} is not implemented"
        ))),
        None => Ok(()),
    }
}

fn context(entries: Option<Vec<wire::ContextEntry>>) -> Vec<(String, Vec<String>)> {
    let entries = entries.unwrap_or_default().into_iter();
    entries
        .filter_map(|entry| {
            let values = entry.context_key_values.unwrap_or_default();
            Some((entry.context_key_name?, values))
        })
        .collect()
}

fn results(page: Page<Simulated>) -> wire::SimulatePolicyResponse {
    wire::SimulatePolicyResponse {
        evaluation_results: Some(page.items.into_iter().map(result).collect()),
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
    }
}

fn result(simulated: Simulated) -> wire::EvaluationResult {
    let decision = match simulated.verdict {
        Verdict::Allowed => "allowed",
        Verdict::ExplicitDeny => "explicitDeny",
        Verdict::ImplicitDeny => "implicitDeny",
    };
    let matched = simulated
        .matched
        .into_iter()
        .map(|matched| wire::Statement {
            source_policy_id: Some(matched.source),
            source_policy_type: Some(matched.kind.as_str().to_owned()),
            ..wire::Statement::default()
        });
    let boundary = simulated.boundary_allows;
    wire::EvaluationResult {
        eval_action_name: Some(simulated.action),
        eval_resource_name: Some(simulated.resource),
        eval_decision: Some(decision.to_owned()),
        matched_statements: Some(matched.collect()),
        missing_context_values: Some(simulated.missing_context),
        permissions_boundary_decision_detail: boundary.map(|allows| {
            wire::PermissionsBoundaryDecisionDetail {
                allowed_by_permissions_boundary: Some(allows),
            }
        }),
        eval_decision_details: Some(BTreeMap::new()),
        ..wire::EvaluationResult::default()
    }
}

fn context_keys(door: Door, iam: &Iam) -> Door {
    door.on(
        iam,
        &wire::GET_CONTEXT_KEYS_FOR_CUSTOM_POLICY,
        |iam, caller, request| {
            let keys = iam.context_keys_for_custom_policy(caller, &request.policy_input_list)?;
            Ok(wire::GetContextKeysForPolicyResponse {
                context_key_names: Some(keys),
            })
        },
    )
    .on(
        iam,
        &wire::GET_CONTEXT_KEYS_FOR_PRINCIPAL_POLICY,
        |iam, caller, request| {
            let (source, policies) = (
                &request.policy_source_arn,
                request.policy_input_list.unwrap_or_default(),
            );
            let keys = iam.context_keys_for_principal_policy(caller, source, &policies)?;
            Ok(wire::GetContextKeysForPolicyResponse {
                context_key_names: Some(keys),
            })
        },
    )
}
