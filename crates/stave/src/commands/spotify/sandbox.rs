//! `spotify sandbox`.

use std::path::Path;
use std::sync::Arc;

use stave_core::{Clock, Error, Result};
use stave_spotify::sandbox::{Consent, Fault, Options, Sandbox};
use tokio::net::TcpListener;

use crate::args::spotify::sandbox::SandboxArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::stop::Stop;
use crate::system::SystemClock;

/// Serves until it is told to stop. The base URL goes to standard output.
pub async fn run(args: SandboxArgs, output: Output, stop: Stop) -> Result<(), Failure> {
    let listen = args.listen;
    if !listen.ip().is_loopback() {
        let error = Error::invalid(format!("{listen} is not an address of this machine alone"))
            .hint("the sandbox lets anybody in; listen on 127.0.0.1 or [::1]");
        return Err(Failure::Usage(error));
    }
    let options = options(args).map_err(Failure::Usage)?;
    let clock = SystemClock;
    let sandbox = Sandbox::new(options, Arc::new(move || clock.now()))
        .map_err(|error| Failure::Usage(Error::invalid(error.to_string())))?;
    let failed = |error: std::io::Error| {
        Error::unavailable(format!("cannot listen on {listen}: {error}"))
            .hint("is another sandbox running? --listen 127.0.0.1:0 takes a free port")
            .caused_by(error)
    };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    output.data(format!("http://{address}\n").as_bytes())?;
    output.say("the Spotify sandbox answers here; Ctrl-C ends it");
    let stopped = async move { stop.asked().await };
    sandbox.serve(listener, stopped).await.map_err(failed)?;
    Ok(())
}

fn options(args: SandboxArgs) -> Result<Options> {
    let mut faults = args.faults;
    if let Some(file) = &args.fault_file {
        faults.extend(read_faults(file)?);
    }
    Ok(Options {
        seed: args.seed,
        tracks: args.tracks,
        profile: args.profile,
        shape: args.shape,
        at: args.at,
        clients: args.clients,
        rate_limit: args.rate_limit,
        quotas: args.quotas,
        retry_after: !args.no_retry_after,
        faults,
        warts: !args.no_warts,
        user: args.user,
        consent: if args.deny {
            Consent::Deny
        } else {
            Consent::Grant
        },
        hostile_next: args.hostile_next,
    })
}

fn read_faults(file: &Path) -> Result<Vec<Fault>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::invalid(format!("cannot read {}: {error}", file.display())))?;
    let lines = text.lines().enumerate();
    let faults = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    faults
        .map(|(at, line)| {
            line.trim().parse().map_err(|error| {
                Error::invalid(format!("{}, line {}: {error}", file.display(), at + 1))
            })
        })
        .collect()
}
