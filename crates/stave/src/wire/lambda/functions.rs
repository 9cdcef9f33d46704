//! Functions: making, reading, changing, publishing and removing them.

use stave_core::{Caller, Result};
use stave_services::Functions;
use stave_services::functions::{CodeUpdate, NewFunction};

use super::settings::{self, Code};
use super::{code, page, refuse, show};
use crate::wire::door::Door;
use crate::wire::types::lambda as wire;

pub(super) fn add(door: Door, functions: &Functions) -> Door {
    versions(changes(reads(door, functions), functions), functions)
}

fn changes(door: Door, functions: &Functions) -> Door {
    door.on_async(functions, &wire::CREATE_FUNCTION, create)
        .on_async(functions, &wire::UPDATE_FUNCTION_CODE, update_code)
        .on_async(
            functions,
            &wire::UPDATE_FUNCTION_CONFIGURATION,
            |functions, caller, mut request| async move {
                let (name, revision) = (request.function_name.clone(), request.revision_id.take());
                let settings = settings::of_change(request)?;
                let changed =
                    functions.update_configuration(&caller, &name, settings, revision.as_deref());
                changed.await.map(show::function)
            },
        )
        .on(
            functions,
            &wire::DELETE_FUNCTION,
            |functions, caller, request| {
                let qualifier = request.qualifier.as_deref();
                functions.delete_function(caller, &request.function_name, qualifier)?;
                Ok(wire::DeleteFunctionResponse {
                    status_code: Some(204),
                })
            },
        )
}

async fn create(
    functions: Functions,
    caller: Caller,
    mut request: wire::CreateFunctionRequest,
) -> Result<wire::FunctionConfiguration> {
    let settings = settings::of_new(&mut request)?;
    let code = request.code;
    let code = Code {
        others: [
            ("ImageUri", code.image_uri.is_some()),
            ("SourceKMSKeyArn", code.source_kms_key_arn.is_some()),
            settings::by_reference(code.s3_object_storage_mode.as_ref()),
        ],
        zip: code.zip_file,
        bucket: code.s3_bucket,
        key: code.s3_key,
        version: code.s3_object_version,
    };
    let new = NewFunction {
        name: request.function_name,
        code: code.source("CreateFunction")?,
        settings,
        tags: request.tags.unwrap_or_default(),
        publish: request.publish.unwrap_or_default(),
    };
    let made = functions.create_function(&caller, new).await?;
    Ok(show::function(made))
}

async fn update_code(
    functions: Functions,
    caller: Caller,
    request: wire::UpdateFunctionCodeRequest,
) -> Result<wire::FunctionConfiguration> {
    let operation = "UpdateFunctionCode";
    refuse(operation, &[("PublishTo", request.publish_to.is_some())])?;
    let code = Code {
        others: [
            ("ImageUri", request.image_uri.is_some()),
            ("SourceKMSKeyArn", request.source_kms_key_arn.is_some()),
            settings::by_reference(request.s3_object_storage_mode.as_ref()),
        ],
        zip: request.zip_file,
        bucket: request.s3_bucket,
        key: request.s3_key,
        version: request.s3_object_version,
    };
    let update = CodeUpdate {
        code: code.source(operation)?,
        architecture: settings::architecture(request.architectures)?,
        publish: request.publish.unwrap_or_default(),
        dry_run: request.dry_run.unwrap_or_default(),
        revision: request.revision_id,
    };
    let name = &request.function_name;
    let changed = functions.update_code(&caller, name, update).await?;
    Ok(show::function(changed))
}

fn reads(door: Door, functions: &Functions) -> Door {
    door.on(
        functions,
        &wire::GET_FUNCTION,
        |functions, caller, request| get(functions, caller, &request),
    )
    .on(
        functions,
        &wire::GET_FUNCTION_CONFIGURATION,
        |functions, caller, request| {
            let (name, qualifier) = (&request.function_name, request.qualifier.as_deref());
            let version = functions.get_configuration(caller, name, qualifier)?;
            Ok(show::function(version))
        },
    )
    .on(
        functions,
        &wire::LIST_FUNCTIONS,
        |functions, caller, request| {
            let of_edge = request.master_region.is_some();
            refuse("ListFunctions", &[("MasterRegion", of_edge)])?;
            let all = request.function_version.is_some();
            let page = page(request.marker, request.max_items);
            let found = functions.list_functions(caller, all, &page)?;
            let (functions, next_marker) = show::page(found, show::listed);
            Ok(wire::ListFunctionsResponse {
                next_marker,
                functions,
            })
        },
    )
}

fn get(
    functions: &Functions,
    caller: &Caller,
    request: &wire::GetFunctionRequest,
) -> Result<wire::GetFunctionResponse> {
    let (name, qualifier) = (&request.function_name, request.qualifier.as_deref());
    let (version, tags, reserved) = functions.get_function(caller, name, qualifier)?;
    let link = functions.link_code(caller, name, qualifier);
    Ok(wire::GetFunctionResponse {
        configuration: Some(show::function(version)),
        code: Some(wire::FunctionCodeLocation {
            repository_type: Some("S3".to_owned()),
            location: code::location(functions, link)?,
            ..wire::FunctionCodeLocation::default()
        }),
        tags: show::tags(tags),
        tags_error: None,
        concurrency: reserved.map(|reserved| wire::Concurrency {
            reserved_concurrent_executions: show::number(reserved),
        }),
    })
}

fn versions(door: Door, functions: &Functions) -> Door {
    door.on(
        functions,
        &wire::PUBLISH_VERSION,
        |functions, caller, request| {
            let to = request.publish_to.is_some();
            refuse("PublishVersion", &[("PublishTo", to)])?;
            let published = functions.publish_version(
                caller,
                &request.function_name,
                request.description.as_deref(),
                request.code_sha256.as_deref(),
                request.revision_id.as_deref(),
            )?;
            Ok(show::function(published))
        },
    )
    .on(
        functions,
        &wire::LIST_VERSIONS_BY_FUNCTION,
        |functions, caller, request| {
            let page = page(request.marker, request.max_items);
            let found = functions.list_versions(caller, &request.function_name, &page)?;
            let (versions, next_marker) = show::page(found, show::listed);
            Ok(wire::ListVersionsByFunctionResponse {
                next_marker,
                versions,
            })
        },
    )
}
