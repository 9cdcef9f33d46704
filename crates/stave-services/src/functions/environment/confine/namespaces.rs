//! A user namespace and a mount namespace: the environment's own `/tmp`, and no home.
//!
//! They are made by `unshare` of util-linux, which every distribution has: making them in this
//! process would need code between `fork` and `exec`, which no safe Rust can be. All of them
//! `exec` the next, so the process and its end are the function's own.
//!
//! <https://man7.org/linux/man-pages/man7/user_namespaces.7.html>

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Places, text, through_shell};
use crate::functions::environment::Program;

/// Where system programs are.
const PROGRAMS: [&str; 4] = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
/// How long trying may take.
const TRYING: Duration = Duration::from_secs(5);

/// Within the namespaces, where this user is root: hides the home but for the functions and the
/// environment's own folder, which open folders lead back to, gives `/tmp` to the environment, and
/// goes to the function's folder anew, for the one that was there before leads out.
const SCRIPT: &str = r#"
mount=$1 own=$2 tmp=$3 home=$4 functions=$5 folder=$6; shift 6
set -e
exec 3<"$functions" 4<"$own"
"$mount" --rbind "$tmp" /tmp
mkdir -p "$home"
"$mount" -t tmpfs -o mode=755,size=1m tmpfs "$home"
mkdir -p "$functions" "$own"
"$mount" --no-canonicalize --rbind /proc/self/fd/3 "$functions"
"$mount" --no-canonicalize --rbind /proc/self/fd/4 "$own"
exec 3<&- 4<&-
cd "$folder"
unset PWD OLDPWD SHLVL
exec "$@"
"#;

/// The programs that make namespaces, and what is hidden in them.
#[derive(Debug)]
pub(in super::super) struct Namespaces {
    unshare: PathBuf,
    mount: PathBuf,
    places: Places,
    /// Who runs Stave, and so its functions.
    user: (u32, u32),
}

impl Namespaces {
    /// None where they cannot be made.
    pub(super) fn find(places: &Places, folder: &Path) -> Option<Self> {
        let own = folder.join("try");
        fs::create_dir_all(own.join("tmp")).ok()?;
        // It has just been made, and so says who we are.
        let owner = fs::metadata(&own).ok()?;
        let found = Self {
            unshare: program("unshare")?,
            mount: program("mount")?,
            places: places.clone(),
            user: (owner.uid(), owner.gid()),
        };
        let works = found.try_in(&own);
        // It is in a folder that is removed at the end.
        let _ = fs::remove_dir_all(&own);
        works.then_some(found)
    }

    /// Whether a program starts, finds the functions and its folder, and no database.
    fn try_in(&self, own: &Path) -> bool {
        let script = r#"[ -d "$1" ] && [ -d "$2" ] && [ ! -e "$3/stave.db" ]"#;
        let program = Program {
            path: PathBuf::from("/bin/sh"),
            args: vec![
                "-c".to_owned(),
                script.to_owned(),
                "sh".to_owned(),
                text(&self.places.functions),
                text(own),
                text(&self.places.home),
            ],
            environment: [("PATH".to_owned(), PROGRAMS.join(":"))].into(),
            folder: self.places.functions.clone(),
        };
        let program = self.wrap(program, own, &own.join("tmp"));
        let started = Command::new(&program.path)
            .args(&program.args)
            .env_clear()
            .envs(&program.environment)
            .current_dir(&program.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = started else {
            return false;
        };
        let began = Instant::now();
        while began.elapsed() < TRYING {
            match child.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) => sleep(Duration::from_millis(1)),
                Err(_) => break,
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }

    /// Whether `program`, for which the kernel starts the file `started`, is still there when
    /// `/tmp` is another.
    pub(super) fn suit(&self, program: &Program, started: &Path) -> bool {
        let stays =
            |path: &Path| !path.starts_with("/tmp") || path.starts_with(&self.places.functions);
        let real = fs::canonicalize(started);
        stays(&program.path) && stays(started) && real.is_ok_and(|real| stays(&real))
    }

    /// `program` within namespaces, with its `own` folder, `tmp` for `/tmp`, and without the rights
    /// that made them.
    pub fn wrap(&self, program: Program, own: &Path, tmp: &Path) -> Program {
        let (user, group) = self.user;
        let without_rights = [
            "--user".to_owned(),
            format!("--map-user={user}"),
            format!("--map-group={group}"),
        ];
        let Places { home, functions } = &self.places;
        let given: [&Path; 6] = [&self.mount, own, tmp, home, functions, &program.folder];
        let given = given.into_iter().map(text).collect();
        let inner = through_shell(SCRIPT, given, self.unshared(&without_rights, program));
        let outer = ["--user", "--map-root-user", "--mount", "--ipc"].map(str::to_owned);
        self.unshared(&outer, inner)
    }

    fn unshared(&self, options: &[String], program: Program) -> Program {
        let mut args = options.to_vec();
        args.push("--".to_owned());
        args.push(text(&program.path));
        args.extend(program.args);
        Program {
            path: self.unshare.clone(),
            args,
            ..program
        }
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let mut paths = PROGRAMS.iter().map(|folder| Path::new(folder).join(name));
    paths.find(|path| path.is_file())
}
