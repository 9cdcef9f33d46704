//! Whatever is signed is accepted, and nothing that was changed afterwards.

use proptest::prelude::*;

use super::super::encode::{decode, encode, normalize};
use super::*;

const NOW: &str = "20261121T120000Z";

fn verify(request: &HttpRequest, service: &str) -> Result<(), Refusal> {
    let expected = Expected {
        service,
        region: Some("eu-west-1"),
        now: time(NOW),
        body: None,
    };
    let presented = Presented::read(request)?.ok_or(Refusal::Mismatch)?;
    let key = SigningKey::derive("secret", presented.scope());
    presented.verify(request, &key, &expected).map(|_| ())
}

fn signer<'a>(service: &'a str, token: Option<&'a str>) -> Signer<'a> {
    Signer {
        credentials: Credentials {
            access_key: "AKIDEXAMPLE",
            secret: "secret",
            session_token: token,
        },
        region: "eu-west-1",
        service,
        now: time(NOW),
    }
}

proptest! {
    #[test]
    fn a_signed_request_is_accepted(
        key in "[ -~äß/]{0,30}",
        names in proptest::collection::vec("[a-zA-Z -~ü]{1,8}", 0..4),
        value in "[ -~]{0,20}",
        service in prop::sample::select(vec!["s3", "iam", "glue"]),
        token in prop::option::of("[A-Za-z0-9/+=]{1,40}"),
        presigned in any::<bool>(),
    ) {
        let path = format!("/{}", encode(key.as_bytes(), true));
        let parameters: Vec<String> = names
            .iter()
            .map(|name| format!("{}={}", encode(name.as_bytes(), false), encode(value.as_bytes(), false)))
            .collect();
        let query = parameters.join("&");
        let mut headers: Vec<(&str, &[u8])> =
            vec![("Host", b"localhost:4566"), ("x-amz-meta-a", value.as_bytes())];
        let request = HttpRequest { method: "PUT", path: &path, query: &query, headers: &headers };
        let signer = signer(service, token.as_deref());
        if presigned {
            let query = presign(&request, &signer, 60).unwrap();
            prop_assert_eq!(verify(&HttpRequest { query: &query, ..request }, service), Ok(()));
            let longer = query.replace("Expires=60", "Expires=61");
            let longer = HttpRequest { query: &longer, ..request };
            prop_assert_eq!(verify(&longer, service), Err(Refusal::Mismatch));
        } else {
            let added = sign(&request, &signer, None);
            headers.extend(added.iter().map(|(n, v)| (*n, v.as_bytes())));
            let request = HttpRequest { method: "PUT", path: &path, query: &query, headers: &headers };
            prop_assert_eq!(verify(&request, service), Ok(()));
            let get = HttpRequest { method: "GET", ..request };
            prop_assert_eq!(verify(&get, service), Err(Refusal::Mismatch));
            let more = format!("{query}&x=y");
            let more = HttpRequest { query: &more, ..request };
            prop_assert_eq!(verify(&more, service), Err(Refusal::Mismatch));
        }
    }

    #[test]
    fn what_is_encoded_is_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        prop_assert_eq!(decode(&encode(&bytes, false)), bytes.clone());
        prop_assert_eq!(decode(&encode(&bytes, true)), bytes);
    }

    #[test]
    fn nothing_that_comes_makes_it_panic(
        authorization in "(AWS4-HMAC-SHA256 )?[ -~]{0,80}",
        query in "(X-Amz-Algorithm=AWS4-HMAC-SHA256&)?[ -~]{0,80}",
    ) {
        let headers: [(&str, &[u8]); 1] = [("authorization", authorization.as_bytes())];
        for headers in [&headers[..], &[]] {
            let request = HttpRequest { method: "GET", path: "%", query: &query, headers };
            let _ = Presented::read(&request);
        }
    }
}

#[test]
fn paths_lose_their_dots() {
    for (path, expected) in [
        ("/", "/"),
        ("//", "/"),
        ("/a/./b", "/a/b"),
        ("/a/../b/", "/b/"),
        ("/../../a", "/a"),
        ("/a//b///", "/a/b/"),
        ("/a/..", "/"),
        ("/a/b/..", "/a"),
    ] {
        assert_eq!(normalize(path), expected, "{path}");
    }
}

#[test]
fn s3_keeps_a_path_as_it_is() {
    // `//` and dots are part of a key.
    for (path, same) in [("/b//k", false), ("/b/./k", false), ("/b/k%20x", true)] {
        let headers: [(&str, &[u8]); 1] = [("host", b"h")];
        let request = HttpRequest {
            method: "GET",
            path,
            query: "",
            headers: &headers,
        };
        let s3 = sign(&request, &signer("s3", None), None);
        let clean = HttpRequest {
            path: &normalize(path),
            ..request
        };
        let is_same = sign(&clean, &signer("s3", None), None) == s3;
        assert_eq!(is_same, same, "{path}");
    }
}
