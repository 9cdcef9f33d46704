//! What can be set of a function, and what AWS takes.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html>

use std::collections::BTreeMap;

use stave_core::iam::Context;
use stave_core::{Caller, Error, Result};
use stave_store::functions::Rows;

use super::Functions;
use super::code::{MAX_UNZIPPED_BYTES, too_much};
use super::definition::{Definition, Packages, UsedLayer};
use super::errors::invalid;
use super::runtimes::Runtime;

/// The most layers of a function.
const MAX_LAYERS: usize = 5;
/// The largest environment, in bytes of JSON.
const MAX_ENVIRONMENT_BYTES: usize = 4096;
/// The most packages that a configuration names.
const MAX_PACKAGES: usize = 500;

/// What only Lambda sets.
const RESERVED: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// What is to be set of a function. What is none stays as it is, or as it is by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The ARN of the role that it runs as.
    pub role: Option<String>,
    /// `python3.12`.
    pub runtime: Option<String>,
    /// `lambda_function.lambda_handler`.
    pub handler: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// How long it may run, in seconds: 1 to 900; 3 by default.
    pub timeout_seconds: Option<u32>,
    /// How much memory it may take, in MiB: 128 to 10,240; 128 by default.
    pub memory_mb: Option<u32>,
    /// Its environment variables.
    pub environment: Option<BTreeMap<String, String>>,
    /// The ARNs of versions of layers, the lowest first.
    pub layers: Option<Vec<String>>,
    /// `x86_64` or `arm64`.
    pub architecture: Option<String>,
    /// The size of its temporary folder, in MiB: 512 to 10,240; 512 by default.
    pub ephemeral_mb: Option<u32>,
    /// The log group; `/aws/lambda/<name>` by default.
    pub log_group: Option<String>,
    /// Which packages it gets. Stave's own: AWS has no such setting.
    pub packages: Option<Packages>,
    /// More environment variables. Stave's own: AWS has no such setting.
    pub extra_environment: Option<BTreeMap<String, String>>,
}

fn range(member: &str, value: u32, range: std::ops::RangeInclusive<u32>) -> Result<()> {
    let (word, bound) = match value {
        _ if range.contains(&value) => return Ok(()),
        _ if value < *range.start() => ("greater", range.start()),
        _ => ("less", range.end()),
    };
    Err(invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         Member must have value {word} than or equal to {bound}"
    )))
}

fn length(member: &str, value: &str, max: usize) -> Result<()> {
    if value.chars().count() <= max {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         Member must have length less than or equal to {max}"
    )))
}

impl Settings {
    /// Checks what can be checked without looking anything up.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(seconds) = self.timeout_seconds {
            range("timeout", seconds, 1..=900)?;
        }
        if let Some(memory) = self.memory_mb {
            range("memorySize", memory, 128..=10_240)?;
        }
        if let Some(size) = self.ephemeral_mb {
            range("ephemeralStorage.size", size, 512..=10_240)?;
        }
        length(
            "description",
            self.description.as_deref().unwrap_or(""),
            256,
        )?;
        if let Some(handler) = &self.handler {
            length("handler", handler, 128)?;
            if handler.is_empty() || handler.contains(char::is_whitespace) {
                return Err(super::names::constraint(handler, "handler", "[^\\s]+"));
            }
        }
        if let Some(runtime) = &self.runtime {
            runtime.parse::<Runtime>()?;
        }
        if let Some(architecture) = &self.architecture
            && !["x86_64", "arm64"].contains(&architecture.as_str())
        {
            return Err(invalid(format!(
                "Value '[{architecture}]' at 'architectures' failed to satisfy constraint: Member \
                 must satisfy enum value set: [x86_64, arm64]"
            )));
        }
        if let Some(group) = &self.log_group {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_/#".contains(&b);
            if group.is_empty() || group.len() > 512 || !group.bytes().all(plain) {
                return Err(super::names::constraint(
                    group,
                    "loggingConfig.logGroup",
                    "[\\.\\-_/#A-Za-z0-9]+",
                ));
            }
        }
        if let Some(Packages::These(list)) = &self.packages
            && (list.len() > MAX_PACKAGES || list.iter().any(|line| line.contains(['\n', '\r'])))
        {
            return Err(invalid(format!(
                "packages must be at most {MAX_PACKAGES}, one a line"
            )));
        }
        for environment in [&self.environment, &self.extra_environment] {
            check_environment(environment.as_ref())?;
        }
        Ok(())
    }

    /// Sets them on `definition`.
    pub(super) fn apply(
        self,
        definition: &mut Definition,
        layers: Option<Vec<UsedLayer>>,
    ) -> Result<()> {
        fn set<T>(slot: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *slot = value;
            }
        }
        let runtime = self.runtime.map(|runtime| runtime.parse()).transpose()?;
        set(&mut definition.runtime, runtime);
        set(&mut definition.role, self.role);
        set(&mut definition.handler, self.handler);
        set(&mut definition.description, self.description);
        set(&mut definition.timeout_seconds, self.timeout_seconds);
        set(&mut definition.memory_mb, self.memory_mb);
        set(&mut definition.environment, self.environment);
        set(&mut definition.layers, layers);
        set(&mut definition.architecture, self.architecture);
        set(&mut definition.ephemeral_mb, self.ephemeral_mb);
        set(&mut definition.log_group, self.log_group.map(Some));
        set(&mut definition.packages, self.packages);
        set(&mut definition.extra_environment, self.extra_environment);
        Ok(())
    }
}

