//! Certificates: that of `--tls`, which is given or made on this machine, and those that are made
//! for a purpose of the server's own.
//!
//! The one that is made is signed by an authority of its own whose key is thrown away at once, so
//! that who trusts it trusts this server and nothing else. Those of `--tls` stand in
//! `<home>/tls/cert.pem`, which is what `AWS_CA_BUNDLE` and its like want.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use stave_core::{Error, Result};
use stave_store::Store;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How long a certificate is good for. Some clients refuse more than 825 days.
const VALID: SignedDuration = SignedDuration::from_hours(24 * 800);
/// When a certificate is made anew.
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(24 * 700);
/// The names that it is for, beside the addresses of loopback.
const NAMES: [&str; 3] = ["localhost", "*.localhost", "*.s3.localhost"];
/// What one begins with in a PEM file.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// A certificate and its key, in PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it; what clients are to trust when it was made
    /// here.
    pub certificate: PathBuf,
    /// The key; may be the same file.
    pub key: PathBuf,
}

/// What a certificate is made for.
#[derive(Debug)]
pub struct Subject<'a> {
    /// What the authority that vouches for it is called.
    pub authority: &'a str,
    /// The hosts that it is for; the first one is its name.
    pub hosts: &'a [&'a str],
    /// The addresses that it is for.
    pub addresses: Vec<IpAddr>,
}

/// The certificate of this home for a server on `listen`, made when there is none or when its
/// end is near.
pub fn made_for(store: &Store, listen: IpAddr) -> Result<TlsFiles> {
    let folder = store.home().tls();
    let files = TlsFiles {
        certificate: folder.join("cert.pem"),
        key: folder.join("server.pem"),
    };
    let loopback = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    let own = (!loopback.contains(&listen) && !listen.is_unspecified()).then_some(listen);
    let subject = Subject {
        authority: "Stave on this machine",
        hosts: &NAMES,
        addresses: loopback.into_iter().chain(own).collect(),
    };
    let public = kept(store, &files.key, &subject)?;
    fs::write(&files.certificate, public).map_err(|error| unwritable(&files.certificate, error))?;
    Ok(files)
}

/// The certificate for `subject` and the authority's, as PEM; with its key they are kept in the
/// file `key` of the home, made when there is none or when their end is near.
pub fn kept(store: &Store, key: &Path, subject: &Subject<'_>) -> Result<String> {
    if let Some(folder) = key.parent() {
        make_folder(folder)?;
    }
    let now = store.now();
    if made_at(key)?.is_some_and(|at| now.duration_since(at) > RENEWED_AFTER) {
        fs::remove_file(key).map_err(|error| unwritable(key, error))?;
    }
    let all = store.private_file(key, || make(subject, now))?;
    let text = String::from_utf8_lossy(&all);
    Ok(text
        .find(CERTIFICATE)
        .map_or_else(String::new, |at| text[at..].to_owned()))
}

/// The last certificate of a PEM text: that of the authority, where they were made here.
pub fn last_of(text: &str) -> &str {
    text.rfind(CERTIFICATE).map_or("", |at| &text[at..])
}

fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))
}

pub(super) fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::unavailable(format!("cannot write {}: {error}", path.display())).caused_by(error)
}

fn made_at(path: &Path) -> Result<Option<Timestamp>> {
    match fs::metadata(path).and_then(|metadata| metadata.modified()) {
        Ok(at) => Ok(Timestamp::try_from(at).ok()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let said = format!("cannot read {}: {error}", path.display());
            Err(Error::unavailable(said).caused_by(error))
        }
    }
}

/// A key, its certificate, and that of the authority, as PEM.
fn make(subject: &Subject<'_>, now: Timestamp) -> Result<Vec<u8>> {
    let failed =
        |error: rcgen::Error| Error::internal("cannot make a certificate").caused_by(error);
    let mut authority = CertificateParams::default();
    validity(&mut authority, now);
    authority
        .distinguished_name
        .push(DnType::CommonName, subject.authority);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    let authority_key = KeyPair::generate().map_err(failed)?;
    let authority_certificate = authority.self_signed(&authority_key).map_err(failed)?;

    let names: Vec<String> = subject.hosts.iter().map(|&name| name.to_owned()).collect();
    let mut server = CertificateParams::new(names).map_err(failed)?;
    validity(&mut server, now);
    server.distinguished_name.push(
        DnType::CommonName,
        subject.hosts.first().copied().unwrap_or_default(),
    );
    let addresses = subject.addresses.iter().copied();
    server
        .subject_alt_names
        .extend(addresses.map(SanType::IpAddress));
    server.use_authority_key_identifier_extension = true;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(failed)?;
    let issuer = Issuer::new(authority, authority_key);
    let certificate = server.signed_by(&key, &issuer).map_err(failed)?;
    Ok([
        key.serialize_pem(),
        certificate.pem(),
        authority_certificate.pem(),
    ]
    .concat()
    .into_bytes())
}

/// From the day before today: the clocks of two machines differ.
fn validity(certificate: &mut CertificateParams, now: Timestamp) {
    let day = |at: Timestamp| {
        let date = at.to_zoned(TimeZone::UTC).date();
        date_time_ymd(
            date.year().into(),
            date.month().cast_unsigned(),
            date.day().cast_unsigned(),
        )
    };
    certificate.not_before = day(now - SignedDuration::from_hours(24));
    certificate.not_after = day(now + VALID);
}

/// What speaks TLS with the certificate of `files`.
pub fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor> {
    let wrong = |path: &Path, what: &str, error: &dyn std::fmt::Display| {
        Error::invalid(format!(
            "{} holds no {what} that can be used: {error}",
            path.display()
        ))
        .hint("--tls-cert and --tls-key take PEM files; --tls alone makes a certificate")
    };
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&files.certificate, "certificate", &error))?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| wrong(&files.key, "key", &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("cannot speak TLS").caused_by(error))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| wrong(&files.certificate, "certificate", &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use stave_core::{ManualClock, SequentialIds};

    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn store(dir: &Path, at: Timestamp) -> Store {
        let clock = Arc::new(ManualClock::new(at));
        Store::open(dir, clock, Arc::new(SequentialIds::default())).expect("a store")
    }

    #[test]
    fn it_is_made_once_and_its_key_is_private() {
        let dir = tempfile::tempdir().expect("a directory");
        let now = crate::system::SystemClock;
        let now = stave_core::Clock::now(&now);
        let files = made_for(&store(dir.path(), now), LOOPBACK).expect("made");
        let certificate = fs::read(&files.certificate).expect("there");
        let text = String::from_utf8(certificate.clone()).expect("text");
        assert_eq!(text.matches(CERTIFICATE).count(), 2);
        assert!(!text.contains("PRIVATE"), "the key is not handed out");
        let mode = fs::metadata(&files.key)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(acceptor(&files).is_ok());

        let again = made_for(&store(dir.path(), now), LOOPBACK).expect("there");
        assert_eq!(fs::read(again.certificate).expect("there"), certificate);
        let later = now + RENEWED_AFTER + SignedDuration::from_hours(1);
        let renewed = made_for(&store(dir.path(), later), LOOPBACK).expect("made");
        assert_ne!(fs::read(renewed.certificate).expect("there"), certificate);
    }

    #[test]
    fn files_that_hold_no_certificate_are_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x.pem");
        fs::write(&path, "hello").expect("written");
        let files = TlsFiles {
            certificate: path.clone(),
            key: path,
        };
        let error = acceptor(&files).err().expect("refused");
        assert!(error.message().contains("x.pem"), "{error}");
    }
}
