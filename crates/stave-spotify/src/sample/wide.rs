//! The five files of the wide original: albums, artists, tracks, features and
//! `data`, which holds the other four joined.
//!
//! `data` has one row for each row of the albums; where an artist or a track
//! has no match, its cells are empty. Must not know how names and numbers
//! come about.

use std::io;

use super::catalogue::{Album, Catalogue};
use super::csv::{self, Page};
use super::features::{self, Features};
use super::names::Names;
use super::narrow;
use super::random::Domain;

pub(super) const ALBUMS: &str = "track_name,track_id,track_number,duration_ms,album_type,artists,total_tracks,album_name,release_date,label,album_popularity,album_id,artist_id,artist_0,artist_1,artist_2,artist_3,artist_4,artist_5,artist_6,artist_7,artist_8,artist_9,artist_10,artist_11,duration_sec\n";
pub(super) const ARTISTS: &str = "id,name,artist_popularity,artist_genres,followers,genre_0,genre_1,genre_2,genre_3,genre_4,genre_5,genre_6\n";
pub(super) const TRACKS: &str = "id,track_popularity,explicit\n";
pub(super) const FEATURES: &str = "danceability,energy,key,loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,type,id,uri,track_href,analysis_url,duration_ms,time_signature\n";
pub(super) const DATA: &str = "album_id,album_name,album_popularity,album_type,artists,artist_0,artist_1,artist_2,artist_3,artist_4,artist_id,duration_sec,label,release_date,total_tracks,track_id,track_name,track_number,artist_genres,artist_popularity,followers,name,genre_0,genre_1,genre_2,genre_3,genre_4,acousticness,analysis_url,danceability,duration_ms,energy,instrumentalness,key,liveness,loudness,mode,speechiness,tempo,time_signature,track_href,type,uri,valence,explicit,track_popularity,release_year,release_month,rn\n";

const MOST_ARTISTS: usize = 12;

/// The data set and the buffers that one file needs.
pub(super) struct Wide<'a> {
    catalogue: &'a Catalogue,
    names: &'a Names,
    /// The names of a track's artists, one after the other, and their ends.
    artists: Vec<u8>,
    ends: Vec<usize>,
}

impl<'a> Wide<'a> {
    pub(super) fn new(catalogue: &'a Catalogue, names: &'a Names) -> Self {
        Self {
            catalogue,
            names,
            artists: Vec::new(),
            ends: Vec::new(),
        }
    }

    pub(super) fn albums(&mut self, page: &mut Page) -> io::Result<u64> {
        for block in 0..self.catalogue.blocks() {
            for album in self.catalogue.albums(block) {
                for row in album.rows() {
                    self.album_row(&mut page.cells, &album, row);
                }
                page.turn()?;
            }
        }
        Ok(self.catalogue.rows)
    }

    fn album_row(&mut self, cells: &mut Vec<u8>, album: &Album, row: u64) {
        let (catalogue, names) = (self.catalogue, self.names);
        let duration_ms = catalogue.duration_ms(row);
        self.find_artists(album, row);
        cell(cells, |cells| {
            csv::text(cells, |cells| names.track(cells, row));
        });
        cell(cells, |cells| csv::id(cells, catalogue.track_id(row)));
        number(cells, row - album.first_row + 1);
        number(cells, duration_ms);
        cell(cells, |cells| cells.extend_from_slice(album_type(album)));
        self.artist_list(cells);
        number(cells, album.tracks);
        cell(cells, |cells| {
            csv::text(cells, |cells| names.album(cells, album));
        });
        cell(cells, |cells| {
            narrow::release_date(cells, catalogue.release_date(album));
        });
        cell(cells, |cells| {
            csv::text(cells, |cells| names.label(cells, album));
        });
        number(cells, album.popularity);
        cell(cells, |cells| csv::id(cells, catalogue.album_id(album)));
        cell(cells, |cells| {
            csv::id(cells, catalogue.artist_id(album.artist, album.stray));
        });
        self.artist_cells(cells, MOST_ARTISTS);
        csv::decimal(cells, duration_ms, 3);
        cells.push(b'\n');
    }

    pub(super) fn artists(&self, page: &mut Page) -> io::Result<u64> {
        let (catalogue, names) = (self.catalogue, self.names);
        for window in narrow::artist_windows(catalogue) {
            for artist in window {
                let cells = &mut page.cells;
                let (popularity, followers) = catalogue.figures(artist);
                cell(cells, |cells| {
                    csv::id(cells, catalogue.artist_id(artist, false));
                });
                cell(cells, |cells| {
                    csv::text(cells, |cells| names.artist(cells, artist));
                });
                number(cells, popularity);
                self.genre_list(cells, artist);
                number(cells, followers);
                self.genre_cells(cells, artist, 7);
                end_row(cells);
                page.turn()?;
            }
        }
        Ok(catalogue.artists)
    }

