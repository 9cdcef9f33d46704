//! What is drawn for the world, each in a domain of its own; ids can be undone.

pub(in crate::sandbox) use crate::splitmix::mix;
use crate::splitmix::{self, GAMMA, unmix};

/// A stream of draws; chances are so many in a thousand.
pub(in crate::sandbox) type Draw = splitmix::Draw<1_000>;

/// Folds a text into 64 bits.
pub(in crate::sandbox) fn fold(text: &str) -> u64 {
    text.bytes().fold(GAMMA, |hash, byte| {
        mix(hash ^ u64::from(byte)).wrapping_add(GAMMA)
    })
}

/// What a draw is for. Draws of two domains have nothing to do with each other.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(in crate::sandbox) enum Domain {
    Album = 1,
    AlbumPlan,
    Artist,
    Audiobook,
    Chapter,
    Entry,
    Episode,
    Features,
    Guests,
    Id,
    Library,
    Market,
    OwnerPlan,
    Play,
    Playlist,
    Rank,
    Session,
    Show,
    Song,
    Token,
    Track,
    User,
}

/// The seed, from which every draw follows.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Seed(pub(in crate::sandbox) u64);

impl Seed {
    /// Returns 64 bits that are distinct for every index of a domain.
    pub(in crate::sandbox) const fn unique(self, domain: Domain, index: u64) -> u64 {
        mix(self.key(domain) ^ index)
    }

    /// Returns the index for which [`Self::unique`] gives `value`.
    pub(in crate::sandbox) const fn index_of(self, domain: Domain, value: u64) -> u64 {
        unmix(value) ^ self.key(domain)
    }

    const fn key(self, domain: Domain) -> u64 {
        splitmix::key(self.0, domain as u64)
    }

    /// Starts the stream of draws that belongs to an index of a domain.
    pub(in crate::sandbox) const fn draw(self, domain: Domain, index: u64) -> Draw {
        Draw::new(self.unique(domain, index))
    }

    /// Starts the stream of draws that belongs to a pair of numbers.
    pub(in crate::sandbox) const fn draw2(self, domain: Domain, one: u64, two: u64) -> Draw {
        self.draw(domain, mix(one).wrapping_add(two))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_to_its_index() {
        for seed in [0, 1, 42, u64::MAX].map(Seed) {
            assert_eq!(seed.index_of(Domain::Id, seed.unique(Domain::Id, 99)), 99);
        }
    }
}
