//! The three staging files of the batch pipeline.
//!
//! Line ends are as in the files that people use: CRLF in `albums.csv`, LF in
//! the other two. Must not know how names and numbers come about.

use std::io;
use std::ops::Range;

use super::catalogue::{Album, BLOCK_ROWS, Catalogue, ReleaseDate};
use super::csv::{self, Page};
use super::names::Names;
use super::random::{Domain, Seed};

pub(super) const ALBUMS: &str = "track_name,track_id,duration_ms,album_name,release_date,label,album_popularity,album_id,artist_id,duration_sec\r\n";
pub(super) const ARTISTS: &str = "id,name,artist_popularity,followers,genre\n";
pub(super) const TRACKS: &str = "track_id,track_popularity\n";

/// Blocks whose rows are shuffled together: 1.2 million rows, 6 MB of memory.
const WINDOW_BLOCKS: u64 = 32;

pub(super) fn albums(catalogue: &Catalogue, names: &Names, page: &mut Page) -> io::Result<u64> {
    let mut shared = Vec::new();
    for block in 0..catalogue.blocks() {
        for album in catalogue.albums(block) {
            shared.clear();
            album_cells(catalogue, names, &album, &mut shared);
            for row in album.rows() {
                let cells = &mut page.cells;
                let duration_ms = catalogue.duration_ms(row);
                csv::text(cells, |cells| names.track(cells, row));
                cells.push(b',');
                csv::id(cells, catalogue.track_id(row));
                cells.push(b',');
                csv::integer(cells, duration_ms);
                cells.extend_from_slice(&shared);
                csv::decimal(cells, duration_ms, 3);
                cells.extend_from_slice(b"\r\n");
            }
            page.turn()?;
        }
    }
    Ok(catalogue.rows)
}

/// What the rows of an album share, from the comma before to the comma after.
fn album_cells(catalogue: &Catalogue, names: &Names, album: &Album, cells: &mut Vec<u8>) {
    cells.push(b',');
    csv::text(cells, |cells| names.album(cells, album));
    cells.push(b',');
    release_date(cells, catalogue.release_date(album));
    cells.push(b',');
    csv::text(cells, |cells| names.label(cells, album));
    cells.push(b',');
    csv::integer(cells, album.popularity);
    cells.push(b',');
    csv::id(cells, catalogue.album_id(album));
    cells.push(b',');
    csv::id(cells, catalogue.artist_id(album.artist, album.stray));
    cells.push(b',');
}

pub(super) fn release_date(cells: &mut Vec<u8>, date: ReleaseDate) {
    csv::integer(cells, date.year);
    if date.month > 0 {
        cells.push(b'-');
        csv::two_digits(cells, date.month);
    }
    if date.day > 0 {
        cells.push(b'-');
        csv::two_digits(cells, date.day);
        cells.extend_from_slice(b" 00:00:00 UTC");
    }
}

pub(super) fn artists(catalogue: &Catalogue, names: &Names, page: &mut Page) -> io::Result<u64> {
    for window in artist_windows(catalogue) {
        for artist in window {
            let cells = &mut page.cells;
            let (popularity, followers) = catalogue.figures(artist);
            csv::id(cells, catalogue.artist_id(artist, false));
            cells.push(b',');
            csv::text(cells, |cells| names.artist(cells, artist));
            cells.push(b',');
            csv::integer(cells, popularity);
            cells.push(b',');
            csv::integer(cells, followers);
            cells.push(b',');
            if let (genres, 1..) = names.genres(artist) {
                csv::text(cells, |cells| names.genre(cells, genres[0]));
            }
            cells.push(b'\n');
            page.turn()?;
        }
    }
    Ok(catalogue.artists)
}

pub(super) fn tracks(catalogue: &Catalogue, page: &mut Page) -> io::Result<u64> {
    for window in windows(catalogue) {
        let popularity = track_popularity(catalogue, &window);
        for row in shuffled(catalogue, Domain::TrackOrder, &window) {
            let cells = &mut page.cells;
            csv::id(cells, catalogue.track_file_id(row));
            cells.push(b',');
            let first = catalogue.block_rows(window.start).start;
            csv::integer(cells, u64::from(popularity[(row - first) as usize]));
            cells.push(b'\n');
            page.turn()?;
        }
    }
    Ok(catalogue.rows)
}

/// The popularity of the tracks of a window, in the order of their rows.
pub(super) fn track_popularity(catalogue: &Catalogue, window: &Range<u64>) -> Vec<u8> {
    let mut popularity = Vec::with_capacity((WINDOW_BLOCKS * BLOCK_ROWS) as usize);
    for block in window.clone() {
        for album in catalogue.albums(block) {
            for row in album.rows() {
                popularity.push(catalogue.track_popularity(row, album.popularity) as u8);
            }
        }
    }
    popularity
}

/// The windows of blocks, last first: the other files are in another order
/// than the albums.
pub(super) fn windows(catalogue: &Catalogue) -> impl Iterator<Item = Range<u64>> + use<> {
    let blocks = catalogue.blocks();
    (0..blocks.div_ceil(WINDOW_BLOCKS))
        .rev()
        .map(move |window| window * WINDOW_BLOCKS..((window + 1) * WINDOW_BLOCKS).min(blocks))
}

/// The rows of a window, in the order that a file has them.
pub(super) fn shuffled(
    catalogue: &Catalogue,
    order: Domain,
    window: &Range<u64>,
) -> impl Iterator<Item = u64> + use<> {
    let first = catalogue.block_rows(window.start).start;
    let end = catalogue.block_rows(window.end - 1).end;
    in_random_order(catalogue.seed, order, first, end)
}

/// The artists, window by window, in the order of the artists file.
pub(super) fn artist_windows(
    catalogue: &Catalogue,
) -> impl Iterator<Item = impl Iterator<Item = u64> + use<>> + use<> {
    let catalogue = *catalogue;
    windows(&catalogue).map(move |window| {
        let first = catalogue.block_artists(window.start).start;
        let end = catalogue.block_artists(window.end - 1).end;
        in_random_order(catalogue.seed, Domain::ArtistOrder, first, end)
    })
}

fn in_random_order(
    seed: Seed,
    order: Domain,
    first: u64,
    end: u64,
) -> impl Iterator<Item = u64> + use<> {
    let mut offsets: Vec<u32> = (0..(end - first) as u32).collect();
    seed.draw(order, first).shuffle(&mut offsets);
    offsets
        .into_iter()
        .map(move |offset| first + u64::from(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_hold_every_row_and_artist_once_and_out_of_order() {
        let catalogue = Catalogue::new(2_500_000, 246_667, 9);
        assert_eq!(windows(&catalogue).count(), 3);
        let rows = windows(&catalogue)
            .flat_map(|window| shuffled(&catalogue, Domain::TrackOrder, &window));
        seen_once(rows, catalogue.rows);
        seen_once(artist_windows(&catalogue).flatten(), catalogue.artists);
    }

    fn seen_once(numbers: impl Iterator<Item = u64>, count: u64) {
        let mut seen = vec![false; count as usize];
        let (mut in_order, mut last) = (0, 0);
        for number in numbers {
            assert!(!std::mem::replace(&mut seen[number as usize], true));
            in_order += u64::from(number > last);
            last = number;
        }
        assert!(seen.iter().all(|seen| *seen));
        assert!(
            in_order < count * 52 / 100,
            "{in_order} of {count} follow their like"
        );
    }
}
