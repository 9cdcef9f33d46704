//! Layers.

use stave_core::{Caller, Result};
use stave_services::Functions;
use stave_services::functions::{Layer, LayerFilter, NewLayer};

use super::settings::{self, Code};
use super::{code, page, show, version};
use crate::wire::door::Door;
use crate::wire::types::lambda as wire;

pub(super) fn add(door: Door, functions: &Functions) -> Door {
    let door = door
        .on_async(functions, &wire::PUBLISH_LAYER_VERSION, publish)
        .on(
            functions,
            &wire::DELETE_LAYER_VERSION,
            |functions, caller, request| {
                let number = version(request.version_number);
                functions.delete_layer(caller, &request.layer_name, number)
            },
        )
        .on(
            functions,
            &wire::GET_LAYER_VERSION,
            |functions, caller, request| {
                let number = version(request.version_number);
                let layer = functions.get_layer(caller, &request.layer_name, number)?;
                linked(functions, caller, layer)
            },
        )
        .on(
            functions,
            &wire::GET_LAYER_VERSION_BY_ARN,
            |functions, caller, request| {
                let layer = functions.get_layer_by_arn(caller, &request.arn)?;
                linked(functions, caller, layer)
            },
        );
    lists(door, functions)
}

async fn publish(
    functions: Functions,
    caller: Caller,
    request: wire::PublishLayerVersionRequest,
) -> Result<wire::PublishLayerVersionResponse> {
    let content = request.content;
    let code = Code {
        others: [
            settings::by_reference(content.s3_object_storage_mode.as_ref()),
            ("", false),
            ("", false),
        ],
        zip: content.zip_file,
        bucket: content.s3_bucket,
        key: content.s3_key,
        version: content.s3_object_version,
    };
    let new = NewLayer {
        name: request.layer_name,
        content: code.source("PublishLayerVersion")?,
        description: request.description.unwrap_or_default(),
        runtimes: request.compatible_runtimes.unwrap_or_default(),
        architectures: request.compatible_architectures.unwrap_or_default(),
        license: request.license_info,
    };
    let layer = functions.publish_layer(&caller, new).await?;
    // Who may publish need not be allowed to read.
    let link = functions.link_layer(&caller, &layer.name, layer.version);
    let shown = show::layer(layer, code::location(&functions, link).unwrap_or_default());
    Ok(wire::PublishLayerVersionResponse {
        content: shown.content,
        layer_arn: shown.layer_arn,
        layer_version_arn: shown.layer_version_arn,
        description: shown.description,
        created_date: shown.created_date,
        version: shown.version,
        compatible_architectures: shown.compatible_architectures,
        compatible_runtimes: shown.compatible_runtimes,
        license_info: shown.license_info,
    })
}

fn linked(
    functions: &Functions,
    caller: &Caller,
    layer: Layer,
) -> Result<wire::GetLayerVersionResponse> {
    let link = functions.link_layer(caller, &layer.name, layer.version);
    Ok(show::layer(layer, code::location(functions, link)?))
}

fn lists(door: Door, functions: &Functions) -> Door {
    door.on(
        functions,
        &wire::LIST_LAYERS,
        |functions, caller, request| {
            let filter = LayerFilter {
                runtime: request.compatible_runtime,
                architecture: request.compatible_architecture,
            };
            let page = page(request.marker, request.max_items);
            let found = functions.list_layers(caller, &filter, &page)?;
            let (layers, next_marker) = show::page(found, |layer| wire::LayersListItem {
                layer_name: Some(layer.name.clone()),
                layer_arn: Some(layer.arn.clone()),
                latest_matching_version: Some(show::listed_layer(layer)),
            });
            Ok(wire::ListLayersResponse {
                next_marker,
                layers,
            })
        },
    )
    .on(
        functions,
        &wire::LIST_LAYER_VERSIONS,
        |functions, caller, request| {
            let filter = LayerFilter {
                runtime: request.compatible_runtime,
                architecture: request.compatible_architecture,
            };
            let page = page(request.marker, request.max_items);
            let found =
                functions.list_layer_versions(caller, &request.layer_name, &filter, &page)?;
            let (layer_versions, next_marker) = show::page(found, show::listed_layer);
            Ok(wire::ListLayerVersionsResponse {
                next_marker,
                layer_versions,
            })
        },
    )
}
