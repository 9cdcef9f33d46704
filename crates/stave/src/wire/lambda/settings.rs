//! What requests set of functions and where code comes from; what Stave does not have is refused
//! by its name.

use bytes::Bytes;
use stave_core::{Error, Result};
use stave_services::functions::{CodeSource, Settings};

use super::{count, refuse};
use crate::wire::types::lambda as wire;

/// Whether a text says something that is not what is so anyway.
fn other_than(text: Option<&String>, usual: &str) -> bool {
    text.is_some_and(|text| !text.is_empty() && text != usual)
}

fn any<T>(items: Option<&Vec<T>>) -> bool {
    items.is_some_and(|items| !items.is_empty())
}

fn wrong(message: &str) -> Error {
    Error::invalid(message).coded("InvalidParameterValueException")
}

/// The members that creating and updating have in common, and Stave has not.
struct Elsewhere<'a> {
    vpc: Option<&'a wire::VpcConfig>,
    dead_letter: Option<&'a wire::DeadLetterConfig>,
    key: Option<&'a String>,
    tracing: Option<&'a wire::TracingConfig>,
    file_systems: Option<&'a Vec<wire::FileSystemConfig>>,
    snap_start: Option<&'a wire::SnapStart>,
    logging: Option<&'a wire::LoggingConfig>,
    /// Those that are refused whatever they say.
    others: [(&'a str, bool); 5],
}

impl Elsewhere<'_> {
    fn refuse(&self, operation: &str) -> Result<()> {
        let in_network = |vpc: &wire::VpcConfig| {
            any(vpc.subnet_ids.as_ref()) || any(vpc.security_group_ids.as_ref())
        };
        let logging = |usual: &str, member: fn(&wire::LoggingConfig) -> Option<&String>| {
            other_than(self.logging.and_then(member), usual)
        };
        let dead_letter = self.dead_letter.and_then(|to| to.target_arn.as_ref());
        let tracing = self.tracing.and_then(|tracing| tracing.mode.as_ref());
        let snap_start = self.snap_start.and_then(|snap| snap.apply_on.as_ref());
        refuse(
            operation,
            &[
                ("VpcConfig", self.vpc.is_some_and(in_network)),
                ("DeadLetterConfig", other_than(dead_letter, "")),
                ("KMSKeyArn", other_than(self.key, "")),
                (
                    "TracingConfig with Mode Active",
                    other_than(tracing, "PassThrough"),
                ),
                ("FileSystemConfigs", any(self.file_systems)),
                (
                    "SnapStart for PublishedVersions",
                    other_than(snap_start, "None"),
                ),
                (
                    "LoggingConfig with LogFormat JSON",
                    logging("Text", |logging| logging.log_format.as_ref()),
                ),
                (
                    "ApplicationLogLevel",
                    logging("", |logging| logging.application_log_level.as_ref()),
                ),
                (
                    "SystemLogLevel",
                    logging("", |logging| logging.system_log_level.as_ref()),
                ),
            ],
        )?;
        refuse(operation, &self.others)
    }
}

/// The one processor of a function.
pub fn architecture(architectures: Option<Vec<String>>) -> Result<Option<String>> {
    let mut architectures = architectures.unwrap_or_default().into_iter();
    match (architectures.next(), architectures.next()) {
        (_, Some(_)) => Err(wrong("Architectures must hold one architecture")),
        (only, None) => Ok(only),
    }
}