    pub(super) fn tracks(&self, page: &mut Page) -> io::Result<u64> {
        let catalogue = self.catalogue;
        for window in narrow::windows(catalogue) {
            let first = catalogue.block_rows(window.start).start;
            let popularity = narrow::track_popularity(catalogue, &window);
            for row in narrow::shuffled(catalogue, Domain::TrackOrder, &window) {
                let cells = &mut page.cells;
                cell(cells, |cells| csv::id(cells, catalogue.track_file_id(row)));
                number(cells, u64::from(popularity[(row - first) as usize]));
                cells.extend_from_slice(self.explicit(row));
                cells.push(b'\n');
                page.turn()?;
            }
        }
        Ok(catalogue.rows)
    }

    pub(super) fn features(&self, page: &mut Page) -> io::Result<u64> {
        let catalogue = self.catalogue;
        for window in narrow::windows(catalogue) {
            for row in narrow::shuffled(catalogue, Domain::FeatureOrder, &window) {
                feature_row(&mut page.cells, &Features::of(catalogue, row));
                page.turn()?;
            }
        }
        Ok(catalogue.rows)
    }

    pub(super) fn data(&mut self, page: &mut Page) -> io::Result<u64> {
        for block in 0..self.catalogue.blocks() {
            for album in self.catalogue.albums(block) {
                for row in album.rows() {
                    self.data_row(&mut page.cells, &album, row);
                }
                page.turn()?;
            }
        }
        Ok(self.catalogue.rows)
    }

    fn data_row(&mut self, cells: &mut Vec<u8>, album: &Album, row: u64) {
        let (catalogue, names) = (self.catalogue, self.names);
        let date = catalogue.release_date(album);
        self.find_artists(album, row);
        cell(cells, |cells| csv::id(cells, catalogue.album_id(album)));
        cell(cells, |cells| {
            csv::text(cells, |cells| names.album(cells, album));
        });
        number(cells, album.popularity);
        cell(cells, |cells| cells.extend_from_slice(album_type(album)));
        self.artist_list(cells);
        self.artist_cells(cells, 5);
        cell(cells, |cells| {
            csv::id(cells, catalogue.artist_id(album.artist, album.stray));
        });
        cell(cells, |cells| {
            csv::decimal(cells, catalogue.duration_ms(row), 3);
        });
        cell(cells, |cells| {
            csv::text(cells, |cells| names.label(cells, album));
        });
        cell(cells, |cells| narrow::release_date(cells, date));
        number(cells, album.tracks);
        cell(cells, |cells| csv::id(cells, catalogue.track_id(row)));
        cell(cells, |cells| {
            csv::text(cells, |cells| names.track(cells, row));
        });
        number(cells, row - album.first_row + 1);
        if album.stray {
            cells.extend_from_slice(b",,,,,,,,,");
        } else {
            self.joined_artist(cells, album.artist);
        }
        if catalogue.is_lost(row) {
            cells.extend_from_slice(b",,,,,,,,,,,,,,,,,,,");
        } else {
            joined_features(cells, &Features::of(catalogue, row));
            cell(cells, |cells| cells.extend_from_slice(self.explicit(row)));
            number(cells, catalogue.track_popularity(row, album.popularity));
        }
        number(cells, date.year);
        if date.month > 0 {
            csv::integer(cells, date.month);
        }
        cells.extend_from_slice(b",1\n");
    }

    fn joined_artist(&self, cells: &mut Vec<u8>, artist: u64) {
        let (popularity, followers) = self.catalogue.figures(artist);
        self.genre_list(cells, artist);
        number(cells, popularity);
        number(cells, followers);
        cell(cells, |cells| {
            csv::text(cells, |cells| self.names.artist(cells, artist));
        });
        self.genre_cells(cells, artist, 5);
    }

    /// Draws who plays on a track: its artist, on some with guests.
    fn find_artists(&mut self, album: &Album, row: u64) {
        let mut draw = self.catalogue.seed.draw(Domain::Guests, row);
        let guests = match draw.below(1000) {
            0..780 => 0,
            780..930 => 1,
            930..980 => 2,
            _ => 3 + draw.skewed(9),
        };
        self.artists.clear();
        self.ends.clear();
        self.names.artist(&mut self.artists, album.artist);
        self.ends.push(self.artists.len());
        for _ in 0..guests {
            let guest = draw.skewed(self.catalogue.artists);
            self.names.artist(&mut self.artists, guest);
            self.ends.push(self.artists.len());
        }
    }

