//! Generates the Spotify 2023 data set at any scale: the three staging files
//! of the batch pipeline, or the five files of the wide original.
//!
//! Seeded, and reproducible to the byte on every platform: the same scale,
//! seed and file always give the same bytes. Streams in constant memory,
//! because everything follows from the seed and a row's number. The text is
//! put together from word lists of our own; nothing comes from the real data.
//! Changing what is generated for a seed is a change that users see.
//!
//! Must not know the rest of Stave, nor where the bytes go.

mod catalogue;
mod csv;
mod features;
mod names;
mod narrow;
mod random;
#[cfg(test)]
mod tests;
mod titles;
mod wide;
mod words;

use std::io::{self, Write};

use catalogue::Catalogue;
use csv::Page;
use names::Names;
use wide::Wide;

/// The scales that can be generated; scale 1 is about 73 MB.
pub const SCALES: std::ops::RangeInclusive<f64> = 0.001..=100.0;

/// Rows of the albums file at scale 1, one for each track.
const ROWS: f64 = 375_000.0;
const ARTISTS: f64 = 37_000.0;

/// The data set of a scale and a seed.
#[derive(Clone, Debug)]
pub struct Sample {
    scale: f64,
    seed: u64,
    wide: bool,
    catalogue: Catalogue,
    names: Names,
}

/// A file of the data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleFile {
    /// The file's name, as in `albums.csv`.
    pub name: &'static str,
    /// How many rows it has, the header not counted. Exact.
    pub rows: u64,
    /// About how many bytes it has.
    pub bytes: u64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Albums,
    Artists,
    Tracks,
    WideAlbums,
    WideArtists,
    WideTracks,
    WideFeatures,
    WideData,
}

impl Sample {
    /// The data set of a scale from 0.001 to 100. An error of the kind
    /// `InvalidInput` says that the scale is outside.
    pub fn new(scale: f64, seed: u64) -> io::Result<Self> {
        if !SCALES.contains(&scale) {
            let message = format!(
                "scale {scale} is out of range: it is from {} to {}, and 1 is 375,000 tracks",
                SCALES.start(),
                SCALES.end()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let (rows, artists) = ((ROWS * scale).round(), (ARTISTS * scale).round());
        let catalogue = Catalogue::new(rows as u64, artists as u64, seed);
        Ok(Self {
            scale,
            seed,
            wide: false,
            catalogue,
            names: Names::new(catalogue),
        })
    }

    /// Chooses the five files of the wide original instead of the three.
    #[must_use]
    pub const fn with_wide(mut self, wide: bool) -> Self {
        self.wide = wide;
        self
    }

    /// The scale; 1 is 375,000 tracks.
    pub const fn scale(&self) -> f64 {
        self.scale
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether it is the wide original.
    pub const fn wide(&self) -> bool {
        self.wide
    }

    /// The files of the data set.
    pub fn files(&self) -> Vec<SampleFile> {
        let kinds: &[Kind] = if self.wide {
            &[
                Kind::WideAlbums,
                Kind::WideArtists,
                Kind::WideTracks,
                Kind::WideFeatures,
                Kind::WideData,
            ]
        } else {
            &[Kind::Albums, Kind::Artists, Kind::Tracks]
        };
        kinds.iter().map(|kind| self.file(*kind)).collect()
    }

    fn file(&self, kind: Kind) -> SampleFile {
        // The name and the mean length of a row, measured.
        let (name, row_bytes) = match kind {
            Kind::Albums => ("albums.csv", 166),
            Kind::Artists => ("artists.csv", 48),
            Kind::Tracks => ("track.csv", 25),
            Kind::WideAlbums => ("albums.csv", 227),
            Kind::WideArtists => ("artists.csv", 71),
            Kind::WideTracks => ("tracks.csv", 31),
            Kind::WideFeatures => ("features.csv", 267),
            Kind::WideData => ("data.csv", 517),
        };
        let rows = match kind {
            Kind::Artists | Kind::WideArtists => self.catalogue.artists,
            _ => self.catalogue.rows,
        };
        SampleFile {
            name,
            rows,
            bytes: rows * row_bytes,
            kind,
        }
    }

    /// Writes a file and returns how many rows it has, the header not counted.
    ///
    /// Hands `out` pieces of about 256 KiB, so it needs no buffer of its own,
    /// and tells `progress` the number of bytes of each. Doesn't flush `out`.
    pub fn write(
        &self,
        file: &SampleFile,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<u64> {
        let (catalogue, names) = (&self.catalogue, &self.names);
        let mut page = Page::new(out, progress);
        page.cells.extend_from_slice(header(file.kind).as_bytes());
        let mut wide = Wide::new(catalogue, names);
        let rows = match file.kind {
            Kind::Albums => narrow::albums(catalogue, names, &mut page)?,
            Kind::Artists => narrow::artists(catalogue, names, &mut page)?,
            Kind::Tracks => narrow::tracks(catalogue, &mut page)?,
            Kind::WideAlbums => wide.albums(&mut page)?,
            Kind::WideArtists => wide.artists(&mut page)?,
            Kind::WideTracks => wide.tracks(&mut page)?,
            Kind::WideFeatures => wide.features(&mut page)?,
            Kind::WideData => wide.data(&mut page)?,
        };
        page.flush()?;
        Ok(rows)
    }
}

const fn header(kind: Kind) -> &'static str {
    match kind {
        Kind::Albums => narrow::ALBUMS,
        Kind::Artists => narrow::ARTISTS,
        Kind::Tracks => narrow::TRACKS,
        Kind::WideAlbums => wide::ALBUMS,
        Kind::WideArtists => wide::ARTISTS,
        Kind::WideTracks => wide::TRACKS,
        Kind::WideFeatures => wide::FEATURES,
        Kind::WideData => wide::DATA,
    }
}
