//! Playlists and their entries. Every id of 22 characters has one: Spotify's
//! own by their prefix, those of users by what their id carries, all others by
//! the text itself. They change with time. Must not know who may read them.

use jiff::Timestamp;

use super::draw::{Domain, Draw, fold};
use super::ids::{self, Kind};
use super::{DAWN, DAY_SECONDS, User, World, moment, words};

/// The user id of Spotify itself.
pub(in crate::sandbox) const SPOTIFY: &str = "spotify";

/// The most entries of a playlist; Spotify's own bound is near 11,000.
pub(in crate::sandbox) const MOST_ENTRIES: u64 = 10_000;

/// How many playlists of other users everybody follows.
const FOLLOWED: usize = 34;

/// After so many changes the oldest entries go.
const CHANGES_KEPT: u64 = 10;

/// How the ids of everything that Spotify puts together begin.
const EDITORIAL: &str = "37i9dQZ";
const CHART: &str = "37i9dQZEVXb";

/// Spotify's playlists that public pipelines read.
pub(in crate::sandbox) const WELL_KNOWN: [(&str, &str); 12] = [
    ("37i9dQZEVXbMDoHDwVN2tF", "Top 50 - Global"),
    ("37i9dQZEVXbNG2KDcFcKOF", "Top Songs - Global"),
    ("37i9dQZEVXbLRQDuF5jeBp", "Top 50 - USA"),
    ("37i9dQZEVXbLZ52XmnySJg", "Top 50 - India"),
    ("37i9dQZEVXbLiRSasKsNU9", "Viral 50 - Global"),
    ("37i9dQZEVXbJiZcmkrIHGU", "Top 50 - Germany"),
    ("37i9dQZF1DXcBWIGoYBM5M", "Today's Top Hits"),
    ("37i9dQZF1DX0XUsuxWHRQd", "RapCaviar"),
    ("37i9dQZF1DX10zKzsJ2jva", "Viva Latino"),
    ("37i9dQZF1DX1lVhptIYRda", "Hot Country"),
    ("37i9dQZF1DWXRqgorJj26U", "Rock Classics"),
    ("37i9dQZF1DX4JAvHpjipBk", "New Music Friday"),
];

/// Whose playlist it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Owner {
    Spotify,
    /// The user whose id folds to this.
    Folded(u32),
    /// A user by number.
    Number(u64),
}

/// What a playlist is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Nature {
    /// Put together by Spotify: ranks of known tracks, nothing odd.
    Chart,
    /// By a user, nothing odd.
    Plain,
    /// By a user, with now and then a null entry, a local file or an episode.
    Mixed,
    /// By a user, one entry in three odd.
    Odd,
    /// By a user, so old that nobody knows who added what when.
    Old,
}

/// A playlist at a moment.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Playlist {
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) description: String,
    pub(in crate::sandbox) owner: Owner,
    pub(in crate::sandbox) public: Option<bool>,
    pub(in crate::sandbox) collaborative: bool,
    pub(in crate::sandbox) followers: u64,
    pub(in crate::sandbox) total: u64,
    pub(in crate::sandbox) snapshot_id: String,
    pub(in crate::sandbox) nature: Nature,
    key: u64,
    version: u64,
    base: u64,
    period: i64,
    phase: i64,
}

/// One entry of a playlist.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Entry {
    pub(in crate::sandbox) added_at: Option<Timestamp>,
    pub(in crate::sandbox) added_by: AddedBy,
    pub(in crate::sandbox) content: Content,
}

/// Who added an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum AddedBy {
    Owner,
    Nobody,
    Unknown,
    User(u64),
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Content {
    Track(u64),
    Episode(u64),
    Local(LocalFile),
    Gone,
}

/// A file on somebody's own disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct LocalFile {
    pub(in crate::sandbox) artist: String,
    pub(in crate::sandbox) album: String,
    pub(in crate::sandbox) title: String,
    pub(in crate::sandbox) duration_s: u64,
}

/// Folds a user id to what playlist ids carry of it.
pub(in crate::sandbox) fn fold_user(id: &str) -> u32 {
    fold(id) as u32
}

/// Whether Spotify itself put the playlist together.
pub(in crate::sandbox) fn is_editorial(id: &str) -> bool {
    id.starts_with(EDITORIAL)
}

