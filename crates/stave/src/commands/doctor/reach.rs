//! Asks a server whether it is well.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use stave_core::{Error, Result};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::server::{Announced, HEALTH_PATH};

/// Asks the server that `announced` tells of.
pub async fn health(announced: &Announced) -> Result<()> {
    let url: Uri = announced
        .url
        .parse()
        .map_err(|error| Error::invalid("the address of the server is none").caused_by(error))?;
    let (host, port) = (url.host().unwrap_or_default(), url.port_u16().unwrap_or(80));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(|error| silent(announced, &error).caused_by(error))?;
    match &announced.certificate {
        None => ask(stream, &url).await,
        Some(certificate) => {
            let refused = |error: &dyn std::fmt::Display| silent(announced, error);
            let name = ServerName::try_from(host.to_owned()).map_err(|error| refused(&error))?;
            let connector = connector(certificate)?;
            let stream = connector.connect(name, stream).await;
            ask(stream.map_err(|error| refused(&error))?, &url).await
        }
    }
}

fn silent(announced: &Announced, error: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!(
        "the server of process {} does not answer at {}: {error}",
        announced.pid, announced.url
    ))
    .hint("start it again: stave serve")
}

/// TLS that trusts what is in the file and nothing else.
fn connector(certificate: &Path) -> Result<TlsConnector> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::invalid(format!(
            "{} holds no certificate: {error}",
            certificate.display()
        ))
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(certificate).map_err(|error| unreadable(&error))?;
    for found in certificates {
        let found = found.map_err(|error| unreadable(&error))?;
        roots.add(found).map_err(|error| unreadable(&error))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("cannot speak TLS").caused_by(error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Uri,
) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::unavailable(format!(
            "{url} does not speak HTTP as a server of Stave does: {error}"
        ))
        .hint("does another program listen there?")
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    let connection = tokio::spawn(connection);
    let host = url.authority().map_or("", |authority| authority.as_str());
    let request = Request::builder().uri(HEALTH_PATH).header("host", host);
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(|error| failed(&error))?;
    let answer = sender.send_request(request).await;
    connection.abort();
    let status = answer.map_err(|error| failed(&error))?.status();
    if status == StatusCode::OK {
        return Ok(());
    }
    Err(failed(&status))
}
