//! `spotify login`.

use std::process::{Command, Stdio};

use stave_core::Result;
use stave_services::extract::LoginRequest;

use super::connection;
use crate::args::spotify::account::LoginArgs;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Output, text};

/// What opens an address in the user's browser, here or there.
const OPENERS: [&str; 2] = if cfg!(target_os = "macos") {
    ["open", "xdg-open"]
} else {
    ["xdg-open", "open"]
};

/// Logs in. The address to open goes to standard output.
pub async fn run(args: LoginArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let connection =
        connection::resolve(&args.account, &stave.config.spotify).map_err(Failure::Usage)?;
    let request = LoginRequest {
        port: args.port,
        show_dialog: args.show_dialog,
    };
    let signs_in = connection.is_sandbox;
    let show = |url: &str, redirect_uri: &str| {
        if signs_in {
            return;
        }
        // Where nobody reads it, it is in the browser.
        let _ = output.data(format!("{url}\n").as_bytes());
        output.say(&format!(
            "the app has to have {redirect_uri} as a redirect URI (with or without the port)"
        ));
        if args.no_browser || !open(url) {
            output.say("open the address above in your browser, and agree");
        } else {
            output.say("agree in your browser; if it does not open, open the address above");
        }
    };
    let extracts = stave.extracts();
    let consent = extracts
        .login(&stave.caller, &connection, request, show)
        .await?;
    output.say(&format!(
        "account \"{}\" is logged in until {}; then log in again",
        connection.account,
        text::time(consent.ends_at)
    ));
    Ok(())
}

/// Opens `url` in the browser, if something here can; nobody waits for it.
fn open(url: &str) -> bool {
    OPENERS.iter().any(|opener| {
        let mut command = Command::new(opener);
        command.arg(url);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null()).spawn().is_ok()
    })
}
