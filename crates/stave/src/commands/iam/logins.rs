//! `iam login` and `iam change-password`.

use stave_core::iam::Principal;
use stave_core::{Error, ErrorKind, Result};

use super::{Desk, documents};
use crate::args::iam::login::{ChangePasswordArgs, LoginArgs, LoginCommand};
use crate::failure::Failure;

/// The characters of a password that is made here; none that is easily taken for another.
const CLASSES: [&[u8]; 4] = [
    b"ABCDEFGHJKLMNPQRSTUVWXYZ",
    b"abcdefghijkmnopqrstuvwxyz",
    b"23456789",
    b"!@#%^*_+-=",
];
/// How many characters it has at least.
const MADE_CHARS: usize = 20;

pub(super) async fn run(command: LoginCommand, desk: &Desk<'_>) -> Result<(), Failure> {
    let (iam, caller) = (desk.iam, &desk.stave.caller);
    match command {
        LoginCommand::Create(args) => create(&args, desk).await,
        LoginCommand::Update(args) => update(&args, desk).await,
        LoginCommand::Show { user } => {
            let login = iam.get_login_profile(caller, Some(&user))?;
            desk.show(vec![
                ("UserName", login.user.into()),
                ("CreateDate", login.created_at.to_string().into()),
                ("PasswordResetRequired", login.must_change.into()),
            ])
        }
        LoginCommand::Rm { user } => {
            iam.delete_login_profile(caller, Some(&user))?;
            desk.done(&format!("user {user} can sign in with a password no more"));
            Ok(())
        }
    }
}

async fn create(args: &LoginArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let password = Password::of(args, desk).await?;
    let must_change = args.must_change;
    desk.iam.create_login_profile(
        &desk.stave.caller,
        Some(&args.user),
        &password.text,
        must_change,
    )?;
    desk.done(&format!(
        "user {} can sign in{}",
        args.user,
        demand(must_change)
    ));
    password.show(args, desk)
}

async fn update(args: &LoginArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let keeps = args.must_change && !args.password_stdin;
    let password = if keeps {
        None
    } else {
        Some(Password::of(args, desk).await?)
    };
    let text = password.as_ref().map(|password| password.text.as_str());
    let must_change = Some(args.must_change);
    desk.iam
        .update_login_profile(&desk.stave.caller, &args.user, text, must_change)?;
    desk.done(&format!(
        "user {} can sign in{}",
        args.user,
        demand(args.must_change)
    ));
    password.map_or(Ok(()), |password| password.show(args, desk))
}

fn demand(must_change: bool) -> &'static str {
    if must_change {
        ", and must then choose another password"
    } else {
        ""
    }
}

/// A password, given or made.
struct Password {
    text: String,
    is_made: bool,
}

impl Password {
    async fn of(args: &LoginArgs, desk: &Desk<'_>) -> Result<Self> {
        if args.password_stdin {
            let text = documents::read_stdin().await?;
            let line = text.lines().next().unwrap_or_default();
            return Ok(Self {
                text: line.to_owned(),
                is_made: false,
            });
        }
        let policy = desk.iam.get_password_policy(&desk.stave.caller);
        let chars = match policy {
            Ok(policy) => policy.minimum_length as usize,
            // Who may not read it may still set a password that it admits.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Denied) => 0,
            Err(error) => return Err(error),
        };
        Ok(Self {
            text: made(chars.max(MADE_CHARS))?,
            is_made: true,
        })
    }

    fn show(&self, args: &LoginArgs, desk: &Desk<'_>) -> Result<(), Failure> {
        if !self.is_made {
            return Ok(());
        }
        if desk.output.is_json() {
            return desk.show(vec![
                ("UserName", args.user.as_str().into()),
                ("Password", self.text.as_str().into()),
                ("PasswordResetRequired", args.must_change.into()),
            ]);
        }
        desk.output.data(format!("{}\n", self.text).as_bytes())
    }
}

/// A password of so many characters, of all classes in turn.
fn made(chars: usize) -> Result<String> {
    let classes = CLASSES.into_iter().cycle().take(chars);
    classes.map(|class| one_of(class).map(char::from)).collect()
}

/// One of a class of characters, each as likely as the others.
fn one_of(class: &[u8]) -> Result<u8> {
    // What lies beyond the last whole round would favour the first ones.
    let rounds = 256 / class.len() * class.len();
    loop {
        let mut byte = [0];
        getrandom::fill(&mut byte).map_err(|error| {
            Error::internal("the machine gives no randomness").caused_by(error.to_string())
        })?;
        let drawn = usize::from(byte[0]);
        if drawn < rounds {
            return Ok(class[drawn % class.len()]);
        }
    }
}

/// Changes the password of who knows it; a must-change one too.
pub(super) async fn change(args: &ChangePasswordArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let user = match (&args.user, desk.stave.caller.principal()) {
        (Some(user), _) => user.clone(),
        (None, Principal::User { name, .. }) => name.clone(),
        (None, _) => {
            let error = Error::invalid("it is not said whose password is to be changed");
            return Err(Failure::Usage(error.hint("stave iam change-password USER")));
        }
    };
    let text = documents::read_stdin().await?;
    let mut lines = text.lines();
    let (Some(old), Some(new)) = (lines.next(), lines.next()) else {
        let error = Error::invalid("two lines are wanted: the old password, and the new one");
        return Err(Failure::Usage(error.hint(
            "printf '%s\\n' \"$OLD\" \"$NEW\" | stave iam change-password USER",
        )));
    };
    let account = desk.iam.account();
    desk.iam.sign_in_changing(account, &user, old, new)?;
    desk.done(&format!("user {user} has another password"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_password_has_all_classes() {
        for chars in [4, 20, 128] {
            let password = made(chars).expect("made");
            assert_eq!(password.len(), chars);
            for class in CLASSES {
                assert!(
                    password.bytes().any(|byte| class.contains(&byte)),
                    "{password}"
                );
            }
        }
    }
}
