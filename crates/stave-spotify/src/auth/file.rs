//! The token file: mode 600, written whole, locked while it is renewed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::token::TokenSet;
use crate::client::{Error, Result, Secret, cannot, write_whole};

const LOCK_WAIT: Duration = Duration::from_mins(1);
const LOCK_POLL: Duration = Duration::from_millis(20);
const FILE_MAX: u64 = 1 << 20;

/// Where the tokens of one login are kept.
#[derive(Debug, Clone)]
pub struct TokenFile(PathBuf);

/// Held while somebody renews the tokens; let go when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    access_token: String,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scopes: Vec<String>,
    consented_at: Timestamp,
}

impl TokenFile {
    /// The token file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is in it; nothing where there is no file.
    pub fn read(&self) -> Result<Option<TokenSet>> {
        match std::fs::metadata(&self.0) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("read", &self.0, error)),
            Ok(meta) if meta.len() > FILE_MAX => return Err(self.odd()),
            Ok(_) => {}
        }
        let bytes = std::fs::read(&self.0).map_err(|error| cannot("read", &self.0, error))?;
        // The parser's message would quote the file, so it is not passed on.
        let written: Written = serde_json::from_slice(&bytes).map_err(|_| self.odd())?;
        if written.version != 1 {
            return Err(self.odd());
        }
        Ok(Some(TokenSet {
            client_id: written.client_id,
            client_secret: written.client_secret.map(Secret::new),
            access_token: Secret::new(written.access_token),
            expires_at: written.expires_at,
            refresh_token: written.refresh_token.map(Secret::new),
            scopes: written.scopes.into_iter().collect(),
            consented_at: written.consented_at,
        }))
    }

    /// Puts a new login in place of whatever is there, once nobody renews it.
    pub async fn replace(&self, tokens: &TokenSet) -> Result<()> {
        if let Some(folder) = self.0.parent().filter(|folder| *folder != Path::new("")) {
            std::fs::create_dir_all(folder).map_err(|error| cannot("make", folder, error))?;
        }
        let _lock = self.lock().await?;
        self.write(tokens)
    }

    /// Writes `tokens`: to a new file of mode 600, to the disk, then in place.
    pub(super) fn write(&self, tokens: &TokenSet) -> Result<()> {
        let written = Written {
            version: 1,
            client_id: tokens.client_id.clone(),
            client_secret: tokens.client_secret.as_ref().map(open),
            access_token: open(&tokens.access_token),
            expires_at: tokens.expires_at,
            refresh_token: tokens.refresh_token.as_ref().map(open),
            scopes: tokens.scopes.iter().cloned().collect(),
            consented_at: tokens.consented_at,
        };
        let bytes = serde_json::to_vec_pretty(&written)
            .map_err(|_| Error::internal("the tokens can't be written down"))?;
        write_whole(&self.0, &bytes, true)
    }

    /// Forgets the login.
    pub fn remove(&self) -> Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(cannot("remove", &self.0, error))
            }
            _ => Ok(()),
        }
    }

    /// Waits until nobody else renews the tokens, in this process or another.
    ///
    /// The lock is on a file beside it, because the token file itself is
    /// replaced. The system lets go of it when its holder dies.
    pub(super) async fn lock(&self) -> Result<Lock> {
        let mut name = self.0.clone().into_os_string();
        name.push(".lock");
        let path = PathBuf::from(name);
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options
            .open(&path)
            .map_err(|error| cannot("open", &path, error))?;
        let begun = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
                Err(error) => return Err(cannot("lock", &path, error.into())),
            }
            if begun.elapsed() > LOCK_WAIT {
                return Err(Error::unavailable(format!(
                    "somebody else has held {} for {} s",
                    path.display(),
                    LOCK_WAIT.as_secs()
                ))
                .hint("another `stave spotify` is renewing the login; end it if it hangs"));
            }
            // Real time, whatever the clock: the other process lives in it.
            tokio::time::sleep(LOCK_POLL).await;
        }
    }

    fn odd(&self) -> Error {
        Error::login_again(format!("{} is no token file of ours", self.0.display()))
    }
}

fn open(secret: &Secret) -> String {
    secret.expose().to_owned()
}
