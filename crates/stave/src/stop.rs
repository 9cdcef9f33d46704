//! How a command hears that it is to stop.

use tokio::sync::watch;

use crate::args::Command;
use crate::args::function::FunctionCommand;
use crate::args::job::JobCommand;

/// Asks a command to stop.
#[derive(Debug)]
pub struct Asking(watch::Sender<bool>);

/// Hears of it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Both ends.
    pub fn new() -> (Asking, Self) {
        let (sender, receiver) = watch::channel(false);
        (Asking(sender), Self(receiver))
    }

    /// Comes back when the command is to stop.
    pub async fn asked(&self) {
        let mut heard = self.0.clone();
        if heard.wait_for(|asked| *asked).await.is_err() {
            // Nobody is left to ask.
            std::future::pending::<()>().await;
        }
    }
}

impl Asking {
    /// Asks.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }
}

/// Whether a command ends by itself when it is asked to, because it has something to
/// note first; the others are dropped where they are.
pub fn is_heard_by(command: &Command) -> bool {
    if let Command::Function(command) = command {
        return match command {
            FunctionCommand::Create(args) => args.watch,
            FunctionCommand::Update(args) => args.watch,
            FunctionCommand::Logs(args) => args.follow,
            _ => false,
        };
    }
    matches!(
        command,
        Command::Job(JobCommand::Run(_))
            | Command::Demo(_)
            | Command::Spotify(_)
            | Command::Serve(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asked_is_heard_by_all_and_forever() {
        let (asking, stop) = Stop::new();
        let other = stop.clone();
        asking.ask();
        stop.asked().await;
        drop(asking);
        stop.asked().await;
        other.asked().await;
    }
}
