//! Announces in a thread of its own, so that nobody waits for it: queries are quicker than what
//! there is to be said of them.

use std::fmt;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use stave_core::Clock;
use stave_core::events::NewEvent;
use stave_services::{Announce, Figure};

use super::announcer::Announcer;

/// How much may wait; what comes then is lost.
const MAX_WAITING: usize = 4096;

/// Announces aside. Its end waits until all was said.
pub(super) struct Aside {
    announcer: Arc<Announcer>,
    clock: Arc<dyn Clock>,
    /// There is none before there is something to say.
    voice: Mutex<Option<Voice>>,
}

struct Voice {
    sender: SyncSender<Said>,
    thread: JoinHandle<()>,
}

enum Said {
    Event(NewEvent),
    Figures(Vec<Figure>),
}

impl fmt::Debug for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aside").finish_non_exhaustive()
    }
}

impl Aside {
    pub fn new(announcer: Arc<Announcer>, clock: Arc<dyn Clock>) -> Self {
        Self {
            announcer,
            clock,
            voice: Mutex::default(),
        }
    }

    fn say(&self, said: Said) {
        let mut voice = self.voice.lock().unwrap_or_else(PoisonError::into_inner);
        if voice.is_none() {
            *voice = Voice::start(&self.announcer);
        }
        let sent = voice
            .as_ref()
            .is_some_and(|voice| voice.sender.try_send(said).is_ok());
        if !sent {
            tracing::debug!("what was to be said of a query was not");
        }
    }
}

impl Voice {
    fn start(announcer: &Arc<Announcer>) -> Option<Self> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let announcer = Arc::clone(announcer);
        let thread = std::thread::Builder::new()
            .name("announcer".to_owned())
            .spawn(move || speak(&announcer, &receiver));
        match thread {
            Ok(thread) => Some(Self { sender, thread }),
            Err(error) => {
                tracing::warn!(%error, "there is no thread to announce in");
                None
            }
        }
    }
}

/// Says what comes. Figures are written when nothing waits.
fn speak(announcer: &Announcer, receiver: &Receiver<Said>) {
    announcer.prepare();
    loop {
        let said = match receiver.try_recv() {
            Ok(said) => said,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                announcer.flush();
                let Ok(said) = receiver.recv() else { break };
                said
            }
        };
        match said {
            Said::Event(event) => announcer.announce(event),
            Said::Figures(figures) => announcer.take(&figures),
        }
    }
    announcer.flush();
}

impl Announce for Aside {
    /// It is said later, but has happened now.
    fn announce(&self, said: NewEvent) {
        let now = said.at.unwrap_or_else(|| self.clock.now());
        self.say(Said::Event(said.at(now)));
    }

    fn measure(&self, figures: &[Figure]) {
        self.say(Said::Figures(figures.to_vec()));
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let voice = self.voice.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Voice { sender, thread }) = voice.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}
