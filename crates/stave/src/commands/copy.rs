//! `cp mv`.

use std::io::{IsTerminal, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use stave_core::{Error, units};
use stave_services::transfer::{Event, Item, Listener, Place, Plan, Spot, TransferOptions};
use stave_store::{PutBody, PutOptions};
use tokio::sync::mpsc;

use super::objects;
use crate::args::objects::{CopyFlags, CpArgs, MvArgs};
use crate::args::values::CopyEnd;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Output, text};
use crate::progress::{Progress, Unit};

/// Pieces of standard input that wait to be written.
const WAITING_PIECES: usize = 4;
/// How much of standard input is read at once.
const READ_BYTES: usize = 1 << 20;
/// An interrupt ends all of a pipeline: when the end of the input comes with one,
/// it is not the end of the object.
const INTERRUPT_WAIT: Duration = Duration::from_millis(100);

/// Copies.
pub async fn cp(args: CpArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    match (args.from, args.to) {
        (CopyEnd::Place(from), CopyEnd::Place(to)) => {
            transfer(&from, &to, args.flags, false, stave, output).await
        }
        (CopyEnd::Standard, CopyEnd::Place(Place::Object(uri))) => {
            let key = uri.object_key()?;
            if uri.key.ends_with('/') {
                return Err(Failure::Usage(
                    Error::invalid(format!("{uri} is a folder"))
                        .hint("standard input has no name: write out the whole key"),
                ));
            }
            let options = PutOptions::default();
            let put = stave
                .buckets
                .put(&stave.caller, &uri.bucket, &key, stdin(), options);
            let written = put.await?;
            if !args.flags.quiet {
                output.say(&format!("{}: - to {uri}", units::bytes(written.size)));
            }
            Ok(())
        }
        (CopyEnd::Place(Place::Object(uri)), CopyEnd::Standard) => {
            objects::print(&uri, stave, output).await
        }
        (from, _) => {
            let end = if from == CopyEnd::Standard {
                "input"
            } else {
                "output"
            };
            Err(Failure::Usage(
                Error::invalid(format!(
                    "standard {end} needs an s3:// address at the other end"
                ))
                .hint("write it like: stave cp - s3://bucket/key"),
            ))
        }
    }
}

/// Moves.
pub async fn mv(args: MvArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    transfer(&args.from, &args.to, args.flags, true, stave, output).await
}

async fn transfer(
    from: &Place,
    to: &Place,
    flags: CopyFlags,
    remove_sources: bool,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    if let (Place::Local(_), Place::Local(_)) = (from, to) {
        return Err(Failure::Usage(
            Error::invalid(format!("\"{from}\" and \"{to}\" are both on this machine"))
                .hint("one of the two must be an s3:// address, such as s3://bucket/key"),
        ));
    }
    let options = TransferOptions {
        recursive: flags.recursive,
        remove_sources,
        no_follow_symlinks: flags.no_follow_symlinks,
    };
    let plan = stave
        .transfer
        .plan(&stave.caller, from, to, options)
        .await?;
    for skipped in &plan.skipped {
        let what = text::printable(&skipped.what).into_owned();
        output.say(&format!("left out: {what}: {}", skipped.reason));
    }
    let verb = Verb { remove_sources };
    if flags.dryrun {
        for item in &plan.items {
            output.say(&format!("(dryrun) {}", verb.line(item)));
        }
        return refused(&plan);
    }
    carry_out(&plan, verb, flags, stave, output).await?;
    refused(&plan)
}

async fn carry_out(
    plan: &Plan,
    verb: Verb,
    flags: CopyFlags,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let started_at = Instant::now();
    let progress = Arc::new(Progress::begin(verb.doing(), plan.bytes, Unit::Bytes));
    let shown = Arc::clone(&progress);
    let listener: Listener = Arc::new(move |event| match event {
        Event::Bytes(bytes) => shown.add(bytes),
        Event::Finished(item) if !flags.quiet => shown.say(&verb.line(item)),
        Event::Finished(_) => {}
        Event::Failed(item, error) => {
            shown.say(&format!("failed: {}: {error}", verb.line(item)));
        }
    });
    let summary = stave.transfer.run(&stave.caller, plan, &listener).await;
    drop((listener, progress));
    let summary = summary?;
    if plan.items.len() != 1 || std::io::stderr().is_terminal() {
        output.say(&format!(
            "{} {}, {} in {}",
            verb.done(),
            text::counted(summary.objects, "object"),
            units::bytes(summary.bytes),
            units::duration(started_at.elapsed())
        ));
    }
    match summary.first_error {
        None => Ok(()),
        Some(error) if plan.items.len() == 1 => Err(error.into()),
        Some(error) => {
            let failed = text::counted(summary.failed, "object");
            Err(error
                .within(format!(
                    "{failed} could not be {}, the first one",
                    verb.done()
                ))
                .into())
        }
    }
}

/// What was left out against the user's will is an error, after the rest is done.
fn refused(plan: &Plan) -> Result<(), Failure> {
    let refused = plan
        .skipped
        .iter()
        .filter(|skipped| skipped.refused)
        .count();
    if refused == 0 {
        return Ok(());
    }
    let refused = text::counted(refused as u64, "name");
    Err(
        Error::invalid(format!("{refused} could not be copied: see above"))
            .hint("copy these alone, under another name")
            .into(),
    )
}

#[derive(Clone, Copy)]
struct Verb {
    remove_sources: bool,
}

impl Verb {
    fn doing(self) -> &'static str {
        if self.remove_sources {
            "moving"
        } else {
            "copying"
        }
    }

    fn done(self) -> &'static str {
        if self.remove_sources {
            "moved"
        } else {
            "copied"
        }
    }

    /// As `aws s3` says it.
    fn line(self, item: &Item) -> String {
        let verb = match (self.remove_sources, &item.from, &item.to) {
            (true, ..) => "move",
            (false, Spot::File(_), _) => "upload",
            (false, _, Spot::File(_)) => "download",
            (false, ..) => "copy",
        };
        let line = format!("{verb}: {} to {}", item.from, item.to);
        text::printable(&line).into_owned()
    }
}

/// Standard input, piece by piece. It is read by a thread of its own, which a
/// command that is told to stop need not wait for.
fn stdin() -> PutBody {
    let (sender, receiver) = mpsc::channel(WAITING_PIECES);
    std::thread::spawn(move || {
        loop {
            let mut piece = Vec::new();
            let mut input = std::io::stdin().lock().take(READ_BYTES as u64);
            let read = input.read_to_end(&mut piece).map(|_| Bytes::from(piece));
            let is_last = read.as_ref().map_or(true, Bytes::is_empty);
            if sender.blocking_send(read).is_err() || is_last {
                return;
            }
        }
    });
    let pieces = stream::try_unfold(receiver, |mut receiver| async {
        let failed = || Error::internal("cannot read standard input");
        let piece = receiver.recv().await.ok_or_else(failed)?;
        let piece = piece.map_err(|error| failed().caused_by(error))?;
        if piece.is_empty() {
            tokio::time::sleep(INTERRUPT_WAIT).await;
            return Ok(None);
        }
        Ok(Some((piece, receiver)))
    });
    PutBody::Stream(pieces.boxed())
}
