//! Forms of browsers (`multipart/form-data`): the fields before the file, then the file as it
//! comes. What follows the file is not read, as in S3.

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt};
use http_body_util::BodyExt;
use s3s::{Body, S3Error, S3Result};
use stave_core::{Error, Result};

use super::errors::s3_error;

/// How long all that stands before the file may be, in bytes.
const MAX_FIELDS_BYTES: usize = 64 << 10;
/// The longest boundary that RFC 2046 allows.
const MAX_BOUNDARY_BYTES: usize = 70;

/// A form up to its file.
pub(super) struct Form {
    fields: Vec<(String, String)>,
    /// The name of the file on the client's side.
    pub(super) file_name: String,
    /// The file's bytes.
    pub(super) file: BoxStream<'static, Result<Bytes>>,
}

impl Form {
    /// Reads a form whose media type is `content_type`, up to its file.
    pub(super) async fn read(content_type: &str, body: Body) -> S3Result<Self> {
        let boundary = boundary(content_type)
            .ok_or_else(|| malformed("The media type of the form has no boundary."))?;
        let mut reader = Reader {
            body,
            held: BytesMut::from(&b"\r\n"[..]),
            delimiter: format!("\r\n--{boundary}").into_bytes(),
        };
        reader.preamble().await?;
        let mut fields = Vec::new();
        let mut size = 0;
        while let Some(headers) = reader.headers().await? {
            let (name, file_name) = disposition(&headers)
                .ok_or_else(|| malformed("A part of the form has no name."))?;
            if name.eq_ignore_ascii_case("file") {
                return Ok(Self {
                    fields,
                    file_name: file_name.unwrap_or_default(),
                    file: reader.file(),
                });
            }
            let value = reader.field().await?;
            size += name.len() + value.len();
            if size > MAX_FIELDS_BYTES {
                return Err(too_long());
            }
            fields.push((name.to_ascii_lowercase(), value));
        }
        Err(s3_error(
            "InvalidArgument",
            400,
            "POST requires exactly one file upload per request.",
        ))
    }

    /// The value of a field, its name in lower case.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All fields, their names in lower case.
    pub(super) fn fields(&self) -> &[(String, String)] {
        &self.fields
    }
}

fn malformed(message: &str) -> S3Error {
    s3_error("MalformedPOSTRequest", 400, message)
}

fn too_long() -> S3Error {
    s3_error(
        "MaxPostPreDataLengthExceeded",
        400,
        "Your POST request fields preceding the upload file were too large.",
    )
}

struct Reader {
    body: Body,
    /// What has come and was not handed on.
    held: BytesMut,
    /// What ends a part.
    delimiter: Vec<u8>,
}

impl Reader {
    /// Waits for more; false at the end.
    async fn more(&mut self) -> S3Result<bool> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|fault| {
                tracing::debug!(%fault, "a form broke off");
                s3_error("IncompleteBody", 400, "The form ended before its end.")
            })?;
            if let Ok(bytes) = frame.into_data() {
                self.held.extend_from_slice(&bytes);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What stands before `end`, which is passed by.
    async fn until(&mut self, end: &[u8]) -> S3Result<Bytes> {
        let mut seen = 0;
        loop {
            if let Some(at) = find(&self.held[seen..], end) {
                let found = self.held.split_to(seen + at).freeze();
                let _ = self.held.split_to(end.len());
                return Ok(found);
            }
            seen = (self.held.len() + 1).saturating_sub(end.len());
            if self.held.len() > MAX_FIELDS_BYTES {
                return Err(too_long());
            }
            if !self.more().await? {
                return Err(malformed(
                    "The body of your POST request is not well-formed multipart/form-data.",
                ));
            }
        }
    }

    async fn preamble(&mut self) -> S3Result<()> {
        let delimiter = self.delimiter.clone();
        self.until(&delimiter).await.map(|_| ())
    }

    /// The headers of the next part; none after the last.
    async fn headers(&mut self) -> S3Result<Option<String>> {
        let rest = self.until(b"\r\n").await?;
        if rest.starts_with(b"--") {
            return Ok(None);
        }
        // Put back, so that a part without headers ends at once.
        let mut block = BytesMut::from(&b"\r\n"[..]);
        block.extend_from_slice(&self.held);
        self.held = block;
        let headers = self.until(b"\r\n\r\n").await?;
        Ok(Some(String::from_utf8_lossy(&headers).into_owned()))
    }

    async fn field(&mut self) -> S3Result<String> {
        let delimiter = self.delimiter.clone();
        let value = self.until(&delimiter).await?;
        String::from_utf8(value.to_vec())
            .map_err(|_| malformed("A field of the form is not UTF-8 text."))
    }

    /// The rest up to the delimiter, as it comes.
    fn file(self) -> BoxStream<'static, Result<Bytes>> {
        stream::try_unfold(Some(self), |reader| async move {
            let Some(mut reader) = reader else {
                return Ok(None);
            };
            loop {
                if let Some(at) = find(&reader.held, &reader.delimiter) {
                    let last = reader.held.split_to(at).freeze();
                    return Ok(Some((last, None)));
                }
                // What could be the beginning of the delimiter stays.
                let ready = (reader.held.len() + 1).saturating_sub(reader.delimiter.len());
                if ready > 0 {
                    let bytes = reader.held.split_to(ready).freeze();
                    return Ok(Some((bytes, Some(reader))));
                }
                let more = reader.more().await;
                if !matches!(more, Ok(true)) {
                    return Err(Error::invalid("the form ended before its file did")
                        .coded("IncompleteBody"));
                }
            }
        })
        .boxed()
    }
}

