//! Bodies in chunks: signed, with trailers, and broken in every way.

use super::super::key::sha256;
use super::*;

const KEY: &str = "secret";

fn signer() -> ChunkSigner {
    let at = time("20261121T120000Z");
    let scope = Scope::new(at, "us-east-1", "s3");
    ChunkSigner::new(
        SigningKey::derive(KEY, &scope),
        at,
        scope,
        "seed".to_owned(),
    )
}

fn payload(signed: bool, trailer: bool) -> Payload {
    Payload::Chunked {
        signer: signed.then(|| Box::new(signer())),
        trailer,
    }
}

/// Chunks as a client sends them.
fn wire(chunks: &[&[u8]], signed: bool, trailers: Option<&[(&str, &str)]>) -> Vec<u8> {
    let mut signer = signer();
    let mut wire = Vec::new();
    for chunk in chunks.iter().copied().chain([&b""[..]]) {
        wire.extend(format!("{:x}", chunk.len()).bytes());
        if signed {
            let signature = signer.sign_chunk(&sha256(chunk));
            wire.extend(format!(";chunk-signature={signature}").bytes());
        }
        wire.extend(b"\r\n");
        wire.extend(chunk);
        if !chunk.is_empty() {
            wire.extend(b"\r\n");
        }
    }
    if let Some(trailers) = trailers {
        for (name, value) in trailers {
            wire.extend(format!("{name}:{value}\r\n").bytes());
        }
        if signed {
            let owned: Vec<Trailer> = trailers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let signature = signer.sign_trailers(&owned);
            wire.extend(format!("x-amz-trailer-signature:{signature}\r\n").bytes());
        }
    }
    wire.extend(b"\r\n");
    wire
}

fn read(
    payload: Payload,
    size: u64,
    wire: &[u8],
    step: usize,
) -> Result<(Vec<u8>, Vec<Trailer>), Refusal> {
    let mut body = ChunkedBody::new(payload, size).unwrap();
    let mut data = Vec::new();
    for piece in wire.chunks(step) {
        body.push(piece, &mut |bytes| data.extend_from_slice(bytes))?;
    }
    Ok((data, body.finish()?))
}

#[test]
fn chunks_come_out_whole_however_they_are_cut() {
    let chunks: [&[u8]; 3] = [b"hello ", b"\r\n0\r\n", b"world"];
    let trailers = [("x-amz-checksum-crc32", "sOO8/Q==")];
    for (signed, trailer) in [(true, false), (true, true), (false, true)] {
        let wire = wire(&chunks, signed, trailer.then_some(&trailers[..]));
        for step in [1, 2, 3, 7, wire.len()] {
            let (data, found) = read(payload(signed, trailer), 16, &wire, step).unwrap();
            assert_eq!(data, b"hello \r\n0\r\nworld");
            let expected: &[(&str, &str)] = if trailer { &trailers } else { &[] };
            let found: Vec<(&str, &str)> = found
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .collect();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn an_empty_body_is_one_last_chunk() {
    let (data, trailers) = read(payload(true, false), 0, &wire(&[], true, None), 5).unwrap();
    assert!(data.is_empty() && trailers.is_empty());
}

#[test]
fn no_byte_can_be_changed() {
    let good = wire(
        &[b"hello", b"world"],
        true,
        Some(&[("x-amz-checksum-crc32", "AAAAAA==")]),
    );
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let result = read(payload(true, true), 10, &bad, bad.len());
        // Only the case of a name, or the kind of white space, may differ.
        if let Ok((data, trailers)) = result {
            assert_eq!(data, b"helloworld", "byte {at}");
            assert_eq!(trailers[0].1, "AAAAAA==", "byte {at}");
        }
    }
}

#[test]
fn a_body_that_is_not_as_it_should_be_is_refused() {
    let good = wire(&[b"hello"], true, None);
    let plain = wire(
        &[b"hello"],
        false,
        Some(&[("x-amz-checksum-crc32", "AAAAAA==")]),
    );
    let long_line = [vec![b'1'; 2_000], b"\r\n".to_vec()].concat();
    let long_trailer = [
        b"0\r\n".to_vec(),
        format!("a:{}\r\n", "x".repeat(900)).repeat(20).into_bytes(),
        b"\r\n".to_vec(),
    ]
    .concat();
    let rows: [(&str, Payload, u64, Vec<u8>, &str); 11] = [
        (
            "cut",
            payload(true, false),
            5,
            good[..good.len() - 3].to_vec(),
            "last chunk",
        ),
        (
            "cut in data",
            payload(true, false),
            5,
            good[..90].to_vec(),
            "last chunk",
        ),
        ("nothing", payload(true, false), 5, Vec::new(), "last chunk"),
        (
            "too much",
            payload(true, false),
            4,
            good.clone(),
            "more than",
        ),
        (
            "too little",
            payload(true, false),
            6,
            good.clone(),
            "less than",
        ),
        (
            "more after",
            payload(true, false),
            5,
            [&good[..], b"x"].concat(),
            "follow",
        ),
        (
            "no size",
            payload(false, true),
            5,
            b"zz\r\n".to_vec(),
            "no size",
        ),
        (
            "negative",
            payload(false, true),
            5,
            b"+5\r\nhello".to_vec(),
            "no size",
        ),
        (
            "longer",
            payload(false, true),
            5,
            b"5\r\nhellox\r\n".to_vec(),
            "longer",
        ),
        ("long line", payload(false, true), 5, long_line, "too long"),
        (
            "long trailer",
            payload(false, true),
            0,
            long_trailer,
            "too long",
        ),
    ];
    for (name, payload, size, wire, fault) in rows {
        let refusal = read(payload, size, &wire, 64).unwrap_err();
        assert_eq!(refusal.code(Dialect::S3), "IncompleteBody", "{name}");
        assert!(refusal.to_string().contains(fault), "{name}: {refusal}");
    }
    // Chunks without signatures where they must be signed, and a trailer without its own.
    let unsigned = wire(&[b"hello"], false, None);
    assert_eq!(
        read(payload(true, false), 5, &unsigned, 9).unwrap_err(),
        Refusal::Mismatch
    );
    let no_signature = {
        let text = String::from_utf8(wire(&[b"hello"], true, Some(&[("a", "b")]))).unwrap();
        let (before, _) = text.split_once("x-amz-trailer-signature").unwrap();
        format!("{before}\r\n").into_bytes()
    };
    assert!(read(payload(true, true), 5, &no_signature, 9).is_err());
    assert!(read(payload(true, false), 5, &plain, 9).is_err());
}
