//! The zips that `GetFunction` and `GetLayerVersion` give links to. AWS's are presigned for S3;
//! these lead to the server itself, and need no signature either: whoever has the link has been
//! allowed to see the code, and it holds ten minutes.

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::stream::try_unfold;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use s3s::Body;
use stave_core::{Error, Result};
use stave_services::Functions;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

/// The path of all links; the word is in the query, which no log shows.
pub const CODE_PATH: &str = "/_stave/code";
const LINK: &str = "link";
/// How much is read at once, in bytes.
const CHUNK_BYTES: usize = 128 << 10;

/// The address of what a link's word stands for; none when no server says where it is.
pub(super) fn location(functions: &Functions, word: Result<String>) -> Result<Option<String>> {
    let word = word?;
    let endpoint = functions.endpoint_url();
    Ok(endpoint.map(|url| format!("{}{CODE_PATH}?{LINK}={word}", url.trim_end_matches('/'))))
}

/// Answers a request for a link's zip.
pub async fn download(functions: &Functions, head: &Parts) -> Response<Body> {
    if head.method != Method::GET {
        return refused(StatusCode::METHOD_NOT_ALLOWED, "a link to code is for GET");
    }
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let word = form_urlencoded::parse(query).find(|(name, _)| name == LINK);
    let word = word.map(|(_, word)| word.into_owned()).unwrap_or_default();
    match functions.linked_zip(&word) {
        Ok(path) => match zip(&path).await {
            Ok(response) => response,
            Err(error) => {
                tracing::error!(%error, "code that a link leads to cannot be read");
                refused(StatusCode::NOT_FOUND, "the code is gone")
            }
        },
        Err(error) => refused(StatusCode::FORBIDDEN, error.message()),
    }
}

async fn zip(path: &std::path::Path) -> std::io::Result<Response<Body>> {
    let file = File::open(path).await?;
    let size = file.metadata().await?.len();
    let frames = try_unfold(file, |mut file| async move {
        let mut bytes = vec![0; CHUNK_BYTES];
        let read = file.read(&mut bytes).await?;
        bytes.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Frame::data(Bytes::from(bytes)), file)))
    });
    let body = StreamBody::new(frames.map_err(|error| -> Error {
        Error::unavailable(format!("the code cannot be read: {error}")).caused_by(error)
    }));
    let mut response = Response::new(Body::http_body_unsync(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}

fn refused(status: StatusCode, message: &str) -> Response<Body> {
    let body = serde_json::json!({ "message": message }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
