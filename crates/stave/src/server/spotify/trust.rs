//! What clients of the proxy are to trust: all that this machine trusts, and the authority that
//! vouches for Spotify's hosts here.
//!
//! The proxy's own key never leaves the home; the authority's is thrown away when it has signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use stave_core::Result;
use stave_store::Store;

use super::HOSTS;
use crate::compose::Authorities;
use crate::server::certificate::{self, Subject};

/// Where machines keep the certificates that they trust, in one file.
const MACHINES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/openssl/cert.pem",
];
/// The largest of them that is read, in bytes.
const MAX_BYTES: u64 = 8 << 20;

/// The files of the proxy.
#[derive(Debug)]
pub struct Trusted {
    /// Its key and its certificates, for itself.
    pub key: PathBuf,
    /// What its clients are to trust.
    pub authorities: PathBuf,
}

/// The files of the proxy of a home, made when they are first asked for: a server that leads
/// nobody to the sandbox does without.
#[derive(Debug)]
pub struct Trust {
    store: Store,
    made: OnceLock<Trusted>,
    /// One makes them at a time.
    turn: Mutex<()>,
}

impl Trust {
    /// Those of the home of `store`.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            made: OnceLock::new(),
            turn: Mutex::default(),
        }
    }

    /// The files. Blocking.
    pub fn trusted(&self) -> Result<&Trusted> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let made = prepare(&self.store)?;
        Ok(self.made.get_or_init(|| made))
    }
}

impl Authorities for Trust {
    fn file(&self) -> Result<PathBuf> {
        Ok(self.trusted()?.authorities.clone())
    }
}

/// Makes what is not there, and brings what clients are to trust up to date.
fn prepare(store: &Store) -> Result<Trusted> {
    let folder = store.home().tls();
    let trusted = Trusted {
        key: folder.join("spotify-server.pem"),
        authorities: folder.join("spotify.pem"),
    };
    let subject = Subject {
        authority: "Stave's sandbox of Spotify on this machine",
        hosts: &HOSTS,
        addresses: Vec::new(),
    };
    let own = certificate::kept(store, &trusted.key, &subject)?;
    let machine = MACHINES.iter().find_map(|path| read(Path::new(path)));
    if machine.is_none() {
        tracing::warn!(
            "no file of trusted certificates is known on this machine: functions that meet \
             Spotify's sandbox can speak HTTPS to nobody else"
        );
    }
    let text = together(machine.as_deref().unwrap_or_default(), &own);
    replace(&trusted.authorities, &text)?;
    Ok(trusted)
}

/// The certificates of the machine, and the authority of ours.
fn together(machine: &str, own: &str) -> String {
    let gap = if machine.is_empty() || machine.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    [machine, gap, certificate::last_of(own)].concat()
}

fn read(path: &Path) -> Option<String> {
    let is_plain = fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= MAX_BYTES);
    let text = is_plain.then(|| fs::read_to_string(path).ok()).flatten()?;
    (!certificate::last_of(&text).is_empty()).then_some(text)
}

/// Writes a file in one step: functions of another server of the home may be reading it.
fn replace(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&draft);
        certificate::unwritable(path, error)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use stave_core::{ManualClock, SequentialIds};

    use super::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n";
    const TWO: &str = "-----BEGIN CERTIFICATE-----\nB\n-----END CERTIFICATE-----\n";

    #[test]
    fn the_authority_stands_behind_what_the_machine_trusts() {
        let both = [ONE, TWO].concat();
        assert_eq!(together("", &both), TWO);
        assert_eq!(together(ONE, &both), [ONE, TWO].concat());
        let bare = ONE.trim_end();
        assert_eq!(together(bare, &both), [bare, "\n", TWO].concat());
    }

    #[test]
    fn it_is_made_once_and_only_the_certificates_are_handed_out() {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = ManualClock::new(stave_core::Clock::now(&crate::system::SystemClock));
        let ids = Arc::new(SequentialIds::default());
        let store = Store::open(dir.path(), Arc::new(clock), ids).expect("a store");
        let first = prepare(&store).expect("made");
        let key = fs::metadata(&first.key).expect("there");
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&first.authorities).expect("read");
        assert!(!text.contains("PRIVATE") && text.ends_with("-----END CERTIFICATE-----\n"));
        let again = prepare(&store).expect("there");
        assert_eq!(fs::read_to_string(again.authorities).expect("read"), text);
        let left: Vec<_> = fs::read_dir(store.home().tls()).expect("listed").collect();
        assert_eq!(left.len(), 2, "no draft is left: {left:?}");
    }
}