/// What a new function is set to.
pub fn of_new(request: &mut wire::CreateFunctionRequest) -> Result<Settings> {
    let operation = "CreateFunction";
    Elsewhere {
        vpc: request.vpc_config.as_ref(),
        dead_letter: request.dead_letter_config.as_ref(),
        key: request.kms_key_arn.as_ref(),
        tracing: request.tracing_config.as_ref(),
        file_systems: request.file_system_configs.as_ref(),
        snap_start: request.snap_start.as_ref(),
        logging: request.logging_config.as_ref(),
        others: [
            ("ImageConfig", request.image_config.is_some()),
            (
                "CapacityProviderConfig",
                request.capacity_provider_config.is_some(),
            ),
            ("DurableConfig", request.durable_config.is_some()),
            ("RuntimeConfig", request.runtime_config.is_some()),
            ("AcceleratorConfig", request.accelerator_config.is_some()),
        ],
    }
    .refuse(operation)?;
    refuse(
        operation,
        &[
            (
                "PackageType Image",
                other_than(request.package_type.as_ref(), "Zip"),
            ),
            ("PublishTo", request.publish_to.is_some()),
            (
                "CodeSigningConfigArn",
                other_than(request.code_signing_config_arn.as_ref(), ""),
            ),
            ("TenancyConfig", request.tenancy_config.is_some()),
        ],
    )?;
    let environment = request.environment.take();
    let logging = request.logging_config.take();
    Ok(Settings {
        role: Some(request.role.clone()),
        runtime: request.runtime.take(),
        handler: request.handler.take(),
        description: request.description.take(),
        timeout_seconds: request.timeout.map(count),
        memory_mb: request.memory_size.map(count),
        environment: environment.map(|environment| environment.variables.unwrap_or_default()),
        layers: request.layers.take(),
        architecture: architecture(request.architectures.take())?,
        ephemeral_mb: request.ephemeral_storage.as_ref().map(|it| count(it.size)),
        log_group: logging.and_then(|logging| logging.log_group),
        ..Settings::default()
    })
}

/// What of a function is to change.
pub fn of_change(request: wire::UpdateFunctionConfigurationRequest) -> Result<Settings> {
    Elsewhere {
        vpc: request.vpc_config.as_ref(),
        dead_letter: request.dead_letter_config.as_ref(),
        key: request.kms_key_arn.as_ref(),
        tracing: request.tracing_config.as_ref(),
        file_systems: request.file_system_configs.as_ref(),
        snap_start: request.snap_start.as_ref(),
        logging: request.logging_config.as_ref(),
        others: [
            ("ImageConfig", request.image_config.is_some()),
            (
                "CapacityProviderConfig",
                request.capacity_provider_config.is_some(),
            ),
            ("DurableConfig", request.durable_config.is_some()),
            ("RuntimeConfig", request.runtime_config.is_some()),
            ("AcceleratorConfig", request.accelerator_config.is_some()),
        ],
    }
    .refuse("UpdateFunctionConfiguration")?;
    let environment = request.environment;
    Ok(Settings {
        role: request.role,
        runtime: request.runtime,
        handler: request.handler,
        description: request.description,
        timeout_seconds: request.timeout.map(count),
        memory_mb: request.memory_size.map(count),
        environment: environment.map(|environment| environment.variables.unwrap_or_default()),
        layers: request.layers,
        architecture: None,
        ephemeral_mb: request.ephemeral_storage.map(|it| count(it.size)),
        log_group: request.logging_config.and_then(|logging| logging.log_group),
        ..Settings::default()
    })
}

/// Where a request says that code lies.
pub struct Code {
    pub zip: Option<Bytes>,
    pub bucket: Option<String>,
    pub key: Option<String>,
    pub version: Option<String>,
    /// What of the request is not implemented.
    pub others: [(&'static str, bool); 3],
}

impl Code {
    /// Where it is to be taken from.
    pub fn source(self, operation: &str) -> Result<CodeSource> {
        refuse(operation, &self.others)?;
        let elsewhere = self.bucket.is_some() || self.key.is_some() || self.version.is_some();
        match (self.zip, self.bucket, self.key) {
            (Some(_), ..) if elsewhere => Err(wrong(
                "Please do not provide other FunctionCode parameters when providing a ZipFile.",
            )),
            (Some(zip), ..) => Ok(CodeSource::Zip(zip)),
            (None, Some(bucket), Some(key)) => Ok(CodeSource::Object {
                bucket,
                key,
                version: self.version,
            }),
            (None, None, None) => Err(wrong("Please provide a source for function code.")),
            (None, ..) => Err(wrong("Both S3Bucket and S3Key must be specified.")),
        }
    }
}

/// How code in a bucket is to be kept: only as a copy.
pub fn by_reference(mode: Option<&String>) -> (&'static str, bool) {
    ("S3ObjectStorageMode REFERENCE", other_than(mode, "COPY"))
}