    fn artist_names(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(&start, &end)| &self.artists[start..end])
    }

    fn artist_list(&self, cells: &mut Vec<u8>) {
        python_list(cells, self.artist_names());
    }

    fn artist_cells(&self, cells: &mut Vec<u8>, count: usize) {
        let mut names = self.artist_names();
        for _ in 0..count {
            let name = names.next().unwrap_or_default();
            cell(cells, |cells| {
                csv::text(cells, |cells| cells.extend_from_slice(name));
            });
        }
    }

    fn genre_list(&self, cells: &mut Vec<u8>, artist: u64) {
        let (genres, count) = self.names.genres(artist);
        let names = genres[..count].iter().map(|&genre| {
            let mut name = Vec::new();
            self.names.genre(&mut name, genre);
            name
        });
        python_list(cells, names);
    }

    fn genre_cells(&self, cells: &mut Vec<u8>, artist: u64, cell_count: usize) {
        let (genres, count) = self.names.genres(artist);
        let mut genres = genres[..count].iter();
        for _ in 0..cell_count {
            if let Some(&genre) = genres.next() {
                csv::text(cells, |cells| self.names.genre(cells, genre));
            }
            cells.push(b',');
        }
    }

    fn explicit(&self, row: u64) -> &'static [u8] {
        let mut draw = self.catalogue.seed.draw(Domain::Explicit, row);
        if draw.chance(1_300) {
            b"true"
        } else {
            b"false"
        }
    }
}

const fn album_type(album: &Album) -> &'static [u8] {
    match album.tracks {
        _ if album.compilation => b"compilation",
        ..=3 => b"single",
        _ => b"album",
    }
}

fn feature_row(cells: &mut Vec<u8>, features: &Features) {
    fraction(cells, features.danceability);
    fraction(cells, features.energy);
    number(cells, features.key);
    cell(cells, |cells| features::negative(cells, features.loudness));
    number(cells, features.mode);
    fraction(cells, features.speechiness);
    cell(cells, |cells| features.acousticness.write(cells));
    cell(cells, |cells| features.instrumentalness.write(cells));
    fraction(cells, features.liveness);
    fraction(cells, features.valence);
    fraction(cells, features.tempo);
    cell(cells, |cells| {
        cells.extend_from_slice(features::TYPE.as_bytes());
    });
    cell(cells, |cells| csv::id(cells, features.id));
    cell(cells, |cells| {
        features::link(cells, features::URI, features.id);
    });
    cell(cells, |cells| {
        features::link(cells, features::TRACK_HREF, features.id);
    });
    cell(cells, |cells| {
        features::link(cells, features::ANALYSIS_URL, features.id);
    });
    number(cells, features.duration_ms);
    csv::integer(cells, features.time_signature);
    cells.push(b'\n');
}

fn joined_features(cells: &mut Vec<u8>, features: &Features) {
    cell(cells, |cells| features.acousticness.write(cells));
    cell(cells, |cells| {
        features::link(cells, features::ANALYSIS_URL, features.id);
    });
    fraction(cells, features.danceability);
    number(cells, features.duration_ms);
    fraction(cells, features.energy);
    cell(cells, |cells| features.instrumentalness.write(cells));
    number(cells, features.key);
    fraction(cells, features.liveness);
    cell(cells, |cells| features::negative(cells, features.loudness));
    number(cells, features.mode);
    fraction(cells, features.speechiness);
    fraction(cells, features.tempo);
    number(cells, features.time_signature);
    cell(cells, |cells| {
        features::link(cells, features::TRACK_HREF, features.id);
    });
    cell(cells, |cells| {
        cells.extend_from_slice(features::TYPE.as_bytes());
    });
    cell(cells, |cells| {
        features::link(cells, features::URI, features.id);
    });
    fraction(cells, features.valence);
}

/// Writes a cell and the comma after it.
fn cell(cells: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    write(cells);
    cells.push(b',');
}

fn number(cells: &mut Vec<u8>, value: u64) {
    cell(cells, |cells| csv::integer(cells, value));
}

fn fraction(cells: &mut Vec<u8>, thousandths: u64) {
    cell(cells, |cells| csv::decimal(cells, thousandths, 3));
}

/// Turns the comma after the last cell into the end of the line.
fn end_row(cells: &mut [u8]) {
    if let Some(last) = cells.last_mut() {
        *last = b'\n';
    }
}

fn python_list(cells: &mut Vec<u8>, entries: impl Iterator<Item = impl AsRef<[u8]>>) {
    cell(cells, |cells| {
        csv::text(cells, |cells| {
            cells.push(b'[');
            for (index, entry) in entries.enumerate() {
                if index > 0 {
                    cells.extend_from_slice(b", ");
                }
                csv::python_string(cells, entry.as_ref());
            }
            cells.push(b']');
        });
    });
}
