//! `doctor`: whether the home, the machine and the remote servers are in order.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use stave_core::{BucketName, Error, Result, units};

use crate::compose::Stave;
use crate::config::Config;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output::{Output, Table};

/// Less free space than this is worth a word.
const LOW_SPACE_BYTES: u64 = 1 << 30;
/// How long a remote server may take.
const REMOTE_TIMEOUT: Duration = Duration::from_secs(10);

/// What was looked at: what it said, or what is wrong with it.
struct Check {
    name: String,
    found: Result<String>,
}

/// Looks at everything.
pub async fn run(config: Config, output: Output) -> Result<(), Failure> {
    let home = config.home.value.clone();
    let machine = Machine::measure();
    let mut checks = vec![memory(&config, &machine), cores(&config, &machine)];
    match Stave::open(config) {
        Err(error) => checks.push(Check {
            name: "home".to_owned(),
            found: Err(error),
        }),
        Ok(stave) => {
            checks.push(Check {
                name: "home".to_owned(),
                found: Ok(format!("{} can be written to", home.display())),
            });
            checks.extend(file_system(
                stave.store.home().root(),
                &stave.store.home().tmp(),
            ));
            checks.push(database(&stave));
            checks.extend(remotes(&stave).await);
        }
    }
    tell(&checks, output)
}

fn tell(checks: &[Check], output: Output) -> Result<(), Failure> {
    let problems = checks.iter().filter(|check| check.found.is_err()).count();
    let mut table = Table::new(&["Check", "State", "Detail", "Hint"]);
    let mut lines = String::new();
    for Check { name, found } in checks {
        match found {
            Ok(detail) => {
                let _ = writeln!(lines, "ok       {name}: {detail}");
                table.row([
                    name.as_str().into(),
                    "ok".into(),
                    detail.as_str().into(),
                    None::<&str>.into(),
                ]);
            }
            Err(error) => {
                let detail = stave_core::error::chain(error).join(": ");
                let _ = writeln!(lines, "problem  {name}: {detail}");
                if let Some(hint) = error.hint_text() {
                    let _ = writeln!(lines, "         hint: {hint}");
                }
                table.row([
                    name.as_str().into(),
                    "problem".into(),
                    detail.into(),
                    error.hint_text().into(),
                ]);
            }
        }
    }
    if output.is_json() {
        output.table(&table)?;
    } else {
        output.data(lines.as_bytes())?;
    }
    if problems == 0 {
        return Ok(());
    }
    let problems = crate::output::text::counted(problems as u64, "problem");
    Err(Error::internal(format!("{problems} found")).into())
}

fn memory(config: &Config, machine: &Machine) -> Check {
    let (bound, there) = (config.memory.value, machine.memory_bytes);
    let said = format!(
        "{} for the engine, of {}",
        units::bytes(bound),
        units::bytes(there)
    );
    let found = if bound > there {
        Err(Error::limit_exceeded(format!("{said}: more than there is"))
            .hint(format!("set memory to {} or less", units::bytes(there / 2))))
    } else {
        Ok(said)
    };
    Check {
        name: "memory".to_owned(),
        found,
    }
}

fn cores(config: &Config, machine: &Machine) -> Check {
    Check {
        name: "cores".to_owned(),
        found: Ok(format!("{} of {}", config.cores.value, machine.cores)),
    }
}

fn file_system(root: &Path, tmp: &Path) -> Vec<Check> {
    let check = |name: &str, found| Check {
        name: name.to_owned(),
        found,
    };
    vec![
        check("durable writes", durable_writes(tmp)),
        check("locks", locks(tmp)),
        check("file names", file_names(tmp)),
        check("free space", free_space(root)),
    ]
}

fn refused(what: &str, error: std::io::Error) -> Error {
    Error::unsupported(format!("the file system of the home does not {what}"))
        .hint("move the home to a local disk with --home")
        .caused_by(error)
}

