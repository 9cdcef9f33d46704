//! Bodies in `aws-chunked`: chunks that may be signed one by one, and trailing headers.
//!
//! ```text
//! 400;chunk-signature=<64 digits>\r\n<1,024 bytes>\r\n
//! 0;chunk-signature=<64 digits>\r\n
//! x-amz-checksum-crc32:<value>\r\n
//! x-amz-trailer-signature:<64 digits>\r\n
//! \r\n
//! ```
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>

use jiff::Timestamp;

use super::key::{Hash, SigningKey, hex, sha256};
use super::payload::Payload;
use super::refusal::Refusal;
use super::scope::{Scope, basic};
use crate::Sha256;

/// The longest line before a chunk, in bytes.
const MAX_LINE_BYTES: usize = 1_024;
/// How large all trailing headers may be, in bytes.
const MAX_TRAILER_BYTES: usize = 16 * 1_024;

/// A trailing header: its name in lower case, and its value.
pub type Trailer = (String, String);

/// Signs chunk after chunk, each with the signature of the one before.
#[derive(Debug, Clone)]
pub struct ChunkSigner {
    key: SigningKey,
    at: Timestamp,
    scope: Scope,
    previous: String,
}

impl ChunkSigner {
    /// Starts with the signature of the request's headers.
    pub(super) fn new(key: SigningKey, at: Timestamp, scope: Scope, seed: String) -> Self {
        Self {
            key,
            at,
            scope,
            previous: seed,
        }
    }

    /// The signature of the next chunk.
    pub fn sign_chunk(&mut self, chunk_sha256: &[u8; 32]) -> String {
        let empty = hex(&sha256(b""));
        self.sign("PAYLOAD", &format!("{empty}\n{}", hex(chunk_sha256)))
    }

    /// The signature of the trailing headers.
    pub fn sign_trailers(&mut self, trailers: &[Trailer]) -> String {
        let lines: Vec<String> = trailers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        self.sign("TRAILER", &hex(&sha256(lines.concat().as_bytes())))
    }

    fn sign(&mut self, what: &str, rest: &str) -> String {
        let text = self.text(what, rest);
        self.previous = self.key.sign(text.as_bytes());
        self.previous.clone()
    }

    fn text(&self, what: &str, rest: &str) -> String {
        let Self {
            at,
            scope,
            previous,
            ..
        } = self;
        format!(
            "AWS4-HMAC-SHA256-{what}\n{}\n{scope}\n{previous}\n{rest}",
            basic(*at)
        )
    }
}

/// Takes the framing off a body as it comes in.
///
/// Bytes are handed on as they come; that they are right is known only when
/// [`finish`](Self::finish) has succeeded, so nothing may be committed before.
#[derive(Debug)]
pub struct ChunkedBody {
    signer: Option<Box<ChunkSigner>>,
    trailer: bool,
    state: State,
    line: Vec<u8>,
    hash: Sha256,
    /// The signature that the present chunk claims.
    signature: String,
    trailers: Vec<Trailer>,
    trailer_bytes: usize,
    /// How many bytes are still to come in all.
    expected_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    Data(u64),
    /// The line's end after a chunk.
    End,
    Trailers,
    Done,
}

impl ChunkedBody {
    /// A body as `payload` says; none when it is not chunked.
    ///
    /// `decoded_bytes` is `x-amz-decoded-content-length`: what all chunks together hold.
    pub fn new(payload: Payload, decoded_bytes: u64) -> Option<Self> {
        let Payload::Chunked { signer, trailer } = payload else {
            return None;
        };
        Some(Self {
            signer,
            trailer,
            state: State::Size,
            line: Vec::new(),
            hash: Sha256::default(),
            signature: String::new(),
            trailers: Vec::new(),
            trailer_bytes: 0,
            expected_bytes: decoded_bytes,
        })
    }

