//! The services that act by themselves: functions, rules and schedules, notifications, logs and
//! metrics. Each reaches the others through ports; here the ports are led to them.

use std::sync::{Arc, OnceLock};

use stave_core::Result;
use stave_services::functions::{FunctionsOptions, Ports};
use stave_services::schedules::{Missed, ScheduleOptions};
use stave_services::{Functions, Notifications, Schedules, Telemetry};

use super::code::BucketCode;
use super::deliveries::Deliveries;
use super::instruments::Instruments;
use super::surroundings::Surroundings;
use super::targets::PlatformTargets;
use super::work::Workers;
use super::{Reached, Stave};
use crate::config::MissedFirings;

/// The services that act by themselves.
#[derive(Debug)]
pub struct Platform {
    /// Logs, metrics, alarms.
    pub telemetry: Telemetry,
    /// Functions.
    pub functions: Functions,
    /// Rules and schedules.
    pub schedules: Schedules,
    /// What buckets tell.
    pub notifications: Notifications,
}

impl Platform {
    pub(super) fn open(stave: &Stave, reached: Option<&Reached>) -> Result<Self> {
        let config = &stave.config;
        let (account, region) = (&config.account.value, &config.region.value);
        let telemetry = Telemetry::open(&stave.store, account, region)?;
        // Functions deliver to them, and they to functions: they come later.
        let opened = Arc::new(OnceLock::new());
        let instruments = Arc::new(Instruments::new(telemetry.clone()));
        let ports = Ports {
            code: Arc::new(BucketCode::new(stave.buckets.clone())),
            logs: instruments.clone(),
            metrics: instruments,
            destinations: Arc::new(Deliveries::new(
                stave.buckets.clone(),
                Arc::clone(&opened),
                region,
            )),
            surroundings: Arc::new(Surroundings::new(reached.cloned())),
        };
        let usual = FunctionsOptions::default();
        let options = FunctionsOptions {
            region: region.clone(),
            endpoint_url: reached.map(|reached| reached.url.clone()),
            search_path: std::env::var_os("PATH").unwrap_or(usual.search_path),
            interpreters: config.functions.interpreters.clone(),
            provided_packages: config
                .functions
                .packages
                .clone()
                .unwrap_or(usual.provided_packages),
            concurrency: config.functions.concurrency.unwrap_or(usual.concurrency),
            confine: config.functions.confine.unwrap_or(usual.confine),
            ..usual
        };
        let iam = stave.iam()?.clone();
        let functions = Functions::open(
            stave.store.clone(),
            iam.clone(),
            Arc::clone(&stave.clock),
            ports,
            options,
        )?;
        let workers = Workers::new(stave.store.clone(), telemetry.clone(), config.memory.value);
        let targets = Arc::new(PlatformTargets {
            iam: iam.clone(),
            functions: functions.clone(),
            telemetry: telemetry.clone(),
            workers,
            clock: Arc::clone(&stave.clock),
            region: region.clone(),
        });
        let options = ScheduleOptions {
            region: region.clone(),
            missed: match config.functions.missed {
                MissedFirings::Run => Missed::RunOnce,
                MissedFirings::Skip => Missed::Skip,
            },
        };
        let schedules = Schedules::open(stave.store.clone(), iam, targets.clone(), options)?;
        let notifications = Notifications::new(
            stave.store.clone(),
            stave.buckets.clone(),
            schedules.clone(),
            targets,
        );
        // Nobody has asked for them before.
        let _ = opened.set(schedules.clone());
        Ok(Self {
            telemetry,
            functions,
            schedules,
            notifications,
        })
    }
}
