//! Rules.

use stave_core::Result;
use stave_services::Schedules;
use stave_services::schedules::{NewRule, Rule};

use super::{not_served, page, tags_of};
use crate::wire::door::Door;
use crate::wire::types::events as wire;

const ENABLED: &str = "ENABLED";
const DISABLED: &str = "DISABLED";

pub(super) fn add(door: Door, schedules: &Schedules) -> Door {
    switched(door, schedules)
        .on(schedules, &wire::PUT_RULE, |to, caller, request| {
            let arn = to.put_rule(caller, &new_rule(request)?)?;
            Ok(wire::PutRuleResponse {
                rule_arn: Some(arn),
            })
        })
        .on(schedules, &wire::DESCRIBE_RULE, |of, caller, request| {
            let bus = request.event_bus_name.as_deref();
            let rule = of.describe_rule(caller, bus, &request.name)?;
            Ok(wire::DescribeRuleResponse {
                state: Some(state(&rule)),
                name: Some(rule.name),
                arn: Some(rule.arn),
                event_pattern: rule.pattern,
                schedule_expression: rule.schedule,
                description: rule.description,
                role_arn: rule.role_arn,
                managed_by: None,
                event_bus_name: Some(rule.bus),
                created_by: Some(rule.created_by),
            })
        })
        .on(schedules, &wire::LIST_RULES, |of, caller, request| {
            let page = page(request.next_token, request.limit);
            let (bus, prefix) = (&request.event_bus_name, &request.name_prefix);
            let rules = of.list_rules(caller, bus.as_deref(), prefix.as_deref(), &page)?;
            Ok(wire::ListRulesResponse {
                rules: Some(rules.items.into_iter().map(shown).collect()),
                next_token: rules.next_token,
            })
        })
}

fn switched(door: Door, schedules: &Schedules) -> Door {
    // `Force` is for rules that other services of AWS manage, of which there are none.
    door.on(schedules, &wire::DELETE_RULE, |from, caller, request| {
        from.delete_rule(caller, request.event_bus_name.as_deref(), &request.name)
    })
    .on(schedules, &wire::ENABLE_RULE, |of, caller, request| {
        of.enable_rule(caller, request.event_bus_name.as_deref(), &request.name)
    })
    .on(schedules, &wire::DISABLE_RULE, |of, caller, request| {
        of.disable_rule(caller, request.event_bus_name.as_deref(), &request.name)
    })
}

fn new_rule(request: wire::PutRuleRequest) -> Result<NewRule> {
    let is_enabled = match request.state.as_deref() {
        None | Some(ENABLED) => true,
        Some(DISABLED) => false,
        Some(other) => return Err(not_served(&format!("the state {other}"))),
    };
    // Consoles and templates send what was left empty as such.
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(NewRule {
        name: request.name,
        bus: request.event_bus_name,
        description: request.description,
        schedule: said(request.schedule_expression),
        pattern: said(request.event_pattern),
        is_enabled,
        role_arn: request.role_arn,
        tags: tags_of(request.tags),
    })
}

fn state(rule: &Rule) -> String {
    let state = if rule.is_enabled { ENABLED } else { DISABLED };
    state.to_owned()
}

fn shown(rule: Rule) -> wire::Rule {
    wire::Rule {
        state: Some(state(&rule)),
        name: Some(rule.name),
        arn: Some(rule.arn),
        event_pattern: rule.pattern,
        description: rule.description,
        schedule_expression: rule.schedule,
        role_arn: rule.role_arn,
        managed_by: None,
        event_bus_name: Some(rule.bus),
    }
}
