//! What the clients do: one operation again and again, each timed.

use std::io::{Error, Result};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::connection::{Connection, Request, Server};

/// What is to be done, by how many, how often.
pub struct Plan {
    pub operation: String,
    pub server: Server,
    pub bucket: String,
    pub prefix: String,
    pub clients: u64,
    /// Of all clients together.
    pub requests: u64,
    /// 0: until all requests are made.
    pub seconds: u64,
    pub size: usize,
    /// How many keys there are to get or to delete, or must be found by a list.
    pub keys: u64,
    /// Whether the body's hash is sent along, as clients do over http; over https they leave it out.
    pub is_hashed: bool,
}

/// What a client has seen.
#[derive(Default)]
struct Seen {
    micros: Vec<u64>,
    bytes: u64,
}

impl Plan {
    /// Runs it; gives a line of JSON.
    pub fn run(&self) -> Result<String> {
        let next = AtomicU64::new(0);
        // Never two bodies alike in two runs, and no zeros that a disk could leave out.
        let body = noise(self.size);
        let hash = if self.is_hashed {
            hex(&Sha256::digest(if self.operation == "put" { &body } else { &[][..] }))
        } else {
            "UNSIGNED-PAYLOAD".to_owned()
        };
        let begun = Instant::now();
        let until = (self.seconds > 0).then(|| begun + Duration::from_secs(self.seconds));
        let seen: Vec<Result<Seen>> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients)
                .map(|_| scope.spawn(|| self.client(&next, until, &body, &hash)))
                .collect();
            clients
                .into_iter()
                .map(|client| client.join().unwrap_or_else(|_| Err(Error::other("a client panicked"))))
                .collect()
        });
        let took = begun.elapsed();
        let mut all = Seen::default();
        for one in seen {
            let one = one?;
            all.micros.extend(one.micros);
            all.bytes += one.bytes;
        }
        all.micros.sort_unstable();
        Ok(all.line(took))
    }

    fn client(&self, next: &AtomicU64, until: Option<Instant>, body: &[u8], hash: &str) -> Result<Seen> {
        let mut connection = Connection::open(&self.server)?;
        let mut seen = Seen::default();
        while until.is_none_or(|until| Instant::now() < until) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= self.requests {
                break;
            }
            let begun = Instant::now();
            seen.bytes += self.once(&mut connection, number, body, hash)?;
            seen.micros.push(begun.elapsed().as_micros() as u64);
        }
        Ok(seen)
    }

    /// One operation; gives the bytes of bodies that went either way.
    fn once(&self, connection: &mut Connection, number: u64, body: &[u8], hash: &str) -> Result<u64> {
        let method = match self.operation.as_str() {
            "create" | "put" => "PUT",
            "get" => "GET",
            "delete" => "DELETE",
            "list" => return self.list(connection, hash),
            other => return Err(Error::other(format!("there is no operation {other}"))),
        };
        let number = if self.keys > 0 { scattered(number) % self.keys } else { number };
        let path = match self.operation.as_str() {
            "create" => format!("/{}", self.bucket),
            _ => format!("/{}/{}/{number:08}", self.bucket, self.prefix),
        };
        let body = if self.operation == "put" { body } else { &[] };
        let request = Request { method, path: &path, query: "", body, hash };
        let (status, length) = connection.request(&request, None)?;
        let right = match self.operation.as_str() {
            "get" => status == 200 && length == self.size as u64,
            "delete" => matches!(status, 200 | 204),
            _ => status == 200,
        };
        if !right {
            return Err(Error::other(format!("{method} {path}: {status} with {length} bytes")));
        }
        Ok(length + body.len() as u64)
    }

    /// All pages of a list. Every key must be there.
    fn list(&self, connection: &mut Connection, hash: &str) -> Result<u64> {
        let (mut found, mut bytes, mut token) = (0, 0, None::<String>);
        loop {
            let mut query = String::new();
            if let Some(token) = &token {
                query = format!("continuation-token={}&", quoted(token));
            }
            query += &format!("list-type=2&prefix={}%2F", self.prefix);
            let path = format!("/{}", self.bucket);
            let request = Request { method: "GET", path: &path, query: &query, body: &[], hash };
            let mut page = Vec::new();
            let (status, length) = connection.request(&request, Some(&mut page))?;
            let page = String::from_utf8_lossy(&page);
            if status != 200 {
                return Err(Error::other(format!("list: {status} {page}")));
            }
            bytes += length;
            found += page.matches("<Key>").count() as u64;
            token = between(&page, "<NextContinuationToken>", "</NextContinuationToken>").map(unescaped);
            if token.is_none() {
                break;
            }
        }
        if found != self.keys {
            return Err(Error::other(format!("the list has {found} keys of {}", self.keys)));
        }
        Ok(bytes)
    }
}

impl Seen {
    fn line(&self, took: Duration) -> String {
        let at = |part: f64| {
            let last = self.micros.len().saturating_sub(1);
            self.micros.get((part * last as f64).round() as usize).copied().unwrap_or(0)
        };
        format!(
            "{{\"requests\": {}, \"seconds\": {:.6}, \"bytes\": {}, \"p50_us\": {}, \"p99_us\": {}, \"max_us\": {}}}",
            self.micros.len(), took.as_secs_f64(), self.bytes, at(0.5), at(0.99), at(1.0),
        )
    }
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inner, _)| inner)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// A value of a query, percent-encoded.
fn quoted(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Spreads requests over the keys, the same way in every run.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64 ^ u64::from(std::process::id());
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
