//! What is drawn for the sample, each in a domain of its own.

pub(super) use crate::splitmix::mix;
use crate::splitmix::{self, key};

/// A stream of draws; chances are so many in ten thousand.
pub(super) type Draw = splitmix::Draw<10_000>;

/// What a draw is for. Draws of two domains have nothing to do with each other.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum Domain {
    TrackId = 1,
    AlbumId,
    ArtistId,
    Title,
    Duration,
    TrackPopularity,
    Explicit,
    Guests,
    Features,
    Album,
    AlbumName,
    Label,
    ArtistName,
    ArtistFigures,
    ArtistWeight,
    ArtistGenres,
    ArtistLabel,
    LabelName,
    LostTrack,
    Plan,
    TrackOrder,
    ArtistOrder,
    FeatureOrder,
    Oddity,
}

/// The seed, from which every draw follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed(pub(super) u64);

impl Seed {
    /// Returns 64 bits that are distinct for every index of a domain.
    pub(super) const fn unique(self, domain: Domain, index: u64) -> u64 {
        mix(key(self.0, domain as u64) ^ index)
    }

    /// Starts the stream of draws that belongs to an index of a domain.
    pub(super) const fn draw(self, domain: Domain, index: u64) -> Draw {
        Draw::new(self.unique(domain, index))
    }
}
