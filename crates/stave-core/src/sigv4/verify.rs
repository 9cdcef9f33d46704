//! Whether what is presented is right.

use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::CLOCK_SKEW_SECONDS;
use super::canonical::{HttpRequest, canonical_request, string_to_sign};
use super::chunks::ChunkSigner;
use super::key::{SigningKey, hex, sha256};
use super::payload::{Claim, Payload};
use super::presented::{Presented, parameter};
use super::refusal::Refusal;
use super::scope::basic;

/// What the server is, and what it knows.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The service that the request is for: its signing name.
    pub service: &'a str,
    /// The region that is served; none serves all.
    pub region: Option<&'a str>,
    /// The present moment.
    pub now: Timestamp,
    /// The whole body, if it is at hand. Without it, what the body must be is told by
    /// [`Verified::payload`].
    pub body: Option<&'a [u8]>,
}

/// A signature that is right.
#[derive(Debug)]
pub struct Verified {
    /// What the body must be. Where the body was at hand it has been checked.
    pub payload: Payload,
}

impl Presented {
    /// Checks the signature by the `key` of [`Self::scope`].
    pub fn verify(
        &self,
        request: &HttpRequest,
        key: &SigningKey,
        expected: &Expected,
    ) -> Result<Verified, Refusal> {
        self.check_scope(expected)?;
        self.check_headers(request)?;
        self.check_time(expected.now)?;
        let claimed = self.claimed_payload(request, expected)?;
        let signed: Vec<&str> = self.signed_headers.iter().map(String::as_str).collect();
        let canonical = canonical_request(request, &signed, &self.scope.service, &claimed);
        let text = string_to_sign(&canonical, self.at, &self.scope);
        let computed = key.sign(text.as_bytes());
        if !bool::from(computed.as_bytes().ct_eq(self.signature.as_bytes())) {
            return Err(Refusal::Mismatch);
        }
        let payload = match Claim::parse(&claimed)? {
            Claim::Hash(hash) => Payload::Hash(hash),
            Claim::Unsigned => Payload::Unsigned,
            Claim::Chunked { signed, trailer } => Payload::Chunked {
                signer: signed.then(|| {
                    let (key, scope) = (key.clone(), self.scope.clone());
                    Box::new(ChunkSigner::new(key, self.at, scope, computed))
                }),
                trailer,
            },
        };
        // What is not S3's has been signed with the body's own hash.
        if let Some(body) = expected.body.filter(|_| self.scope.service == "s3") {
            payload.check(&sha256(body))?;
        }
        Ok(Verified { payload })
    }

    fn check_scope(&self, expected: &Expected) -> Result<(), Refusal> {
        let query = self.is_presigned();
        if self.terminator != "aws4_request" {
            return Err(Refusal::Terminator(self.terminator.clone()));
        }
        if self.scope.service != expected.service {
            return Err(Refusal::Service {
                query,
                given: self.scope.service.clone(),
                expected: expected.service.to_owned(),
            });
        }
        if let Some(region) = expected.region
            && self.scope.region != region
        {
            return Err(Refusal::Region {
                query,
                given: self.scope.region.clone(),
                expected: region.to_owned(),
            });
        }
        let date = basic(self.at);
        if !date.starts_with(&self.scope.date) {
            return Err(Refusal::ScopeDate {
                scope: self.scope.date.clone(),
                date,
            });
        }
        Ok(())
    }

    /// `host` and all `x-amz-` headers must be signed, and what is signed must be there.
    fn check_headers(&self, request: &HttpRequest) -> Result<(), Refusal> {
        let is_signed = |name: &str| self.signed_headers.iter().any(|signed| signed == name);
        if !is_signed("host") {
            return Err(Refusal::UnsignedHost);
        }
        let mut unsigned: Vec<String> = request
            .headers
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .filter(|name| name.starts_with("x-amz-") && !is_signed(name))
            // Some services let the token be added after signing; it is compared with the key's.
            .filter(|name| name != "x-amz-security-token" || self.scope.service == "s3")
            .collect();
        unsigned.sort();
        unsigned.dedup();
        if !unsigned.is_empty() {
            return Err(Refusal::UnsignedHeaders(unsigned));
        }
        let absent = |name: &String| request.values(name).next().is_none();
        if self.signed_headers.iter().any(absent) {
            return Err(Refusal::Mismatch);
        }
        Ok(())
    }

    fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let ahead = self.at.as_second() - now.as_second();
        match self.expires {
            Some(_) if ahead > CLOCK_SKEW_SECONDS => Err(Refusal::NotYetValid),
            Some(expires) if -ahead > expires => Err(Refusal::Expired),
            None if ahead.abs() > CLOCK_SKEW_SECONDS => Err(Refusal::Skewed {
                request: basic(self.at),
                server: basic(now),
                bound: basic(now.saturating_add(skew(ahead)).unwrap_or(now)),
                past: ahead < 0,
            }),
            _ => Ok(()),
        }
    }

    /// The last line of the canonical request: S3 takes the client's word and compares the body
    /// with it, the others hash the body.
    fn claimed_payload(
        &self,
        request: &HttpRequest,
        expected: &Expected,
    ) -> Result<String, Refusal> {
        let header = request.header("x-amz-content-sha256");
        if self.scope.service != "s3" {
            let computed = expected.body.map(|body| hex(&sha256(body)));
            return Ok(computed
                .or_else(|| header.map(str::to_owned))
                .unwrap_or_else(|| hex(&sha256(b""))));
        }
        let claimed = match header {
            Some(claimed) => claimed.to_owned(),
            None if self.is_presigned() => parameter(request, "X-Amz-Content-Sha256")
                .unwrap_or_else(|| "UNSIGNED-PAYLOAD".to_owned()),
            None => return Err(Refusal::MissingContentSha256),
        };
        Claim::parse(&claimed)?;
        Ok(claimed)
    }
}

/// A quarter of an hour, in the direction in which the request is off.
fn skew(ahead: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_secs(CLOCK_SKEW_SECONDS * ahead.signum())
}
