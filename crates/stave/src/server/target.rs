//! Which service a request is for: by the scope that it is signed for, by what only one service
//! has in its headers, by the host.

use http::Method;
use http::request::Parts;

use crate::wire::CODE_PATH;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Whether the server is well: nobody need sign for that.
    Health,
    /// The zip that a link stands for: whoever has the link need not sign.
    Code,
    /// What was measured, for Prometheus: it does not sign.
    Metrics,
    /// S3.
    S3,
    /// Another service, by its signing name.
    Service(String),
}

/// The path that says whether the server is well.
pub const HEALTH_PATH: &str = "/_stave/health";

/// The path where Prometheus reads metrics.
const METRICS_PATH: &str = "/metrics";

/// The first part of `X-Amz-Target`, and whose it is.
const TARGETS: [(&str, &str); 6] = [
    ("AWSEvents", "events"),
    ("AWSGlue", "glue"),
    ("AmazonAthena", "athena"),
    ("AWSStepFunctions", "states"),
    ("GraniteServiceVersion20100801", "monitoring"),
    ("Logs_20140328", "logs"),
];

/// The services that answer under a name of their own (`iam.amazonaws.com`,
/// `sts.us-east-1.localhost`).
const HOSTS: [(&str, &str); 9] = [
    ("athena", "athena"),
    ("events", "events"),
    ("glue", "glue"),
    ("iam", "iam"),
    ("lambda", "lambda"),
    ("logs", "logs"),
    ("monitoring", "monitoring"),
    ("scheduler", "scheduler"),
    ("sts", "sts"),
];

impl Target {
    /// The target of a request.
    pub fn of(request: &Parts) -> Self {
        if request.uri.path() == HEALTH_PATH {
            return Self::Health;
        }
        if request.uri.path() == CODE_PATH {
            return Self::Code;
        }
        match signed_for(request).or_else(|| named_by_headers(request)) {
            None if is_scrape(request) => Self::Metrics,
            Some("s3") | None => Self::S3,
            Some(service) => Self::Service(service.to_owned()),
        }
    }
}

/// Whether Prometheus asks: who asks for a bucket of that name signs.
fn is_scrape(request: &Parts) -> bool {
    request.uri.path() == METRICS_PATH
        && request.uri.query().is_none()
        && !request.headers.contains_key(http::header::AUTHORIZATION)
        && matches!(request.method, Method::GET | Method::HEAD)
}

/// The service of the credential scope, in the header or in the query:
/// `AKID/20261121/us-east-1/SERVICE/aws4_request`.
fn signed_for(request: &Parts) -> Option<&str> {
    let header = request.headers.get(http::header::AUTHORIZATION);
    let in_header = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once("Credential="))
        .map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or(rest));
    if let Some(credential) = in_header {
        return credential.split('/').rev().nth(1);
    }
    let query = request.uri.query()?;
    let credential = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("X-Amz-Credential="))?;
    let slash = if credential.contains('/') { "/" } else { "%2F" };
    credential
        .split(slash)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .nth(1)
}

/// Whose name that is in the JSON and the CBOR protocols.
fn service_of(name: &str) -> Option<&'static str> {
    let known = TARGETS.iter().find(|(known, _)| *known == name);
    known.map(|(_, service)| *service)
}

fn named_by_headers(request: &Parts) -> Option<&'static str> {
    let text = |name: &str| request.headers.get(name)?.to_str().ok();
    if let Some(target) = text("x-amz-target") {
        let (of, _) = target.split_once('.')?;
        return service_of(of);
    }
    if text("smithy-protocol").is_some() {
        let named = request.uri.path().rsplit('/').nth(2)?;
        return service_of(named);
    }
    let host = text("host")
        .or_else(|| request.uri.host())
        .unwrap_or_default();
    let label = host.split(['.', ':']).next()?;
    let by_host = HOSTS
        .iter()
        .find(|(name, _)| *name == label && host.contains('.'));
    if let Some((_, service)) = by_host {
        return Some(service);
    }
    // A form that nobody signed: S3 knows forms of files only.
    let form = text("content-type")?.starts_with("application/x-www-form-urlencoded");
    (form && request.uri.path() == "/").then_some("sts")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str, headers: &[(&str, &str)]) -> Target {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Target::of(&request.body(()).expect("a request").into_parts().0)
    }

    fn service(name: &str) -> Target {
        Target::Service(name.to_owned())
    }

    #[test]
    fn the_signature_says_which_service_is_meant() {
        let signed = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIA/20261121/us-east-1/{service}/aws4_request, \
                 SignedHeaders=host, Signature=0"
            )
        };
        for name in ["iam", "sts", "glue", "lambda", "monitoring", "dynamodb"] {
            assert_eq!(
                target("/", &[("authorization", &signed(name))]),
                service(name)
            );
        }
        assert_eq!(
            target("/b/k", &[("authorization", &signed("s3"))]),
            Target::S3
        );
        // The scope counts more than the host.
        let headers = [
            ("authorization", signed("s3")),
            ("host", "iam.localhost".to_owned()),
        ];
        let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(target("/", &headers), Target::S3);
    }

    #[test]
    fn a_presigned_request_says_it_in_its_query() {
        let credential = "X-Amz-Credential=AKIA%2F20261121%2Fus-east-1%2Fsts%2Faws4_request";
        assert_eq!(
            target(&format!("/?{credential}&X-Amz-Expires=5"), &[]),
            service("sts")
        );
        let plain = "X-Amz-Credential=AKIA/20261121/us-east-1/s3/aws4_request";
        assert_eq!(target(&format!("/b/k?{plain}"), &[]), Target::S3);
    }

    #[test]
    fn who_has_not_signed_is_sent_by_headers_and_host() {
        let glue = [("x-amz-target", "AWSGlue.GetTables")];
        assert_eq!(target("/", &glue), service("glue"));
        let cbor = [("smithy-protocol", "rpc-v2-cbor")];
        let path = "/service/GraniteServiceVersion20100801/operation/ListMetrics";
        assert_eq!(target(path, &cbor), service("monitoring"));
        assert_eq!(target("/service/Other/operation/List", &cbor), Target::S3);
        assert_eq!(
            target("/", &[("host", "iam.amazonaws.com")]),
            service("iam")
        );
        assert_eq!(target("/", &[("host", "iam")]), Target::S3);
        assert_eq!(
            target("/", &[("host", "lake.s3.localhost:4566")]),
            Target::S3
        );
        let form = [(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )];
        assert_eq!(target("/", &form), service("sts"));
        assert_eq!(target("/bucket", &form), Target::S3);
        assert_eq!(target("/bucket/key", &[]), Target::S3);
        assert_eq!(target(HEALTH_PATH, &[]), Target::Health);
        assert_eq!(target("/_stave/code?link=0", &[]), Target::Code);
        assert_eq!(target("/_stave/code/x", &[]), Target::S3);
        assert_eq!(target("/metrics", &[]), Target::Metrics);
        assert_eq!(target("/metrics/", &[]), Target::S3);
        assert_eq!(target("/metrics?list-type=2", &[]), Target::S3);
        assert_eq!(
            target("/metrics", &[("authorization", "AWS AKIA:sig")]),
            Target::S3
        );
    }

    #[test]
    fn what_is_no_scope_is_left_to_s3_to_refuse() {
        for wrong in ["AWS4-HMAC-SHA256 Credential=x", "AWS AKIA:sig", "Bearer t"] {
            assert_eq!(
                target("/", &[("authorization", wrong)]),
                Target::S3,
                "{wrong}"
            );
        }
    }
}
