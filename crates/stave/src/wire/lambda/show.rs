//! From the service's types to the wire's.

use stave_services::functions::{
    Alias, EventSettings, FunctionVersion, Layer, Page, Reason, Tags, UsedLayer,
};

use crate::wire::types::lambda as wire;

/// A number of seconds, mebibytes or things.
pub fn number(number: impl TryInto<i32>) -> Option<i32> {
    number.try_into().ok()
}

/// A size in bytes, or a number that may be large.
pub fn size(number: u64) -> Option<i64> {
    i64::try_from(number).ok()
}

/// Text, unless there is none.
pub fn said(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Things, unless there are none.
pub fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

/// Tags, unless there are none.
pub fn tags(tags: Tags) -> Option<Tags> {
    (!tags.is_empty()).then_some(tags)
}

/// The items of a page, and where the next begins.
pub fn page<T, U>(page: Page<T>, show: impl FnMut(T) -> U) -> (Option<Vec<U>>, Option<String>) {
    let items = page.items.into_iter().map(show).collect();
    (Some(items), page.marker)
}

fn reason(reason: Option<Reason>) -> (Option<String>, Option<String>) {
    reason.map_or((None, None), |reason| {
        (Some(reason.message), Some(reason.code))
    })
}

fn layer_of_function(layer: UsedLayer) -> wire::Layer {
    wire::Layer {
        arn: Some(layer.arn),
        code_size: size(layer.code.bytes),
        ..wire::Layer::default()
    }
}

/// A version of a function as lists show it: without how it stands.
pub fn listed(version: FunctionVersion) -> wire::FunctionConfiguration {
    let (last_modified, log_group) = (version.last_modified(), version.log_group());
    let definition = version.definition;
    let environment = tags(definition.environment);
    wire::FunctionConfiguration {
        function_name: Some(version.name),
        function_arn: Some(version.arn),
        runtime: Some(definition.runtime.to_string()),
        role: Some(definition.role),
        handler: Some(definition.handler),
        code_size: size(definition.code.bytes),
        description: Some(definition.description),
        timeout: number(definition.timeout_seconds),
        memory_size: number(definition.memory_mb),
        last_modified: Some(last_modified),
        code_sha256: Some(definition.code.sha256_base64()),
        version: Some(version.version),
        environment: environment.map(|variables| wire::EnvironmentResponse {
            variables: Some(variables),
            error: None,
        }),
        tracing_config: Some(wire::TracingConfigResponse {
            mode: Some("PassThrough".to_owned()),
        }),
        revision_id: Some(definition.revision),
        layers: some(
            definition
                .layers
                .into_iter()
                .map(layer_of_function)
                .collect(),
        ),
        package_type: Some("Zip".to_owned()),
        architectures: Some(vec![definition.architecture]),
        ephemeral_storage: number(definition.ephemeral_mb)
            .map(|size| wire::EphemeralStorage { size }),
        snap_start: Some(wire::SnapStartResponse {
            apply_on: Some("None".to_owned()),
            optimization_status: Some("Off".to_owned()),
        }),
        logging_config: Some(wire::LoggingConfig {
            log_format: Some("Text".to_owned()),
            log_group: Some(log_group),
            ..wire::LoggingConfig::default()
        }),
        ..wire::FunctionConfiguration::default()
    }
}

/// A version of a function.
pub fn function(version: FunctionVersion) -> wire::FunctionConfiguration {
    let definition = &version.definition;
    let (state, update) = (definition.state.as_str(), definition.update.as_str());
    let (state_reason, state_reason_code) = reason(definition.state_reason.clone());
    let (update_reason, update_reason_code) = reason(definition.update_reason.clone());
    wire::FunctionConfiguration {
        state: Some(state.to_owned()),
        state_reason,
        state_reason_code,
        last_update_status: Some(update.to_owned()),
        last_update_status_reason: update_reason,
        last_update_status_reason_code: update_reason_code,
        ..listed(version)
    }
}

pub fn alias(alias: Alias) -> wire::AliasConfiguration {
    let weights = (!alias.weights.is_empty()).then_some(alias.weights);
    wire::AliasConfiguration {
        alias_arn: Some(alias.arn),
        name: Some(alias.name),
        function_version: Some(alias.version),
        description: Some(alias.description),
        routing_config: weights.map(|weights| wire::AliasRoutingConfiguration {
            additional_version_weights: Some(weights),
        }),
        revision_id: Some(alias.revision),
    }
}

/// A version of a layer as lists show it.
pub fn listed_layer(layer: Layer) -> wire::LayerVersionsListItem {
    wire::LayerVersionsListItem {
        layer_version_arn: Some(layer.version_arn),
        version: size(layer.version),
        description: said(layer.description),
        created_date: Some(layer.created),
        compatible_architectures: some(layer.architectures),
        compatible_runtimes: some(layer.runtimes),
        license_info: layer.license,
    }
}

/// A version of a layer, whose zip lies at `location`.
pub fn layer(layer: Layer, location: Option<String>) -> wire::GetLayerVersionResponse {
    wire::GetLayerVersionResponse {
        content: Some(wire::LayerVersionContentOutput {
            location,
            code_sha256: Some(layer.code.sha256_base64()),
            code_size: size(layer.code.bytes),
            ..wire::LayerVersionContentOutput::default()
        }),
        layer_arn: Some(layer.arn),
        layer_version_arn: Some(layer.version_arn),
        description: Some(layer.description),
        created_date: Some(layer.created),
        version: size(layer.version),
        compatible_architectures: some(layer.architectures),
        compatible_runtimes: some(layer.runtimes),
        license_info: layer.license,
    }
}

/// How asynchronous invocations go.
pub fn events(settings: EventSettings) -> wire::FunctionEventInvokeConfig {
    let set = settings.set;
    wire::FunctionEventInvokeConfig {
        last_modified: Some(settings.modified_at),
        function_arn: Some(settings.arn),
        maximum_retry_attempts: set.max_retries.and_then(number),
        maximum_event_age_in_seconds: set.max_age_seconds.and_then(number),
        destination_config: Some(wire::DestinationConfig {
            on_success: Some(wire::OnSuccess {
                destination: set.on_success,
            }),
            on_failure: Some(wire::OnFailure {
                destination: set.on_failure,
            }),
        }),
    }
}
