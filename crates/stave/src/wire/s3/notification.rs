//! Whom a bucket tells of its events: S3's XML, to the notifications service and back.

use s3s::dto::{
    EventBridgeConfiguration, FilterRule, GetBucketNotificationConfigurationInput,
    GetBucketNotificationConfigurationOutput, LambdaFunctionConfiguration,
    NotificationConfigurationFilter, PutBucketNotificationConfigurationInput,
    PutBucketNotificationConfigurationOutput, S3KeyFilter,
};
use s3s::{S3Request, S3Response, S3Result, dto};
use stave_services::notifications::{FunctionNotification, NotificationConfiguration};

use super::backend::Backend;
use super::convert::{bucket, caller};
use super::errors::from_service;
use stave_store::blocking;

const BROKEN: &str = "a bucket's notifications were not worked on";

pub(super) async fn get(
    backend: &Backend,
    request: S3Request<GetBucketNotificationConfigurationInput>,
) -> S3Result<S3Response<GetBucketNotificationConfigurationOutput>> {
    let (caller, bucket) = (caller(&request)?.clone(), bucket(&request.input.bucket)?);
    let notifications = backend.notifications.clone();
    let kept = blocking(BROKEN, move || {
        notifications.configuration(&caller, &bucket)
    });
    let kept = kept.await.map_err(from_service)?;
    let functions: Vec<_> = kept.functions.into_iter().map(shown).collect();
    Ok(S3Response::new(GetBucketNotificationConfigurationOutput {
        event_bridge_configuration: kept.event_bridge.then(EventBridgeConfiguration::default),
        lambda_function_configurations: Some(functions).filter(|list| !list.is_empty()),
        queue_configurations: None,
        topic_configurations: None,
    }))
}

pub(super) async fn put(
    backend: &Backend,
    request: S3Request<PutBucketNotificationConfigurationInput>,
) -> S3Result<S3Response<PutBucketNotificationConfigurationOutput>> {
    let (caller, bucket) = (caller(&request)?.clone(), bucket(&request.input.bucket)?);
    let skip = request
        .input
        .skip_destination_validation
        .unwrap_or_default();
    let configuration = read(request.input.notification_configuration);
    let notifications = backend.notifications.clone();
    let put = blocking(BROKEN, move || {
        notifications.put_configuration(&caller, &bucket, &configuration, skip)
    });
    put.await.map_err(from_service)?;
    Ok(S3Response::new(
        PutBucketNotificationConfigurationOutput::default(),
    ))
}

fn read(given: dto::NotificationConfiguration) -> NotificationConfiguration {
    let queues = given.queue_configurations.unwrap_or_default().into_iter();
    let topics = given.topic_configurations.unwrap_or_default().into_iter();
    let elsewhere = queues.map(|queue| queue.queue_arn);
    let functions = given.lambda_function_configurations.unwrap_or_default();
    NotificationConfiguration {
        functions: functions.into_iter().map(function).collect(),
        event_bridge: given.event_bridge_configuration.is_some(),
        elsewhere: elsewhere
            .chain(topics.map(|topic| topic.topic_arn))
            .collect(),
    }
}

fn function(given: LambdaFunctionConfiguration) -> FunctionNotification {
    let rules = given
        .filter
        .and_then(|filter| filter.key)
        .and_then(|key| key.filter_rules);
    let events = given.events.iter();
    FunctionNotification {
        id: given.id,
        function_arn: given.lambda_function_arn,
        events: events.map(|event| event.as_ref().to_owned()).collect(),
        filters: rules
            .unwrap_or_default()
            .into_iter()
            .map(|rule| {
                let name = rule.name.map(|name| name.as_str().to_owned());
                (name.unwrap_or_default(), rule.value.unwrap_or_default())
            })
            .collect(),
    }
}

fn shown(function: FunctionNotification) -> LambdaFunctionConfiguration {
    let rules: Vec<_> = function
        .filters
        .into_iter()
        .map(|(name, value)| FilterRule {
            name: Some(dto::FilterRuleName::from(name)),
            value: Some(value),
        })
        .collect();
    LambdaFunctionConfiguration {
        events: function.events.into_iter().map(dto::Event::from).collect(),
        filter: Some(rules).filter(|rules| !rules.is_empty()).map(|rules| {
            NotificationConfigurationFilter {
                key: Some(S3KeyFilter {
                    filter_rules: Some(rules),
                }),
            }
        }),
        id: function.id,
        lambda_function_arn: function.function_arn,
    }
}