impl World {
    /// How many playlists of a user's own there are.
    pub(in crate::sandbox) fn playlists_of(&self, user: &str) -> u64 {
        12 + self.seed.draw(Domain::User, fold(user)).below(20)
    }

    /// The id of the nth playlist of a user. The first few have a nature of their own.
    pub(in crate::sandbox) fn playlist_id(&self, user: &str, nth: u64) -> String {
        self.id(Kind::Playlist, u64::from(fold_user(user)) << 8 | nth)
    }

    /// The users whose playlists a user follows.
    pub(in crate::sandbox) fn owners_followed_by(&self, user: &str) -> Vec<String> {
        let mut draw = self.seed.draw(Domain::Library, fold(user));
        (0..FOLLOWED)
            .map(|_| self.user(draw.below(100_000)).id)
            .collect()
    }

    /// The ids of the playlists of others that a user follows; Spotify's come last.
    pub(in crate::sandbox) fn followed(&self, user: &str) -> Vec<String> {
        let owners = self.owners_followed_by(user);
        let mut ids: Vec<String> = owners
            .iter()
            .enumerate()
            .map(|(nth, owner)| {
                // The second is one that they work on together.
                self.playlist_id(owner, if nth == 1 { 3 } else { 6 + nth as u64 % 6 })
            })
            .collect();
        ids.extend(WELL_KNOWN.iter().take(4).map(|(id, _)| (*id).to_owned()));
        ids
    }

    /// The playlist of an id of 22 characters.
    pub(in crate::sandbox) fn playlist(&self, id: &str, now: Timestamp) -> Playlist {
        let key = fold(id) ^ self.seed.0;
        let draw = self.seed.draw(Domain::Playlist, key);
        let mut playlist = match ids::index(self.seed, Kind::Playlist, id) {
            _ if is_editorial(id) => editorial(id, draw),
            Some(index) => self.owned(id, index, draw),
            None => self.any(id, draw),
        };
        playlist.key = key;
        let seconds = now.as_second() - DAWN + playlist.phase;
        playlist.version = (seconds.max(0) / playlist.period) as u64;
        if playlist.nature != Nature::Chart && playlist.base > 0 {
            playlist.total = playlist.base + playlist.version % CHANGES_KEPT;
        }
        playlist.snapshot_id = snapshot_id(key, playlist.version);
        playlist
    }

    fn owned(&self, id: &str, index: u64, mut draw: Draw) -> Playlist {
        let (owner, nth) = ((index >> 8) as u32, index & 0xff);
        let mut playlist = self.any(id, draw.clone());
        playlist.owner = Owner::Folded(owner);
        playlist.collaborative = nth == 3;
        playlist.public = match nth {
            3 | 4 => Some(false),
            7 => None,
            _ => Some(true),
        };
        (playlist.base, playlist.nature) = match nth {
            0 => (MOST_ENTRIES - CHANGES_KEPT, Nature::Plain),
            1 => (0, Nature::Plain),
            2 if self.warts => (120, Nature::Odd),
            5 if self.warts => (80, Nature::Old),
            _ if self.warts && draw.chance(250) => (playlist.base, Nature::Mixed),
            _ => (playlist.base, Nature::Plain),
        };
        playlist.total = playlist.base;
        playlist
    }

    /// The playlist of an id that says nothing.
    fn any(&self, id: &str, mut draw: Draw) -> Playlist {
        let base = match draw.below(100) {
            0..70 => 10 + draw.below(110),
            70..92 => 120 + draw.below(780),
            92..99 => 900 + draw.below(3_000),
            _ => 4_000 + draw.below(MOST_ENTRIES - CHANGES_KEPT - 4_000),
        };
        let odd = self.warts && draw.chance(125);
        Playlist {
            id: id.to_owned(),
            name: words::playlist(&mut draw),
            description: if draw.chance(300) {
                words::sentence(&mut draw)
            } else {
                String::new()
            },
            owner: Owner::Number(draw.below(100_000)),
            public: Some(true),
            collaborative: false,
            followers: draw.below(3_000),
            total: base,
            snapshot_id: String::new(),
            nature: if odd { Nature::Mixed } else { Nature::Plain },
            key: 0,
            version: 0,
            base,
            period: 3 * DAY_SECONDS,
            phase: draw.below(3 * DAY_SECONDS as u64) as i64,
        }
    }