fn check_environment(environment: Option<&BTreeMap<String, String>>) -> Result<()> {
    let Some(environment) = environment else {
        return Ok(());
    };
    let unable = "Lambda was unable to configure your environment variables because the \
                  environment variables you have provided";
    let reserved: Vec<&str> = environment
        .keys()
        .map(String::as_str)
        .filter(|name| RESERVED.contains(name))
        .collect();
    if !reserved.is_empty() {
        return Err(invalid(format!(
            "{unable} contains reserved keys that are currently not supported for modification. \
             Reserved keys used in this request: {}",
            reserved.join(", ")
        )));
    }
    let plain = |name: &str| {
        name.len() >= 2
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if let Some(name) = environment.keys().find(|name| !plain(name)) {
        return Err(super::names::constraint(
            name,
            "environment.variables",
            "[a-zA-Z]([a-zA-Z0-9_])+",
        ));
    }
    if environment.values().any(|value| value.contains('\0')) {
        return Err(invalid("An environment variable holds a null byte"));
    }
    let json = serde_json::to_string(environment)
        .map_err(|error| Error::internal("an environment cannot be written").caused_by(error))?;
    if json.len() > MAX_ENVIRONMENT_BYTES {
        return Err(invalid(format!("{unable} exceeded the 4KB limit.")).hint(
            format!("String measured: {json}")
                .chars()
                .take(200)
                .collect::<String>(),
        ));
    }
    Ok(())
}

impl Functions {
    /// The layers of these ARNs, which the caller may read.
    pub(super) fn used_layers(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        arns: &[String],
    ) -> Result<Vec<UsedLayer>> {
        if arns.len() > MAX_LAYERS {
            return Err(invalid(format!(
                "Layers consumed exceed the limit of {MAX_LAYERS} layers"
            )));
        }
        let mut used: Vec<UsedLayer> = Vec::new();
        for arn in arns {
            let (layer, version) = self.layer_version_of(arn)?;
            caller.may_given("lambda:GetLayerVersion", arn, &Context::new())?;
            let found = rows.layer_version(&layer, version)?;
            let found =
                found.ok_or_else(|| invalid(format!("Layer version {arn} does not exist.")))?;
            if used.iter().any(|other| {
                other
                    .arn
                    .starts_with(&format!("{}:", self.layer_arn(&layer)))
            }) {
                return Err(invalid(
                    "Two different versions of the same layer are not allowed to be referenced in \
                     the same function.",
                ));
            }
            used.push(UsedLayer {
                arn: arn.clone(),
                code: super::layers::code_of(rows, &found)?,
            });
        }
        Ok(used)
    }

    /// Checks that a definition's code and layers are not too large together.
    pub(super) fn check_size(rows: &Rows<'_>, definition: &Definition) -> Result<()> {
        let mut total = 0;
        for code in definition.codes() {
            total += rows.code(code)?.map_or(0, |code| code.unzipped_bytes);
        }
        if total > MAX_UNZIPPED_BYTES {
            return Err(if definition.layers.is_empty() {
                too_much()
            } else {
                invalid(format!(
                    "Function code combined with layers exceeds the maximum allowed size of \
                     {MAX_UNZIPPED_BYTES} bytes. The actual size is {total} bytes."
                ))
            });
        }
        Ok(())
    }
}
