//! What is not accepted, with AWS's codes.

use super::*;

const SECRET: &str = "secret";
const NOW: &str = "20261121T120000Z";

/// A request that is right until a row of a table changes it.
#[derive(Clone)]
struct Sent {
    path: &'static str,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
}

impl Sent {
    fn request<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])]) -> HttpRequest<'a> {
        HttpRequest {
            method: "GET",
            path: self.path,
            query: &self.query,
            headers,
        }
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers
            .push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    fn edit(self, from: &str, to: &str) -> Self {
        let (_, value) = self
            .headers
            .iter()
            .find(|(n, _)| n == "authorization")
            .unwrap();
        let text = std::str::from_utf8(value).unwrap().replace(from, to);
        self.set("authorization", &text)
    }

    fn edit_query(mut self, from: &str, to: &str) -> Self {
        assert!(self.query.contains(from), "{}", self.query);
        self.query = self.query.replace(from, to);
        self
    }
}

fn signer(service: &'static str) -> Signer<'static> {
    Signer {
        credentials: Credentials {
            access_key: "AKIDEXAMPLE",
            secret: SECRET,
            session_token: None,
        },
        region: "us-east-1",
        service,
        now: time(NOW),
    }
}

fn signed(service: &'static str) -> Sent {
    let mut sent = Sent {
        path: "/b/k",
        query: "prefix=a".to_owned(),
        headers: vec![("host".to_owned(), b"localhost:4566".to_vec())],
    };
    let headers = borrowed(&sent.headers);
    let added = sign(&sent.request(&headers), &signer(service), None);
    sent.headers.extend(
        added
            .into_iter()
            .map(|(n, v)| (n.to_owned(), v.into_bytes())),
    );
    sent
}

fn presigned(expires: i64) -> Sent {
    let mut sent = Sent {
        path: "/b/k",
        query: "response-content-type=a".to_owned(),
        headers: vec![("host".to_owned(), b"localhost:4566".to_vec())],
    };
    let headers = borrowed(&sent.headers);
    sent.query = presign(&sent.request(&headers), &signer("s3"), expires).unwrap();
    sent
}

fn check(sent: &Sent, service: &str, now: &str) -> Result<Option<Payload>, Refusal> {
    let headers = borrowed(&sent.headers);
    let request = sent.request(&headers);
    let Some(presented) = Presented::read(&request)? else {
        return Ok(None);
    };
    let expected = Expected {
        service,
        region: Some("us-east-1"),
        now: time(now),
        body: Some(b""),
    };
    let key = SigningKey::derive(SECRET, presented.scope());
    presented
        .verify(&request, &key, &expected)
        .map(|verified| Some(verified.payload))
}

#[test]
fn what_is_right_is_accepted() {
    assert!(matches!(
        check(&signed("s3"), "s3", NOW),
        Ok(Some(Payload::Hash(_)))
    ));
    assert!(matches!(
        check(&signed("iam"), "iam", NOW),
        Ok(Some(Payload::Hash(_)))
    ));
    assert!(matches!(
        check(&presigned(60), "s3", NOW),
        Ok(Some(Payload::Unsigned))
    ));
    let unsigned = signed("s3").without("authorization");
    assert!(matches!(check(&unsigned, "s3", NOW), Ok(None)));
}

const MALFORMED: &str = "AuthorizationHeaderMalformed";
const PARAMETERS: &str = "AuthorizationQueryParametersError";
const DENIED: &str = "AccessDenied";
const MISMATCH: &str = "SignatureDoesNotMatch";

fn all_refused_by_s3(rows: &[(Sent, &str, &str)]) {
    for (sent, code, text) in rows {
        let refusal = check(sent, "s3", NOW).unwrap_err();
        let message = refusal.message(Dialect::S3);
        assert!(message.contains(text), "{text}: {message}");
        assert_eq!(refusal.code(Dialect::S3), *code, "{text}");
    }
}

#[test]
fn authorization_headers_are_refused_as_s3_refuses_them() {
    let edit = |from: &str, to: &str| signed("s3").edit(from, to);
    let set = |value: &str| signed("s3").set("authorization", value);
    let region = "the region 'eu-west-1' is wrong; expecting 'us-east-1'";
    all_refused_by_s3(&[
        (set("AWS AKID:x"), "InvalidRequest", "mechanism"),
        (set(ALGORITHM), MALFORMED, "'Credential'"),
        (edit("Signature=", "Sig="), MALFORMED, "component"),
        (
            edit("Credential=", "Signature=1, Credential="),
            MALFORMED,
            "twice",
        ),
        (edit("/aws4_request", ""), MALFORMED, "mal-formed"),
        (edit("aws4_request", "aws3"), MALFORMED, "aws3"),
        (edit("AKIDEXAMPLE", ""), MALFORMED, "non-empty"),
        (edit("/20261121/", "/2026-11-21/"), MALFORMED, "yyyyMMdd"),
        (edit("/20261121/", "/20261120/"), MALFORMED, "20261120"),
        (edit("us-east-1", "eu-west-1"), MALFORMED, region),
        (
            edit("/s3/", "/iam/"),
            MALFORMED,
            "incorrect service \"iam\"",
        ),
        (
            edit("host;x-amz-content-sha256", "x-amz-content-sha256;host"),
            MALFORMED,
            "in order",
        ),
        (edit("host;", "Host;"), MALFORMED, "lower case"),
        (edit("host;", ""), DENIED, "not signed"),
        (edit("host;", "host;x-a;"), MISMATCH, "does not match"),
        (
            edit("Signature=", "Signature=0"),
            MISMATCH,
            "does not match",
        ),
    ]);
}

#[test]
fn other_headers_are_refused_as_s3_refuses_them() {
    let set = |name: &str, value: &str| signed("s3").set(name, value);
    let hash = "x-amz-content-sha256";
    let no_hash = signed("s3").without(hash).edit("x-amz-content-sha256;", "");
    all_refused_by_s3(&[
        (set("x-amz-acl", "private"), DENIED, "not signed"),
        (signed("s3").without("x-amz-date"), DENIED, "valid Date"),
        (set("x-amz-date", "yesterday"), DENIED, "valid Date"),
        (no_hash, "InvalidRequest", hash),
        (set(hash, "abc"), "InvalidArgument", "valid sha256"),
        (set("host", "elsewhere"), MISMATCH, "does not match"),
    ]);
}

#[test]
fn headers_are_refused_as_the_others_refuse_them() {
    let rows: [(&str, Sent, &str, &str, u16); 8] = [
        (
            "no signature",
            signed("iam").edit("Signature=", "Signature"),
            "IncompleteSignature",
            "component",
            400,
        ),
        (
            "no date",
            signed("iam").without("x-amz-date"),
            "IncompleteSignature",
            "'X-Amz-Date'",
            400,
        ),
        (
            "bad date",
            signed("iam").set("x-amz-date", "x"),
            "IncompleteSignature",
            "Got 'x'",
            400,
        ),
        (
            "region",
            signed("iam").edit("us-east-1", "x"),
            "SignatureDoesNotMatch",
            "valid region, not 'x'",
            403,
        ),
        (
            "service",
            signed("iam").edit("/iam/", "/s3/"),
            "SignatureDoesNotMatch",
            "correct service: 'iam'",
            403,
        ),
        (
            "date",
            signed("iam").edit("/20261121/", "/20261120/"),
            "SignatureDoesNotMatch",
            "'20261120' != '20261121', from '20261121T120000Z'",
            403,
        ),
        (
            "no host",
            signed("iam").edit("host;", ""),
            "SignatureDoesNotMatch",
            "'Host' or ':authority'",
            403,
        ),
        (
            "signature",
            signed("iam").edit("Signature=", "Signature=0"),
            "SignatureDoesNotMatch",
            "Consult the service documentation",
            403,
        ),
    ];
    for (name, sent, code, text, status) in rows {
        let refusal = check(&sent, "iam", NOW).unwrap_err();
        assert_eq!(refusal.code(Dialect::Query), code, "{name}");
        assert_eq!(refusal.status(Dialect::Query), status, "{name}");
        let message = refusal.message(Dialect::Query);
        assert!(message.contains(text), "{name}: {message}");
    }
    let json = check(&signed("iam").set("host", "x"), "iam", NOW).unwrap_err();
    assert_eq!(json.code(Dialect::Json), "InvalidSignatureException");
}

#[test]
fn presigned_urls_are_refused_as_s3_refuses_them() {
    let edit = |from: &str, to: &str| presigned(60).edit_query(from, to);
    let twice = "X-Amz-Expires=60&X-Amz-Expires=61";
    all_refused_by_s3(&[
        (edit("HMAC-SHA256", "X"), PARAMETERS, "only supports"),
        (edit("X-Amz-Expires=60&", ""), PARAMETERS, "requires"),
        (edit("X-Amz-Expires=60", twice), PARAMETERS, "requires"),
        (edit("Expires=60", "Expires=x"), PARAMETERS, "a number"),
        (edit("Expires=60", "Expires=-1"), PARAMETERS, "non-negative"),
        (edit("Expires=60", "Expires=604801"), PARAMETERS, "604800"),
        (edit("20261121T120000Z", "today"), PARAMETERS, "ISO8601"),
        (edit("%2Faws4_request", ""), PARAMETERS, "mal-formed"),
        (edit("us-east-1", "x"), PARAMETERS, "expecting 'us-east-1'"),
        (edit("Expires=60", "Expires=61"), MISMATCH, "does not match"),
        (
            edit("content-type=a", "content-type=b"),
            MISMATCH,
            "does not match",
        ),
        (presigned(60).set("x-amz-meta-a", "b"), DENIED, "not signed"),
        (
            presigned(60).set("authorization", "AWS4 x"),
            "InvalidArgument",
            "Only one",
        ),
    ]);
}

#[test]
fn a_request_is_good_for_a_quarter_of_an_hour() {
    for (now, code) in [
        ("20261121T114500Z", None),
        ("20261121T121500Z", None),
        ("20261121T114459Z", Some("RequestTimeTooSkewed")),
        ("20261121T121501Z", Some("RequestTimeTooSkewed")),
        ("20271121T120000Z", Some("RequestTimeTooSkewed")),
    ] {
        let refusal = check(&signed("s3"), "s3", now).err();
        assert_eq!(
            refusal.map(|refusal| refusal.code(Dialect::S3)),
            code,
            "{now}"
        );
    }
    let late = check(&signed("iam"), "iam", "20261121T121501Z").unwrap_err();
    assert_eq!(
        late.message(Dialect::Query),
        "Signature expired: 20261121T120000Z is now earlier than 20261121T120001Z \
         (20261121T121501Z - 15 min.)"
    );
    for (now, text) in [
        ("20261121T114500Z", None),
        ("20261121T120100Z", None),
        ("20261121T114459Z", Some("Request is not yet valid")),
        ("20261121T120101Z", Some("Request has expired")),
    ] {
        let refusal = check(&presigned(60), "s3", now).err();
        let message = refusal.map(|refusal| refusal.message(Dialect::S3));
        assert_eq!(message.as_deref(), text, "{now}");
    }
}

#[test]
fn a_date_header_will_do() {
    let mut sent = Sent {
        path: "/",
        query: String::new(),
        headers: vec![
            ("host".to_owned(), b"localhost".to_vec()),
            ("x-amz-date".to_owned(), NOW.as_bytes().to_vec()),
        ],
    };
    // HTTP's form, and no x-amz-date: signed by hand, for the signer always adds one.
    sent.headers[1] = ("date".to_owned(), b"Sat, 21 Nov 2026 12:00:00 GMT".to_vec());
    let headers = borrowed(&sent.headers);
    let request = sent.request(&headers);
    let at = time(NOW);
    let scope = Scope::new(at, "us-east-1", "iam");
    let hash = key::hex(&key::sha256(b""));
    let canonical = canonical::canonical_request(&request, &["date", "host"], "iam", &hash);
    let text = canonical::string_to_sign(&canonical, at, &scope);
    let signature = SigningKey::derive(SECRET, &scope).sign(text.as_bytes());
    let authorization = format!(
        "{ALGORITHM} Credential=AKIDEXAMPLE/{scope},SignedHeaders=date;host,Signature={signature}"
    );
    let sent = sent.clone().set("authorization", &authorization);
    assert!(check(&sent, "iam", NOW).is_ok());
}

#[test]
fn the_body_must_be_the_one_that_was_signed() {
    let sent = signed("s3");
    let headers = borrowed(&sent.headers);
    let request = sent.request(&headers);
    let presented = Presented::read(&request).unwrap().unwrap();
    let mut expected = Expected {
        service: "s3",
        region: None,
        now: time(NOW),
        body: Some(b"another"),
    };
    let key = SigningKey::derive(SECRET, presented.scope());
    let refusal = presented.verify(&request, &key, &expected).unwrap_err();
    assert_eq!(refusal.code(Dialect::S3), "XAmzContentSHA256Mismatch");
    expected.body = None;
    let verified = presented.verify(&request, &key, &expected).unwrap();
    assert!(verified.payload.check(&key::sha256(b"")).is_ok());
    assert!(verified.payload.check(&key::sha256(b"x")).is_err());
}

#[test]
fn secrets_do_not_show_themselves() {
    let key = SigningKey::derive(SECRET, &Scope::new(time(NOW), "r", "s3"));
    assert_eq!(format!("{key:?}"), "SigningKey(…)");
    let sent = signed("iam").set("x-amz-security-token", "the token");
    let headers = borrowed(&sent.headers);
    let presented = Presented::read(&sent.request(&headers)).unwrap().unwrap();
    assert_eq!(presented.session_token(), Some("the token"));
    assert!(!format!("{presented:?}").contains("token"));
}
