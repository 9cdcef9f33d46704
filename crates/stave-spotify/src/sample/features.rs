//! The audio features of a track, as the wide files have them.
//!
//! Must not know which file they go into.

use super::catalogue::Catalogue;
use super::csv;
use super::random::{Domain, Draw};

/// Audio features; fractions in thousandths unless said otherwise.
#[derive(Clone, Debug)]
pub(super) struct Features {
    pub(super) id: u64,
    pub(super) danceability: u64,
    pub(super) energy: u64,
    pub(super) key: u64,
    /// Thousandths of a decibel below zero.
    pub(super) loudness: u64,
    pub(super) mode: u64,
    pub(super) speechiness: u64,
    pub(super) acousticness: Small,
    pub(super) instrumentalness: Small,
    pub(super) liveness: u64,
    pub(super) valence: u64,
    /// Thousandths of a beat per minute.
    pub(super) tempo: u64,
    pub(super) duration_ms: u64,
    pub(super) time_signature: u64,
}

/// A fraction that may be so small that it is written with an exponent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Small {
    Thousandths(u64),
    /// Hundredths, times ten to the power of minus the second.
    Power(u64, u64),
}

impl Features {
    pub(super) fn of(catalogue: &Catalogue, row: u64) -> Self {
        let mut draw = catalogue.seed.draw(Domain::Features, row);
        Self {
            id: catalogue.track_file_id(row),
            danceability: 60 + draw.below(460) + draw.below(460),
            energy: 10 + draw.below(500) + draw.below(490),
            key: draw.below(12),
            loudness: 800 + draw.below(8_000) + draw.skewed(40_000),
            mode: u64::from(draw.chance(6_300)),
            speechiness: 23 + draw.skewed(930),
            acousticness: small(&mut draw, 500, 500),
            instrumentalness: small(&mut draw, 4_000, 3_000),
            liveness: 20 + draw.skewed(970),
            valence: 20 + draw.below(480) + draw.below(480),
            tempo: 50_000 + draw.below(80_000) + draw.below(80_000),
            duration_ms: catalogue.duration_ms(row),
            time_signature: match draw.below(100) {
                0..88 => 4,
                88..97 => 3,
                97..99 => 5,
                _ => 1,
            },
        }
    }
}

fn small(draw: &mut Draw, zero: u64, tiny: u64) -> Small {
    match draw.below(10_000) {
        kind if kind < zero => Small::Thousandths(0),
        kind if kind < zero + tiny => Small::Power(100 + draw.below(900), 5 + draw.below(2)),
        _ => Small::Thousandths(draw.below(996)),
    }
}

impl Small {
    pub(super) fn write(self, cells: &mut Vec<u8>) {
        match self {
            Self::Thousandths(value) => csv::decimal(cells, value, 3),
            Self::Power(value, power) => {
                let digits: u64 = if value.is_multiple_of(100) {
                    value / 100
                } else {
                    value
                };
                if digits < 10 {
                    csv::integer(cells, digits);
                } else {
                    csv::decimal(cells, digits, 2);
                }
                cells.extend_from_slice(b"e-");
                csv::two_digits(cells, power);
            }
        }
    }
}

/// Writes a negative number of thousandths.
pub(super) fn negative(cells: &mut Vec<u8>, value: u64) {
    cells.push(b'-');
    csv::decimal(cells, value, 3);
}

/// Writes text before an id, as in `spotify:track:…`.
pub(super) fn link(cells: &mut Vec<u8>, before: &str, id: u64) {
    cells.extend_from_slice(before.as_bytes());
    csv::id(cells, id);
}

pub(super) const URI: &str = "spotify:track:";
pub(super) const TRACK_HREF: &str = "https://api.spotify.com/v1/tracks/";
pub(super) const ANALYSIS_URL: &str = "https://api.spotify.com/v1/audio-analysis/";
pub(super) const TYPE: &str = "audio_features";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_fractions_print_as_python_prints_them() {
        for (small, expected) in [
            (Small::Thousandths(0), "0.0"),
            (Small::Thousandths(994), "0.994"),
            (Small::Power(123, 5), "1.23e-05"),
            (Small::Power(120, 6), "1.2e-06"),
            (Small::Power(200, 5), "2e-05"),
        ] {
            let mut cells = Vec::new();
            small.write(&mut cells);
            assert_eq!(String::from_utf8(cells).unwrap(), expected);
        }
    }
}
