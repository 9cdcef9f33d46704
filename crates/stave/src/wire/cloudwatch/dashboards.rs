//! Dashboards.

use stave_services::Telemetry;

use super::{at_ms, page, refuse};
use crate::wire::door::Door;
use crate::wire::types::cloudwatch as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(
        telemetry,
        &wire::PUT_DASHBOARD,
        |metrics, caller, request| {
            let has_tags = request.tags.is_some_and(|tags| !tags.is_empty());
            refuse(&[("Tags of a dashboard", has_tags)])?;
            metrics.put_dashboard(caller, &request.dashboard_name, &request.dashboard_body)?;
            Ok(wire::PutDashboardOutput {
                dashboard_validation_messages: Some(Vec::new()),
            })
        },
    )
    .on(
        telemetry,
        &wire::GET_DASHBOARD,
        |metrics, caller, request| {
            let found = metrics.get_dashboard(caller, &request.dashboard_name)?;
            Ok(wire::GetDashboardOutput {
                dashboard_arn: Some(found.arn),
                dashboard_body: Some(found.body),
                dashboard_name: Some(found.name),
            })
        },
    )
    .on(
        telemetry,
        &wire::LIST_DASHBOARDS,
        |metrics, caller, request| {
            let prefix = request.dashboard_name_prefix.as_deref();
            let found = metrics.list_dashboards(caller, prefix, &page(request.next_token, None))?;
            let entries = found.items.into_iter().map(|entry| wire::DashboardEntry {
                dashboard_name: Some(entry.name),
                dashboard_arn: Some(entry.arn),
                last_modified: at_ms(entry.updated_ms),
                size: i64::try_from(entry.size).ok(),
            });
            Ok(wire::ListDashboardsOutput {
                dashboard_entries: Some(entries.collect()),
                next_token: found.next,
            })
        },
    )
    .on(
        telemetry,
        &wire::DELETE_DASHBOARDS,
        |metrics, caller, request| {
            metrics.delete_dashboards(caller, &request.dashboard_names)?;
            Ok(wire::DeleteDashboardsOutput {})
        },
    )
}