    /// Takes the next bytes off the wire and gives `sink` what they hold.
    pub fn push(&mut self, mut input: &[u8], sink: &mut impl FnMut(&[u8])) -> Result<(), Refusal> {
        while !input.is_empty() {
            match self.state {
                State::Data(left) => {
                    let take = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let (data, rest) = input.split_at(take);
                    if self.signer.is_some() {
                        self.hash.update(data);
                    }
                    sink(data);
                    input = rest;
                    let left = left - take as u64;
                    self.state = if left == 0 {
                        State::End
                    } else {
                        State::Data(left)
                    };
                }
                State::Done => return Err(wrong("bytes follow the last chunk")),
                State::Size | State::End | State::Trailers => {
                    let end = input.iter().position(|b| *b == b'\n');
                    let take = end.map_or(input.len(), |end| end + 1);
                    self.line.extend_from_slice(&input[..take]);
                    input = &input[take..];
                    if self.line.len() > MAX_LINE_BYTES {
                        return Err(wrong("a line is too long"));
                    }
                    if end.is_some() {
                        self.take_line()?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The trailing headers, once everything has come and every signature was right.
    pub fn finish(self) -> Result<Vec<Trailer>, Refusal> {
        if self.state != State::Done {
            return Err(wrong("the last chunk is missing"));
        }
        if self.expected_bytes > 0 {
            return Err(wrong(
                "there is less than x-amz-decoded-content-length says",
            ));
        }
        Ok(self.trailers)
    }

    fn take_line(&mut self) -> Result<(), Refusal> {
        let line = std::mem::take(&mut self.line);
        let line = std::str::from_utf8(&line).map_err(|_| wrong("a line is no text"))?;
        let line = line.trim_end_matches('\n').trim_end_matches('\r');
        match self.state {
            State::Size => self.begin_chunk(line),
            State::End if line.is_empty() => {
                self.state = State::Size;
                self.check_chunk()
            }
            State::End => Err(wrong("a chunk is longer than its size says")),
            _ if line.is_empty() => self.end(),
            _ => self.take_trailer(line),
        }
    }

    fn begin_chunk(&mut self, line: &str) -> Result<(), Refusal> {
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        let is_size = (1..=16).contains(&size.len()) && size.bytes().all(|b| b.is_ascii_hexdigit());
        let size = u64::from_str_radix(size, 16)
            .ok()
            .filter(|_| is_size)
            .ok_or_else(|| wrong("a chunk begins with no size"))?;
        self.expected_bytes = self
            .expected_bytes
            .checked_sub(size)
            .ok_or_else(|| wrong("there is more than x-amz-decoded-content-length says"))?;
        extension
            .strip_prefix("chunk-signature=")
            .unwrap_or("")
            .clone_into(&mut self.signature);
        self.hash = Sha256::default();
        if size > 0 {
            self.state = State::Data(size);
            return Ok(());
        }
        self.state = State::Trailers;
        self.check_chunk()
    }

    fn check_chunk(&mut self) -> Result<(), Refusal> {
        let Some(signer) = &mut self.signer else {
            return Ok(());
        };
        let hash: Hash = std::mem::take(&mut self.hash).finish();
        let computed = signer.sign_chunk(&hash);
        same(&computed, &self.signature)
    }

    fn take_trailer(&mut self, line: &str) -> Result<(), Refusal> {
        let (name, value) = line
            .split_once(':')
            .filter(|(name, _)| self.trailer && !name.is_empty())
            .ok_or_else(|| wrong("something follows the last chunk that is no header"))?;
        self.trailer_bytes += line.len();
        if self.trailer_bytes > MAX_TRAILER_BYTES {
            return Err(wrong("the trailing headers are too long"));
        }
        let name = name.trim().to_ascii_lowercase();
        self.trailers.push((name, value.trim().to_owned()));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        self.state = State::Done;
        let is_signature = |(name, _): &Trailer| name == "x-amz-trailer-signature";
        let place = self.trailers.iter().position(is_signature);
        let Some(signer) = self.signer.as_mut().filter(|_| self.trailer) else {
            return Ok(());
        };
        let claimed = place
            .map(|place| self.trailers.remove(place).1)
            .ok_or_else(|| wrong("x-amz-trailer-signature is missing"))?;
        same(&signer.sign_trailers(&self.trailers), &claimed)
    }
}

fn wrong(fault: &str) -> Refusal {
    Refusal::Body(fault.to_owned())
}

fn same(computed: &str, claimed: &str) -> Result<(), Refusal> {
    use subtle::ConstantTimeEq as _;
    if computed.as_bytes().ct_eq(claimed.as_bytes()).into() {
        Ok(())
    } else {
        Err(Refusal::Mismatch)
    }
}
