//! `serve`.

use std::sync::Arc;

use stave_core::Error;

use crate::args::serve::ServeArgs;
use crate::compose::Stave;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::server::{self, Limits, Logged, MetricsFor, ServeOptions, Server, TlsFiles};
use crate::stop::Stop;

/// Serves until it is told to stop.
pub async fn run(
    args: ServeArgs,
    config: Config,
    output: Output,
    stop: Stop,
) -> Result<(), Failure> {
    check_address(&args)?;
    if let Some(user) = &config.as_user {
        return Err(Failure::Usage(
            Error::invalid(format!(
                "a server works for all who sign, not as {user} alone"
            ))
            .hint("leave --as out; `stave env --as USER` prints a key of a user"),
        ));
    }
    let stave = Arc::new(Stave::open(config)?);
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(TlsFiles {
            certificate: certificate.clone(),
            key: key.clone(),
        }),
        _ if args.tls => Some(server::made_for(&stave.store, args.listen.ip())?),
        _ => None,
    };
    let logged = match (args.log.quiet, args.log.verbose) {
        (true, _) => Logged::Faults,
        (_, true) => Logged::Connections,
        _ => Logged::Requests,
    };
    server::start_log(args.log.log_format, logged);
    let options = ServeOptions {
        listen: args.listen,
        tls,
        limits: Limits::default(),
        metrics_for: args.metrics.unwrap_or_else(|| metrics_for(&args)),
    };
    let home = stave.store.home().clone();
    let server = Server::bind(stave, options).await?;
    // Before it is said, so that who has heard it finds it.
    server.announce()?;
    output.say(&format!("stave: serving at {}", server.url()));
    output.say(&format!(
        "stave: the root's access key is in {}; `eval \"$(stave env)\"` gives it to AWS's clients",
        home.root_credentials().display()
    ));
    server.run(stop).await?;
    Ok(())
}

/// Who may read the metrics where nobody has said it.
fn metrics_for(args: &ServeArgs) -> MetricsFor {
    if args.listen.ip().is_loopback() {
        MetricsFor::Local
    } else {
        MetricsFor::Nobody
    }
}

/// Other machines are let near only over TLS, or when somebody has said so.
fn check_address(args: &ServeArgs) -> Result<(), Failure> {
    let is_tls = args.tls || args.tls_cert.is_some();
    if args.listen.ip().is_loopback() || is_tls || args.plain_http {
        return Ok(());
    }
    let listen = args.listen;
    let error = Error::invalid(format!("{listen} can be reached from other machines"))
        .hint("--tls keeps what is sent from others' eyes; --plain-http does without");
    Err(Failure::Usage(error))
}
