//! Tracks, albums and artists. They come in groups of 320 tracks, 64 albums
//! and 16 artists, so that each is found from the others by looking at one
//! group. Must not know playlists.

use std::ops::Range;

use super::World;
use super::draw::{Domain, Draw};
use super::groups::{GROUP_ALBUMS, GROUP_ARTISTS, GROUP_TRACKS};
use super::words;

const TRACKS_ON_A_DISC: u64 = 20;

/// A track.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Track {
    pub(in crate::sandbox) index: u64,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) album: u64,
    pub(in crate::sandbox) artists: Vec<u64>,
    pub(in crate::sandbox) disc: u64,
    pub(in crate::sandbox) place: u64,
    pub(in crate::sandbox) duration_ms: u64,
    pub(in crate::sandbox) explicit: bool,
    pub(in crate::sandbox) popularity: u64,
    pub(in crate::sandbox) isrc: String,
}

/// An album.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Album {
    pub(in crate::sandbox) index: u64,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) artist: u64,
    pub(in crate::sandbox) tracks: Range<u64>,
    pub(in crate::sandbox) release: Release,
    pub(in crate::sandbox) label: String,
    pub(in crate::sandbox) popularity: u64,
    pub(in crate::sandbox) compilation: bool,
}

impl Album {
    pub(in crate::sandbox) const fn total_tracks(&self) -> u64 {
        self.tracks.end - self.tracks.start
    }

    /// Spotify's `album_type`.
    pub(in crate::sandbox) const fn kind(&self) -> &'static str {
        match (self.compilation, self.total_tracks()) {
            (true, _) => "compilation",
            (false, 0..=4) => "single",
            (false, _) => "album",
        }
    }
}

/// When an album came out, as precisely as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Release {
    Day(u64, u64, u64),
    Month(u64, u64),
    Year(u64),
    Zero,
    Unknown,
}

impl Release {
    /// The year, 0 where it is not known.
    pub(in crate::sandbox) const fn year(self) -> u64 {
        match self {
            Self::Day(year, ..) | Self::Month(year, _) | Self::Year(year) => year,
            Self::Zero | Self::Unknown => 0,
        }
    }
}

/// An artist.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Artist {
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) genres: Vec<String>,
    pub(in crate::sandbox) popularity: u64,
    pub(in crate::sandbox) followers: u64,
}

impl World {
    pub(in crate::sandbox) const fn artists(&self) -> u64 {
        self.tracks.div_ceil(GROUP_TRACKS) * GROUP_ARTISTS
    }

    pub(in crate::sandbox) const fn albums(&self) -> u64 {
        self.tracks.div_ceil(GROUP_TRACKS) * GROUP_ALBUMS
    }

    /// Whether an album is there; the last group may not have all of its own.
    pub(in crate::sandbox) fn has_album(&self, index: u64) -> bool {
        index < self.albums()
            && self
                .group(index / GROUP_ALBUMS)
                .range(index % GROUP_ALBUMS)
                .start
                < self.tracks
    }

    /// A track by index, which is below [`World::tracks`].
    pub(in crate::sandbox) fn track(&self, index: u64) -> Track {
        let group_number = index / GROUP_TRACKS;
        let group = self.group(group_number);
        let place = group.album_of(index);
        let album_start = group.range(place).start;
        let in_album = index - album_start;
        // A song that came out twice keeps its artists, whoever's album it is on.
        let song = song(index);
        let song_artist = group.owner(group.album_of(song));
        let mut draw = self.seed.draw(Domain::Song, song);
        let artists = self.with_guests(song, song_artist);
        let name = self.song_name(&mut draw, &artists);
        let fame = self.artist_popularity(song_artist);
        Track {
            index,
            name,
            album: group_number * GROUP_ALBUMS + place,
            disc: in_album / TRACKS_ON_A_DISC + 1,
            place: in_album % TRACKS_ON_A_DISC + 1,
            duration_ms: 95_000 + draw.below(150_000) + draw.below(60_000),
            explicit: draw.chance(180),
            popularity: self.track_popularity(index, fame),
            isrc: isrc(song),
            artists,
        }
    }

    fn song_name(&self, draw: &mut Draw, artists: &[u64]) -> String {
        let title = words::title(draw);
        match artists.get(1) {
            Some(&guest) if draw.chance(500) => {
                format!("{title} (feat. {})", self.artist_name(guest))
            }
            _ => title,
        }
    }

