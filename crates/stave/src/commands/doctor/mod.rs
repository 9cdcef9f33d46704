//! `doctor`: whether the home, the machine, the servers and the shell's variables are in order.

mod clients;
mod reach;
mod storage;

pub(super) use self::reach::health;
use std::fmt::Write as _;
use std::time::Duration;

use stave_core::{BucketName, Error, Result, units};

use crate::compose::Stave;
use crate::config::{Config, Environment};
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output::{Output, Table};

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
            checks.extend(storage::file_system(
                stave.store.home().root(),
                &stave.store.home().tmp(),
            ));
            checks.push(database(&stave));
            checks.push(functions(&stave).await);
            checks.push(clients::server(&stave).await);
            checks.extend(clients::environment(&stave, &Environment::of_the_process()));
            checks.extend(remotes(&stave).await);
        }
    }
    tell(&checks, output)
}

/// How functions are kept to themselves.
async fn functions(stave: &Stave) -> Check {
    let found = match stave.platform() {
        Ok(platform) => platform.functions.confined_by().await,
        Err(error) => Err(error),
    };
    Check {
        name: "functions".to_owned(),
        found: found.map(|(has_namespaces, memory)| {
            let places = if has_namespaces {
                "a /tmp of their own and no home (namespaces)"
            } else {
                "the /tmp and the home that this user has"
            };
            format!("{places}; memory is {memory}")
        }),
    }
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