    /// The entry at a position below the total.
    pub(in crate::sandbox) fn entry(&self, playlist: &Playlist, position: u64) -> Entry {
        if playlist.nature == Nature::Chart {
            return self.chart_entry(playlist, position);
        }
        // Each change appends an entry; every tenth takes the ten oldest away.
        let sequence = playlist.version / CHANGES_KEPT * CHANGES_KEPT + position;
        let mut draw = self.seed.draw2(Domain::Entry, playlist.key, sequence);
        let since_start = sequence as i64 - playlist.base as i64;
        let added_at = if since_start >= 0 {
            DAWN - playlist.phase + (since_start + 1) * playlist.period
        } else {
            DAWN - playlist.phase + since_start * 7_200
        };
        let content = self.content(playlist.nature, &mut draw);
        let (added_at, added_by) = match playlist.nature {
            Nature::Old if draw.chance(100) => (Some(Timestamp::UNIX_EPOCH), AddedBy::Unknown),
            Nature::Old => (None, AddedBy::Unknown),
            _ if content == Content::Gone => (Some(moment(added_at)), AddedBy::Nobody),
            _ if playlist.collaborative && draw.chance(400) => {
                (Some(moment(added_at)), AddedBy::User(draw.below(100_000)))
            }
            _ => (Some(moment(added_at)), AddedBy::Owner),
        };
        Entry {
            added_at,
            added_by,
            content,
        }
    }

    fn chart_entry(&self, playlist: &Playlist, rank: u64) -> Entry {
        let mut phase = self.seed.draw2(Domain::Rank, playlist.key, rank);
        let week = (playlist.version + phase.below(7)) / 7;
        let mut draw = self.seed.draw2(Domain::Entry, playlist.key ^ week, rank);
        let track = self.chart_track(&mut draw, rank, playlist.total);
        Entry {
            added_at: Some(moment(
                DAWN - playlist.phase + playlist.version as i64 * playlist.period,
            )),
            added_by: AddedBy::Nobody,
            content: Content::Track(track),
        }
    }

    fn content(&self, nature: Nature, draw: &mut Draw) -> Content {
        let odd_in_a_thousand = match nature {
            Nature::Mixed => 30,
            Nature::Odd => 330,
            Nature::Chart | Nature::Plain | Nature::Old => 0,
        };
        if !draw.chance(odd_in_a_thousand) {
            return Content::Track(self.known_track(draw));
        }
        match draw.below(3) {
            0 => Content::Gone,
            1 => {
                let show = draw.below(self.shows());
                Content::Episode(Self::episode_from_newest(show, 20, draw.below(20)))
            }
            _ => Content::Local(LocalFile {
                artist: words::artist(draw),
                album: words::title(draw),
                title: words::title(draw),
                duration_s: 60 + draw.below(400),
            }),
        }
    }

    /// The user of an owner, when the number of one is known.
    pub(in crate::sandbox) fn owner_by_number(&self, owner: &Owner) -> Option<User> {
        match owner {
            Owner::Spotify => Some(self.user_named(SPOTIFY)),
            Owner::Number(number) => Some(self.user(*number)),
            Owner::Folded(_) => None,
        }
    }
}

fn editorial(id: &str, mut draw: Draw) -> Playlist {
    let chart = id.starts_with(CHART);
    let name = WELL_KNOWN
        .iter()
        .find(|(known, _)| *known == id)
        .map_or_else(
            || words::playlist(&mut draw),
            |(_, name)| (*name).to_owned(),
        );
    let description = if chart {
        format!("Your daily update of the most played tracks right now - {name}.")
    } else {
        words::sentence(&mut draw)
    };
    Playlist {
        id: id.to_owned(),
        name,
        description,
        owner: Owner::Spotify,
        public: Some(true),
        collaborative: false,
        followers: 100_000 + draw.below(20_000_000),
        total: if chart { 50 } else { 100 },
        snapshot_id: String::new(),
        nature: Nature::Chart,
        key: 0,
        version: 0,
        base: 0,
        period: DAY_SECONDS,
        phase: draw.below(DAY_SECONDS as u64) as i64,
    }
}

/// A snapshot id has the form of Spotify's: base 64 of a count and a hash.
fn snapshot_id(key: u64, version: u64) -> String {
    use base64::Engine as _;
    let text = format!("{},{:040x}", version + 1, super::draw::mix(key ^ version));
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[cfg(test)]
mod tests;