    /// Guests come from the artist's own group, so that their appearances are found.
    fn with_guests(&self, song: u64, artist: u64) -> Vec<u64> {
        let mut draw = self.seed.draw(Domain::Guests, song);
        let guests = match draw.below(100) {
            0..72 => 0,
            72..93 => 1,
            93..98 => 2,
            _ => 3,
        };
        let mut artists = vec![artist];
        for _ in 0..guests {
            let guest = artist / GROUP_ARTISTS * GROUP_ARTISTS + draw.below(GROUP_ARTISTS);
            if !artists.contains(&guest) {
                artists.push(guest);
            }
        }
        artists
    }

    /// A track's popularity without the rest of it.
    fn track_popularity(&self, index: u64, fame: u64) -> u64 {
        let share = 30 + self.seed.draw(Domain::Track, index).below(71);
        fame * share / 100
    }

    /// An album by index, for which [`World::has_album`].
    pub(in crate::sandbox) fn album(&self, index: u64) -> Album {
        let group = self.group(index / GROUP_ALBUMS);
        let range = group.range(index % GROUP_ALBUMS);
        let artist = group.owner(index % GROUP_ALBUMS);
        let mut draw = self.seed.draw(Domain::Album, index);
        let tracks = range.start..range.end.min(self.tracks);
        let release = release(&mut draw, self.warts);
        let compilation = tracks.end - tracks.start > 4 && draw.chance(90);
        let share = 40 + draw.below(61);
        let title = words::title(&mut draw);
        let single = tracks.end - tracks.start == 1 && song(tracks.start) == tracks.start;
        Album {
            index,
            name: match () {
                () if compilation => format!("The Best of {}", self.artist_name(artist)),
                // A single is called as its song.
                () if single => self.track(tracks.start).name,
                () => title,
            },
            artist,
            tracks,
            release,
            label: words::label(&mut draw),
            popularity: self.artist_popularity(artist) * share / 100,
            compilation,
        }
    }

    /// An artist by index, which is below [`World::artists`].
    pub(in crate::sandbox) fn artist(&self, index: u64) -> Artist {
        let mut draw = self.seed.draw(Domain::Artist, index);
        let name = words::artist(&mut draw);
        let genres = if draw.chance(350) {
            1 + draw.below(4)
        } else {
            0
        };
        let mut genres: Vec<String> = (0..genres).map(|_| words::genre(&mut draw)).collect();
        genres.sort_unstable();
        genres.dedup();
        let popularity = self.artist_popularity(index);
        Artist {
            name,
            genres,
            popularity,
            followers: popularity.pow(4) / 3 + draw.below(900),
        }
    }

    pub(in crate::sandbox) fn artist_name(&self, index: u64) -> String {
        words::artist(&mut self.seed.draw(Domain::Artist, index))
    }

    fn artist_popularity(&self, index: u64) -> u64 {
        let mut draw = self.seed.draw(Domain::Artist, index);
        let _ = draw.next();
        match draw.below(100) {
            0..60 => draw.below(35),
            60..90 => 25 + draw.below(40),
            90..98 => 55 + draw.below(30),
            _ => 80 + draw.below(21),
        }
    }

    /// The albums of an artist, newest first.
    pub(in crate::sandbox) fn albums_of(&self, artist: u64) -> Vec<Album> {
        let group_number = artist / GROUP_ARTISTS;
        let group = self.group(group_number);
        let owned = (0..GROUP_ALBUMS).filter(|&place| {
            group.owner(place) == artist && group.range(place).start < self.tracks
        });
        let mut albums: Vec<Album> = owned
            .map(|place| self.album(group_number * GROUP_ALBUMS + place))
            .collect();
        albums.sort_by_key(|album| (u64::MAX - album.release.year(), album.index));
        albums
    }

    /// The albums of others that an artist is on.
    pub(in crate::sandbox) fn appearances_of(&self, artist: u64) -> Vec<Album> {
        let group = self.group(artist / GROUP_ARTISTS);
        let first = group.first_track();
        let mut places: Vec<u64> = (first..(first + GROUP_TRACKS).min(self.tracks))
            .filter(|&track| {
                let song = song(track);
                let owner = group.owner(group.album_of(song));
                self.with_guests(song, owner).contains(&artist)
            })
            .map(|track| group.album_of(track))
            .filter(|&place| group.owner(place) != artist)
            .collect();
        places.dedup();
        let group_number = artist / GROUP_ARTISTS;
        places
            .into_iter()
            .map(|place| self.album(group_number * GROUP_ALBUMS + place))
            .collect()
    }