/// Where `wanted` begins in `bytes`.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + at;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// The boundary that a media type names.
fn boundary(content_type: &str) -> Option<String> {
    let parameter = parameters(content_type).find(|(name, _)| name == "boundary");
    let (_, boundary) = parameter?;
    (1..=MAX_BOUNDARY_BYTES)
        .contains(&boundary.len())
        .then_some(boundary)
}

/// Name and file name of a part.
fn disposition(headers: &str) -> Option<(String, Option<String>)> {
    let line = headers.lines().find(|line| {
        let name = line.split(':').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("content-disposition")
    })?;
    let (mut name, mut file_name) = (None, None);
    for (key, value) in parameters(line) {
        match key.as_str() {
            "name" => name = Some(value),
            "filename" => file_name = Some(value),
            _ => {}
        }
    }
    Some((name?, file_name))
}

/// The parameters of a header; a `;` within quotes ends none.
fn parameters(header: &str) -> impl Iterator<Item = (String, String)> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in header.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => {
                escaped = true;
                continue;
            }
            '"' => {
                quoted = !quoted;
                continue;
            }
            ';' if !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.into_iter().skip(1).filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;
    use http_body_util::StreamBody;

    use super::*;

    const FORM: &str = "--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n\
        raw/${filename}\r\n--XX\r\nContent-Disposition: form-data; name=\"Empty\"\r\n\r\n\r\n\
        --XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b.csv\"\r\n\
        Content-Type: text/csv\r\n\r\none\r\n--X\r\ntwo\r\n\r\n--XX\r\n\
        Content-Disposition: form-data; name=\"late\"\r\n\r\nx\r\n--XX--\r\n";

    /// The form in pieces of `size` bytes.
    async fn read(form: &str, size: usize) -> S3Result<Form> {
        let pieces: Vec<_> = form
            .as_bytes()
            .chunks(size)
            .map(Bytes::copy_from_slice)
            .map(|piece| Ok::<_, std::io::Error>(http_body::Frame::data(piece)))
            .collect();
        let body = Body::http_body_unsync(StreamBody::new(stream::iter(pieces)));
        Form::read("multipart/form-data; boundary=\"XX\"", body).await
    }

    #[tokio::test]
    async fn fields_come_before_the_file() {
        for size in [1, 2, 3, 7, 1000] {
            let form = read(FORM, size).await.expect("read");
            assert_eq!(form.field("key"), Some("raw/${filename}"));
            assert_eq!(form.field("empty"), Some(""));
            assert_eq!(form.field("late"), None);
            assert_eq!(form.file_name, "a;b.csv");
            let bytes: Vec<Bytes> = form.file.try_collect().await.expect("read");
            assert_eq!(bytes.concat(), b"one\r\n--X\r\ntwo\r\n", "pieces of {size}");
        }
    }

    #[tokio::test]
    async fn what_is_no_form_is_refused() {
        let code = |outcome: S3Result<Form>| match outcome {
            Ok(_) => "none".to_owned(),
            Err(error) => error.code().as_str().to_owned(),
        };
        assert_eq!(code(read("", 10).await), "MalformedPOSTRequest");
        assert_eq!(code(read("--XX--\r\n", 10).await), "InvalidArgument");
        let endless = format!("--XX\r\n{}", "x".repeat(100_000));
        assert_eq!(
            code(read(&endless, 1000).await),
            "MaxPostPreDataLengthExceeded"
        );
        let end = FORM.find("two").expect("there");
        let form = read(&FORM[..end], 10).await.expect("up to the file");
        assert!(form.file.try_collect::<Vec<_>>().await.is_err());
    }
}
