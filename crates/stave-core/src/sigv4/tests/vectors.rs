//! AWS's published test suite, every case of it.

use super::super::canonical::{canonical_request, string_to_sign};
use super::super::key::{hex, sha256};
use super::*;

const SUITE: &str = include_str!("aws4-testsuite.txt");
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// The name of a case and its files.
fn cases() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    SUITE
        .split("\n==== ")
        .skip(1)
        .map(|case| {
            let (name, files) = case.split_once('\n').unwrap();
            let files = format!("\n{files}\n").leak();
            let files = files
                .split("\n---- ")
                .skip(1)
                .map(|file| {
                    let (extension, text) = file.split_once('\n').unwrap();
                    (extension, text.trim_end_matches('\n'))
                })
                .collect();
            (name, files)
        })
        .collect()
}

struct Raw {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: String,
}

fn raw(text: &str) -> Raw {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let line = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap();
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for line in lines {
        if line.starts_with(' ') {
            // A folded line continues the header before.
            let (_, value) = headers.last_mut().unwrap();
            value.extend(format!("\n{line}").bytes());
        } else {
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_owned(), value.as_bytes().to_vec()));
        }
    }
    Raw {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: body.to_owned(),
    }
}

#[test]
fn every_case_is_signed_and_verified() {
    let cases = cases();
    assert_eq!(cases.len(), 34);
    for (name, files) in cases {
        let file = |wanted: &str| files.iter().find(|(e, _)| *e == wanted).unwrap().1;
        // What is signed and what is added after signing: everything but Authorization.
        let mut sent = raw(file("sreq"));
        sent.headers.retain(|(name, _)| name != "Authorization");
        let signed: Vec<&str> = file("creq")
            .rsplit('\n')
            .nth(1)
            .unwrap()
            .split(';')
            .collect();
        let headers = borrowed(&sent.headers);
        let request = HttpRequest {
            method: &sent.method,
            path: &sent.path,
            query: &sent.query,
            headers: &headers,
        };
        let hash = hex(&sha256(sent.body.as_bytes()));
        let canonical = canonical_request(&request, &signed, "service", &hash);
        assert_eq!(
            String::from_utf8(canonical.clone()).unwrap(),
            file("creq"),
            "{name}"
        );
        let at = time("20150830T123600Z");
        let scope = Scope::new(at, "us-east-1", "service");
        assert_eq!(
            string_to_sign(&canonical, at, &scope),
            file("sts"),
            "{name}"
        );

        let mut headers = headers.clone();
        headers.push(("Authorization", file("authz").as_bytes()));
        let request = HttpRequest {
            headers: &headers,
            ..request
        };
        let presented = Presented::read(&request).unwrap().unwrap();
        assert_eq!(presented.access_key(), "AKIDEXAMPLE");
        let expected = Expected {
            service: "service",
            region: Some("us-east-1"),
            now: at,
            body: Some(sent.body.as_bytes()),
        };
        let key = |secret| SigningKey::derive(secret, presented.scope());
        presented
            .verify(&request, &key(SECRET), &expected)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let wrong = presented.verify(&request, &key("another secret"), &expected);
        assert_eq!(wrong.unwrap_err(), Refusal::Mismatch, "{name}");
    }
}