    /// The ten most popular tracks of an artist.
    pub(in crate::sandbox) fn top_tracks_of(&self, artist: u64) -> Vec<Track> {
        let mut tracks: Vec<Track> = self
            .albums_of(artist)
            .into_iter()
            .flat_map(|album| album.tracks)
            .filter(|&track| song(track) == track)
            .map(|track| self.track(track))
            .collect();
        tracks.sort_by_key(|track| (u64::MAX - track.popularity, track.index));
        tracks.truncate(10);
        tracks
    }

    /// A track that many know: the most popular of a few that are drawn.
    pub(in crate::sandbox) fn known_track(&self, draw: &mut Draw) -> u64 {
        let mut best = (0, draw.below(self.tracks));
        for _ in 0..4 {
            let index = draw.below(self.tracks);
            best = best.max((self.popularity_of(index), index));
        }
        best.1
    }

    /// A track of a chart: known, and with a release date to the day. Charts
    /// of one `size` have a different track at each `rank`.
    pub(in crate::sandbox) fn chart_track(&self, draw: &mut Draw, rank: u64, size: u64) -> u64 {
        let mut best = None;
        for _ in 0..24 {
            let index = draw.below(self.tracks / size) * size + rank;
            let group = self.group(index / GROUP_TRACKS);
            let album = index / GROUP_TRACKS * GROUP_ALBUMS + group.album_of(index);
            let mut of_album = self.seed.draw(Domain::Album, album);
            if matches!(release(&mut of_album, self.warts), Release::Day(..)) {
                best = best.max(Some((self.popularity_of(index), index)));
            }
        }
        best.map_or(rank, |(_, index)| index)
    }

    fn popularity_of(&self, track: u64) -> u64 {
        let group = self.group(track / GROUP_TRACKS);
        let owner = group.owner(group.album_of(song(track)));
        self.track_popularity(track, self.artist_popularity(owner))
    }

    /// Where a track is sold. None: the whole world.
    pub(in crate::sandbox) const fn markets_left_out(&self, track: u64) -> u64 {
        let drawn = self.seed.draw(Domain::Market, track).below(12);
        match drawn {
            // A song that came out twice is sold in its newer edition only.
            _ if song(track + GROUP_TRACKS / 2) == track => u64::MAX,
            0 => 40,
            1 => 7,
            _ => 0,
        }
    }

    /// The newer edition of a song that came out twice.
    pub(in crate::sandbox) const fn newer_edition(&self, track: u64) -> Option<u64> {
        let newer = track + GROUP_TRACKS / 2;
        if newer < self.tracks && song(newer) == track {
            Some(newer)
        } else {
            None
        }
    }
}

/// The song of a track: four of a group came out in its first half already.
const fn song(track: u64) -> u64 {
    let place = track % GROUP_TRACKS;
    if place >= GROUP_TRACKS / 2 && place % 40 == 7 {
        track - GROUP_TRACKS / 2
    } else {
        track
    }
}

/// An ISRC that carries the song's index.
fn isrc(song: u64) -> String {
    let registrant = song / 100_000;
    let letter = |place: u64| char::from(b'A' + (registrant / place % 26) as u8);
    format!(
        "QZ{}{}{}{:02}{:05}",
        letter(676),
        letter(26),
        letter(1),
        song % 24 + 1,
        song % 100_000
    )
}

/// The song whose ISRC this is, when the text has the form of one.
pub(in crate::sandbox) fn song_of_isrc(text: &str) -> Option<u64> {
    let text = text.to_ascii_uppercase();
    let letters = text.strip_prefix("QZ")?.get(..3)?;
    let registrant = letters.bytes().try_fold(0_u64, |sum, byte| {
        let letter = byte.checked_sub(b'A').filter(|letter| *letter < 26)?;
        Some(sum * 26 + u64::from(letter))
    })?;
    let song = registrant * 100_000 + text.get(7..)?.parse::<u64>().ok()?;
    (isrc(song) == text).then_some(song)
}

fn release(draw: &mut Draw, warts: bool) -> Release {
    let years_ago = draw.below(60) * draw.below(60) / 60;
    let year = 2025 - years_ago;
    let (month, day) = (1 + draw.below(12), 1 + draw.below(28));
    match draw.below(1_000) {
        0..5 if warts => Release::Unknown,
        5..10 if warts => Release::Zero,
        0..30 => Release::Month(year, month),
        30..190 => Release::Year(year),
        _ => Release::Day(year, month, day),
    }
}

#[cfg(test)]
mod tests;
