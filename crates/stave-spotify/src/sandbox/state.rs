//! What a running sandbox shares between calls: options, world, time, and the
//! few things that calls change. All of those are bounded.
//!
//! Must not know HTTP.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::Clock;
use super::faults::Faults;
use super::limits::Limits;
use super::oauth::Grants;
use super::options::{InvalidOption, Options};
use super::world::World;
use super::world::draw::Seed;
use super::world::playlists::{Owner, fold_user};
use super::world::{User, ids::Kind, ids::id};

/// The most calls that are remembered.
const MOST_CALLS: usize = 100_000;

/// The most owners of playlists that are remembered by name.
const MOST_OWNERS: usize = 10_000;

/// A call that the sandbox answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When, by the sandbox's time.
    pub at: Timestamp,
    /// As in `GET`.
    pub method: String,
    /// As in `/v1/me/tracks?limit=50`.
    pub target: String,
    /// The status that was answered.
    pub status: u16,
}

/// What calls share.
pub(super) type Shared = Arc<SandboxState>;

/// The state of a sandbox.
pub(super) struct SandboxState {
    pub(super) options: Options,
    pub(super) world: World,
    clock: Clock,
    /// How far the sandbox's time is ahead of the clock's.
    ahead: SignedDuration,
    grants: Mutex<Grants>,
    limits: Mutex<Limits>,
    faults: Mutex<Faults>,
    owners: Mutex<HashMap<u32, String>>,
    calls: Mutex<VecDeque<Call>>,
}

impl SandboxState {
    pub(super) fn new(options: Options, clock: Clock) -> Result<Self, InvalidOption> {
        options.check()?;
        let started_at = clock();
        let seed = Seed(options.seed);
        let world = World {
            seed,
            tracks: options.tracks,
            warts: options.warts,
        };
        let state = Self {
            world,
            ahead: options
                .at
                .map_or(SignedDuration::ZERO, |at| at.duration_since(started_at)),
            clock,
            grants: Mutex::new(Grants::new(seed, started_at)),
            limits: Mutex::new(Limits::new(options.rate_limit, options.quotas.clone())),
            faults: Mutex::new(Faults::new(options.faults.clone())),
            owners: Mutex::default(),
            calls: Mutex::default(),
            options,
        };
        state.introduce(&state.options.user);
        for owner in state.world.owners_followed_by(&state.options.user) {
            state.introduce(&owner);
        }
        Ok(state)
    }

    /// The sandbox's present moment.
    pub(super) fn now(&self) -> Timestamp {
        let now = (self.clock)();
        now.checked_add(self.ahead).unwrap_or(now)
    }

    pub(super) fn grants(&self) -> MutexGuard<'_, Grants> {
        lock(&self.grants)
    }

    pub(super) fn limits(&self) -> MutexGuard<'_, Limits> {
        lock(&self.limits)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(super) fn remember(&self, call: Call) {
        let mut calls = lock(&self.calls);
        if calls.len() >= MOST_CALLS {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        lock(&self.calls).iter().cloned().collect()
    }

    pub(super) fn knows_client(&self, client: &str) -> bool {
        let clients = &self.options.clients;
        !client.is_empty() && (clients.is_empty() || clients.iter().any(|key| key.id == client))
    }

    pub(super) fn knows_secret(&self, client: &str, secret: &str) -> bool {
        let clients = &self.options.clients;
        let listed = |key: &super::ClientKey| key.id == client && key.secret == secret;
        !secret.is_empty() && (clients.is_empty() || clients.iter().any(listed))
    }

    /// Remembers a user as the owner of playlists.
    pub(super) fn introduce(&self, user: &str) {
        let mut owners = lock(&self.owners);
        if owners.len() < MOST_OWNERS {
            owners.insert(fold_user(user), user.to_owned());
        }
    }

    /// The user who owns a playlist.
    pub(super) fn owner(&self, owner: &Owner) -> User {
        if let Some(user) = self.world.owner_by_number(owner) {
            return user;
        }
        let Owner::Folded(folded) = owner else {
            return self.world.user(0);
        };
        // An owner who was never heard of: one of the ids without a name that Spotify has, too.
        let known = lock(&self.owners).get(folded).cloned();
        let id = known.unwrap_or_else(|| id(self.world.seed, Kind::Playlist, (*folded).into()));
        self.world.user_named(&id)
    }
}

/// What is behind a lock is changed in single steps, so it is whole even if a
/// holder panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