/// A file that is removed when it goes out of scope.
struct Probe(std::path::PathBuf);

impl Probe {
    fn new(folder: &Path, name: &str) -> Self {
        Self(folder.join(format!("doctor-{}-{name}", std::process::id())))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What a put does: write, flush, rename over, flush the folder.
fn durable_writes(folder: &Path) -> Result<String> {
    let (new, old) = (Probe::new(folder, "new"), Probe::new(folder, "old"));
    let failed = |error| refused("flush and rename files", error);
    fs::write(&old.0, "old").map_err(failed)?;
    let mut file = File::create(&new.0).map_err(failed)?;
    file.write_all(b"new").map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&new.0, &old.0).map_err(failed)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)?;
    if fs::read(&old.0).map_err(failed)? == b"new" {
        return Ok("files are flushed and renamed".to_owned());
    }
    Err(failed(std::io::Error::other(
        "a renamed file has its old content",
    )))
}

fn locks(folder: &Path) -> Result<String> {
    let probe = Probe::new(folder, "lock");
    let failed = |error| refused("lock files", error);
    let file = File::create(&probe.0).map_err(failed)?;
    file.lock().map_err(failed)?;
    let other = File::open(&probe.0).map_err(failed)?;
    if other.try_lock().is_ok() {
        return Err(failed(std::io::Error::other(
            "two locks were granted at once",
        )));
    }
    Ok("files are locked".to_owned())
}

fn file_names(folder: &Path) -> Result<String> {
    let (lower, upper) = (Probe::new(folder, "case"), Probe::new(folder, "CASE"));
    fs::write(&lower.0, "").map_err(|error| refused("hold a file", error))?;
    Ok(if upper.0.exists() {
        "upper and lower case are one: keys that differ in nothing else overwrite each other"
    } else {
        "upper and lower case are told apart"
    }
    .to_owned())
}

fn free_space(root: &Path) -> Result<String> {
    let space = rustix::fs::statvfs(root)
        .map_err(|error| refused("say how much space is free", error.into()))?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    if free < LOW_SPACE_BYTES {
        return Err(
            Error::limit_exceeded(format!("only {} are free", units::bytes(free)))
                .hint("free some space, or move the home with --home"),
        );
    }
    Ok(format!("{} are free", units::bytes(free)))
}

fn database(stave: &Stave) -> Check {
    let found = stave.store.check_database().and_then(|faults| {
        if faults.is_empty() {
            return Ok("stave.db is whole".to_owned());
        }
        Err(
            Error::internal(format!("stave.db is damaged: {}", faults.join("; ")))
                .hint("restore stave.db from a backup; the objects are plain files and unaffected"),
        )
    });
    Check {
        name: "database".to_owned(),
        found,
    }
}

async fn remotes(stave: &Stave) -> Vec<Check> {
    let mut checks = Vec::new();
    for remote in &stave.config.remotes {
        let server = remote.config.endpoint.as_deref().unwrap_or("Amazon S3");
        for name in &remote.config.buckets {
            let found = match BucketName::new(name.as_str()) {
                Ok(bucket) => reach(stave, &bucket).await,
                Err(_) if name.contains('*') => {
                    Ok("is a pattern; its buckets are not looked at".to_owned())
                }
                Err(error) => Err(error),
            };
            checks.push(Check {
                name: format!("remote bucket {name} at {server}"),
                found,
            });
        }
    }
    checks
}

async fn reach(stave: &Stave, bucket: &BucketName) -> Result<String> {
    let asked = stave.buckets.head_bucket(&stave.caller, bucket);
    match tokio::time::timeout(REMOTE_TIMEOUT, asked).await {
        Ok(answer) => answer.map(|()| "answers".to_owned()),
        Err(_) => Err(Error::new(
            stave_core::ErrorKind::Timeout,
            format!("no answer within {}", units::duration(REMOTE_TIMEOUT)),
        )
        .hint("check the endpoint and the network")),
    }
}
