//! Requests whose operation is in method and path, before they reach a handler.

use super::*;

/// What the caller gets to `METHOD /path`.
async fn ask(world: &World, caller: Caller, request: &str) -> Answer {
    let (method, uri) = request.split_once(' ').expect("two words");
    let call = Call {
        method: method.parse().expect("a method"),
        uri: uri.parse().expect("a path"),
        headers: HeaderMap::new(),
        ..call(caller, String::new())
    };
    world.answer("lambda", call).await
}

#[tokio::test]
async fn what_is_not_served_is_refused_by_its_name() {
    let world = world();
    let may = world.user("may", "lambda:*");
    let may_not = world.user("may-not", "lambda:ListFunctions");
    for (request, operation) in [
        (
            "GET /2015-03-31/event-source-mappings/",
            "ListEventSourceMappings",
        ),
        (
            "POST /2015-03-31/event-source-mappings/",
            "CreateEventSourceMapping",
        ),
        (
            "POST /2021-10-31/functions/etl/url",
            "CreateFunctionUrlConfig",
        ),
        (
            "POST /2021-11-15/functions/arn%3Aaws%3Alambda/response-streaming-invocations",
            "InvokeWithResponseStream",
        ),
        (
            "GET /2019-09-30/functions/etl/provisioned-concurrency?List=ALL",
            "ListProvisionedConcurrencyConfigs",
        ),
        (
            "GET /2019-09-30/functions/etl/provisioned-concurrency?Qualifier=1",
            "GetProvisionedConcurrencyConfig",
        ),
    ] {
        let answer = ask(&world, may.clone(), request).await;
        assert_eq!(answer.status, 501, "{request}: {}", answer.body);
        assert_eq!(answer.headers["x-amzn-errortype"], "NotImplemented");
        let said = format!("lambda:{operation} is not implemented");
        assert!(answer.body.contains(&said), "{request}: {}", answer.body);
        let answer = ask(&world, may_not.clone(), request).await;
        assert_eq!(answer.status, 403, "{request}: {}", answer.body);
        assert_eq!(answer.headers["x-amzn-errortype"], "AccessDeniedException");
    }
    let answer = ask(&world, may, "GET /2015-03-31/funktionen").await;
    assert_eq!(answer.status, 404);
    let kind = &answer.headers["x-amzn-errortype"];
    assert_eq!(kind, "UnknownOperationException");
}

#[tokio::test]
async fn errors_are_lambdas() {
    let world = world();
    let root = Caller::root(ACCOUNT);
    let answer = ask(&world, root, "GET /2015-03-31/functions/none").await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.headers["x-amzn-errortype"],
        "ResourceNotFoundException"
    );
    let said = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:none";
    let expected = serde_json::json!({"Type": "User", "Message": said});
    let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(body, expected);
}
