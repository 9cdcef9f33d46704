//! The examples of S3's documents: headers, a presigned URL, signed chunks.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>

use super::super::key::{hex, sha256};
use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const HOST: (&str, &[u8]) = ("Host", b"examplebucket.s3.amazonaws.com");

fn signer() -> Signer<'static> {
    Signer {
        credentials: Credentials {
            access_key: "AKIAIOSFODNN7EXAMPLE",
            secret: SECRET,
            session_token: None,
        },
        region: "us-east-1",
        service: "s3",
        now: time("20130524T000000Z"),
    }
}

#[test]
fn headers() {
    let welcome = hex(&sha256(b"Welcome to Amazon S3."));
    let put: &[(&str, &[u8])] = &[
        HOST,
        ("Date", b"Fri, 24 May 2013 00:00:00 GMT"),
        ("x-amz-storage-class", b"REDUCED_REDUNDANCY"),
    ];
    for (method, path, query, headers, payload, expected) in [
        (
            "GET",
            "/test.txt",
            "",
            &[HOST, ("Range", b"bytes=0-9" as &[u8])][..],
            None,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test%24file.text",
            "",
            put,
            Some(welcome.as_str()),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/",
            "lifecycle",
            &[HOST],
            None,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/",
            "max-keys=2&prefix=J",
            &[HOST],
            None,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ] {
        let request = HttpRequest {
            method,
            path,
            query,
            headers,
        };
        let added = sign(&request, &signer(), payload);
        let (_, authorization) = added.last().unwrap();
        assert!(
            authorization.ends_with(&format!("Signature={expected}")),
            "{authorization}"
        );
    }
}

#[test]
fn a_presigned_url() {
    let request = HttpRequest {
        method: "GET",
        path: "/test.txt",
        query: "",
        headers: &[HOST],
    };
    let query = presign(&request, &signer(), 86_400).unwrap();
    assert_eq!(
        query,
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
    assert!(presign(&request, &signer(), 0).is_err());
    assert!(presign(&request, &signer(), 604_801).is_err());
}

#[test]
fn signed_chunks() {
    let headers: &[(&str, &[u8])] = &[
        ("Host", b"s3.amazonaws.com"),
        ("Content-Encoding", b"aws-chunked"),
        ("Content-Length", b"66824"),
        ("x-amz-decoded-content-length", b"66560"),
        ("x-amz-storage-class", b"REDUCED_REDUNDANCY"),
    ];
    let request = HttpRequest {
        method: "PUT",
        path: "/examplebucket/chunkObject.txt",
        query: "",
        headers,
    };
    let added = sign(
        &request,
        &signer(),
        Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
    );
    let (_, authorization) = added.last().unwrap();
    assert!(
        authorization.ends_with("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
        "{authorization}"
    );
    let mut headers = headers.to_vec();
    headers.extend(added.iter().map(|(name, value)| (*name, value.as_bytes())));
    let request = HttpRequest {
        headers: &headers,
        ..request
    };
    let expected = Expected {
        service: "s3",
        region: None,
        now: time("20130524T000500Z"),
        body: None,
    };
    let presented = Presented::read(&request).unwrap().unwrap();
    let key = SigningKey::derive(SECRET, presented.scope());
    let verified = presented.verify(&request, &key, &expected).unwrap();
    let mut body = ChunkedBody::new(verified.payload, 66_560).unwrap();
    let mut wire = Vec::new();
    for (size, signature) in [
        (
            65_536,
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        ),
        (
            1_024,
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        ),
        (
            0,
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ),
    ] {
        wire.extend(format!("{size:x};chunk-signature={signature}\r\n").bytes());
        wire.extend(vec![b'a'; size]);
        wire.extend(b"\r\n");
    }
    assert_eq!(wire.len(), 66_824);
    let mut read = 0;
    for piece in wire.chunks(1_000) {
        body.push(piece, &mut |data| {
            assert!(data.iter().all(|b| *b == b'a'));
            read += data.len();
        })
        .unwrap();
    }
    assert_eq!(body.finish().unwrap(), []);
    assert_eq!(read, 66_560);
}
