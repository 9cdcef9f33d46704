//! What a request is refused with.

use super::*;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
async fn faults_of_the_request_are_told_as_aws_tells_them() {
    let world = world();
    let long = "a".repeat(65);
    let cases: &[(&str, &str, u16, &str, &str)] = &[
        (
            "CreateUser",
            "",
            400,
            "ValidationError",
            "1 validation error detected: Value null at 'userName' failed to satisfy constraint: \
             Member must not be null",
        ),
        (
            "CreateUser",
            &format!("UserName={long}"),
            400,
            "ValidationError",
            &format!(
                "1 validation error detected: Value '{long}' at 'userName' failed to satisfy \
                 constraint: Member must have length less than or equal to 64"
            ),
        ),
        (
            "CreateUser",
            "UserName=a%20b",
            400,
            "ValidationError",
            "The specified value for userName is invalid. It must contain only alphanumeric \
             characters and/or the following: +=,.@_-",
        ),
        (
            "CreateUser",
            "UserName=ann&Path=x",
            400,
            "ValidationError",
            "The specified value for path is invalid. It must begin and end with / and contain \
             only alphanumeric characters and/or / characters.",
        ),
        (
            "CreateUser",
            "UserName=ann&Tags.member.1.Key=a%3Bb&Tags.member.1.Value=",
            400,
            "ValidationError",
            r"1 validation error detected: Value 'a;b' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+",
        ),
        (
            "ListUsers",
            "MaxItems=1001",
            400,
            "ValidationError",
            "1 validation error detected: Value '1001' at 'maxItems' failed to satisfy \
             constraint: Member must have value less than or equal to 1000",
        ),
        (
            "ListUsers",
            "MaxItems=many",
            400,
            "MalformedInput",
            "MaxItems is \"many\", which it cannot be",
        ),
        (
            "UpdateAccessKey",
            "AccessKeyId=AKIAIOSFODNN7EXAMPLE&Status=Off",
            400,
            "ValidationError",
            "1 validation error detected: Value 'Off' at 'status' failed to satisfy constraint: \
             Member must satisfy enum value set: [Active, Inactive, Expired]",
        ),
        (
            "ChangePassword",
            "OldPassword=&NewPassword=b",
            400,
            "ValidationError",
            r"2 validation errors detected: Value at 'oldPassword' failed to satisfy constraint: Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+; Value at 'oldPassword' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "GetUser",
            "UserName=nobody",
            404,
            "NoSuchEntity",
            "The user with name nobody cannot be found.",
        ),
        (
            "CreateRole",
            "RoleName=etl&AssumeRolePolicyDocument=%7B%7D",
            400,
            "MalformedPolicyDocument",
            "",
        ),
    ];
    for (action, parameters, status, code, message) in cases {
        let answer = world.ask("iam", action, parameters).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (*status, *code),
            "{}",
            answer.body
        );
        if !message.is_empty() {
            assert_eq!(answer.message(), *message);
        }
        let tree = answer.tree();
        assert_eq!(tree.name, "ErrorResponse");
        assert_eq!(tree.text("Error/Type").as_deref(), Some("Sender"));
        assert_eq!(
            tree.text("RequestId").as_deref(),
            Some("7a62c49f-347e-4fc4-9331-6e8eEXAMPLE")
        );
    }
}

#[tokio::test]
async fn errors_keep_the_status_of_the_model() {
    let world = world();
    assert_eq!(
        world.ask("iam", "CreateUser", "UserName=ann").await.status,
        200
    );
    for (action, parameters, status, code) in [
        ("CreateUser", "UserName=ann", 409, "EntityAlreadyExists"),
        (
            "DeleteAccountAlias",
            "AccountAlias=abc",
            404,
            "NoSuchEntity",
        ),
        (
            "CreateLoginProfile",
            "UserName=ann&Password=short",
            400,
            "PasswordPolicyViolation",
        ),
        ("CreateLoginProfile", "UserName=ann", 400, "ValidationError"),
    ] {
        let answer = world.ask("iam", action, parameters).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{}",
            answer.body
        );
    }
    let key = "CreateAccessKey";
    for status in [200, 200, 409] {
        assert_eq!(world.ask("iam", key, "UserName=ann").await.status, status);
    }
}

