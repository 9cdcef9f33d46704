//! One connection: signs a request, writes it, reads its answer. Keeps no more of a body than is asked for.

use std::io::{self, Error, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use jiff::Timestamp;
use stave_core::sigv4::{Credentials, HttpRequest, Signer, sign};

/// The largest head of an answer, and how much of a body is read at once.
const BUFFER_BYTES: usize = 256 << 10;
const PATIENCE: Duration = Duration::from_secs(300);

/// Where to, and as whom.
#[derive(Clone)]
pub struct Server {
    pub address: String,
    pub access_key: String,
    pub secret: String,
}

/// A request to be made.
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub body: &'a [u8],
    /// The body's SHA-256 in hexadecimal.
    pub hash: &'a str,
}

pub struct Connection {
    server: Server,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What has been read and not been used: `buffer[start..end]`.
    start: usize,
    end: usize,
}

impl Connection {
    pub fn open(server: &Server) -> io::Result<Self> {
        let stream = TcpStream::connect(&server.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            server: server.clone(),
            stream,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
        })
    }

    /// Makes a request; gives the status and the length of the answer's body, which goes into
    /// `kept` if that is wanted.
    pub fn request(&mut self, request: &Request, kept: Option<&mut Vec<u8>>) -> io::Result<(u16, u64)> {
        let head = self.head(request);
        if request.body.len() <= 64 << 10 {
            let mut all = head;
            all.extend_from_slice(request.body);
            self.stream.write_all(&all)?;
        } else {
            self.stream.write_all(&head)?;
            self.stream.write_all(request.body)?;
        }
        self.answer(request.method == "HEAD", kept)
    }

    fn head(&self, request: &Request) -> Vec<u8> {
        let host = self.server.address.as_bytes();
        let headers: [(&str, &[u8]); 1] = [("host", host)];
        let http = HttpRequest {
            method: request.method,
            path: request.path,
            query: request.query,
            headers: &headers,
        };
        let signer = Signer {
            credentials: Credentials {
                access_key: &self.server.access_key,
                secret: &self.server.secret,
                session_token: None,
            },
            region: "us-east-1",
            service: "s3",
            now: Timestamp::now(),
        };
        let mut head = Vec::with_capacity(1024);
        let mark = if request.query.is_empty() { "" } else { "?" };
        // Writing to a vector cannot fail.
        let _ = write!(
            head,
            "{} {}{mark}{} HTTP/1.1\r\nhost: {}\r\n",
            request.method, request.path, request.query, self.server.address
        );
        for (name, value) in sign(&http, &signer, Some(request.hash)) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if matches!(request.method, "PUT" | "POST") {
            let _ = write!(head, "content-length: {}\r\n", request.body.len());
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    fn answer(&mut self, no_body: bool, mut kept: Option<&mut Vec<u8>>) -> io::Result<(u16, u64)> {
        let head = self.head_of_answer()?;
        let text = String::from_utf8_lossy(&head);
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status: u16 = status.ok_or_else(|| Error::other("no status"))?;
        let value = |name: &str| {
            text.split("\r\n").find_map(|line| {
                let (other, value) = line.split_once(':')?;
                other.eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        if no_body || status == 204 || status == 304 {
            return Ok((status, 0));
        }
        if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            let mut length = 0;
            loop {
                let line = self.line()?;
                let size = line.split(';').next().unwrap_or("").trim();
                let size = u64::from_str_radix(size, 16).map_err(Error::other)?;
                self.body(size, kept.as_deref_mut())?;
                self.line()?;
                if size == 0 {
                    return Ok((status, length));
                }
                length += size;
            }
        }
        let length = value("content-length").and_then(|length| length.parse().ok());
        let length: u64 = length.ok_or_else(|| Error::other("an answer without a length"))?;
        self.body(length, kept)?;
        Ok((status, length))
    }

    fn head_of_answer(&mut self) -> io::Result<Vec<u8>> {
        let mut searched = 0;
        loop {
            let read = &self.buffer[self.start..self.end];
            if let Some(at) = read[searched..].windows(4).position(|four| four == b"\r\n\r\n") {
                let head = read[..searched + at].to_vec();
                self.start += head.len() + 4;
                return Ok(head);
            }
            searched = read.len().saturating_sub(3);
            self.more()?;
        }
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            let read = &self.buffer[self.start..self.end];
            if let Some(at) = read.windows(2).position(|two| two == b"\r\n") {
                let line = String::from_utf8_lossy(&read[..at]).into_owned();
                self.start += at + 2;
                return Ok(line);
            }
            self.more()?;
        }
    }

    fn body(&mut self, mut length: u64, mut kept: Option<&mut Vec<u8>>) -> io::Result<()> {
        while length > 0 {
            if self.start == self.end {
                self.more()?;
            }
            let take = (length as usize).min(self.end - self.start);
            if let Some(kept) = kept.as_deref_mut() {
                kept.extend_from_slice(&self.buffer[self.start..self.start + take]);
            }
            self.start += take;
            length -= take as u64;
        }
        Ok(())
    }

    fn more(&mut self) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let read = self.stream.read(&mut self.buffer[self.end..])?;
        if read == 0 {
            return Err(Error::other("the server has closed the connection"));
        }
        self.end += read;
        Ok(())
    }
}