#[tokio::test]
async fn who_may_not_hears_so_before_anything_else() {
    let world = world();
    let eve = world.user("eve", "s3:*");
    for (action, parameters) in [
        ("ListUsers", ""),
        ("GetUser", "UserName=nobody"),
        ("CreateInstanceProfile", "InstanceProfileName=x"),
    ] {
        let body = form("iam", action, parameters);
        let answer = world.answer("iam", call(eve.clone(), body)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "AccessDenied")
        );
        let start = format!(
            "User: arn:aws:iam::123456789012:user/eve is not authorized to perform: iam:{action} \
             on resource: "
        );
        assert!(answer.message().starts_with(&start), "{}", answer.message());
    }
}

#[tokio::test]
async fn what_is_not_served_is_refused_by_name() {
    let world = world();
    for (service, action) in [
        ("iam", "CreateInstanceProfile"),
        ("iam", "GenerateServiceLastAccessedDetails"),
        ("iam", "CreateVirtualMFADevice"),
        ("sts", "DecodeAuthorizationMessage"),
        ("sts", "GetFederationToken"),
    ] {
        let answer = world.ask(service, action, "").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (501, "NotImplemented")
        );
        assert_eq!(
            answer.message(),
            format!("{service}:{action} is not implemented")
        );
        assert_eq!(
            answer.tree().text("Error/Type").as_deref(),
            Some("Receiver")
        );
    }
    let policies = "PolicyInputList.member.1=%7B%7D&ActionNames.member.1=s3:GetObject\
                    &ResourceHandlingOption=EC2-VPC-InstanceStore";
    let answer = world.ask("iam", "SimulateCustomPolicy", policies).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (501, "NotImplemented")
    );
    let mfa = "SerialNumber=arn:aws:iam::123456789012:mfa/ann&TokenCode=123456";
    let answer = world.ask("sts", "GetSessionToken", mfa).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (501, "NotImplemented")
    );
}

#[tokio::test]
async fn what_is_no_operation_is_an_invalid_action() {
    let world = world();
    let root = || Caller::root(ACCOUNT);
    for (body, code, message) in [
        (
            "Action=Fly&Version=2010-05-08",
            "InvalidAction",
            "Could not find operation Fly for version 2010-05-08",
        ),
        (
            "Action=ListUsers&Version=2009-01-01",
            "InvalidAction",
            "Could not find operation ListUsers for version 2009-01-01",
        ),
        (
            "Action=ListUsers",
            "InvalidAction",
            "Could not find operation ListUsers for version NO_VERSION_SPECIFIED",
        ),
        (
            "",
            "MissingAction",
            "The request must contain the parameter Action.",
        ),
        (
            "Action=GetUser&Version=2010-05-08&UserName=a&UserName=b",
            "MalformedInput",
            "The parameter UserName is given twice",
        ),
    ] {
        let answer = world.answer("iam", call(root(), body.to_owned())).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, code),
            "{body}"
        );
        assert_eq!(answer.message(), message);
    }
    let mut get = call(root(), String::new());
    get.method = Method::GET;
    get.uri = Uri::from_static("/?Action=GetUser&Version=2010-05-08&X-Amz-Expires=60");
    let answer = world.answer("iam", get).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let arn = answer.tree().text("GetUserResult/User/Arn");
    assert_eq!(arn.as_deref(), Some("arn:aws:iam::123456789012:root"));
    let mut put = call(root(), form("iam", "ListUsers", ""));
    put.method = Method::PUT;
    assert_eq!(world.answer("iam", put).await.code(), "InvalidAction");
}

#[tokio::test]
async fn who_is_not_let_in_is_refused_in_the_services_protocol() {
    let world = world();
    let headers = HeaderMap::new();
    let response = world.wire.refuse("sts", &headers, &unsigned(), "r1");
    assert_eq!(response.status(), 403);
    let body = String::from_utf8(response.body().to_vec()).expect("text");
    let tree = Tree::read(&body);
    assert_eq!(
        tree.text("Error/Code").as_deref(),
        Some("MissingAuthenticationToken")
    );
    assert!(body.contains("https://sts.amazonaws.com/doc/2011-06-15/"));
}
