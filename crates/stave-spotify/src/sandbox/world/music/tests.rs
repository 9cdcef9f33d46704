//! Tracks, albums and artists agree with each other.

use std::collections::HashSet;

use super::*;
use crate::sandbox::world::draw::Seed;

fn world(tracks: u64) -> World {
    World {
        seed: Seed(7),
        tracks,
        warts: true,
    }
}

#[test]
fn tracks_albums_and_artists_agree() {
    let world = world(1_000);
    let mut seen = 0;
    for index in (0..world.albums()).filter(|&index| world.has_album(index)) {
        let album = world.album(index);
        assert!(album.total_tracks() > 0);
        for track in album.tracks.clone() {
            assert_eq!(world.track(track).album, index);
            seen += 1;
        }
        let mine = world.albums_of(album.artist);
        assert!(mine.iter().any(|other| other.index == index));
    }
    assert_eq!(seen, 1_000);
}

#[test]
fn guests_find_their_appearances() {
    let world = world(1_000);
    let track = (0..1_000)
        .map(|index| world.track(index))
        .find(|track| track.artists.len() == 2)
        .unwrap();
    let album = world.album(track.album);
    let guest = *track
        .artists
        .iter()
        .find(|&&who| who != album.artist)
        .unwrap();
    let on = world.appearances_of(guest);
    assert!(on.iter().any(|album| album.index == track.album));
}

#[test]
fn a_song_that_came_out_twice_is_one_song() {
    let world = world(1_000);
    let (old, new) = (world.track(7), world.track(167));
    assert_eq!(world.newer_edition(7), Some(167));
    assert_eq!(
        (&old.name, &old.isrc, &old.artists),
        (&new.name, &new.isrc, &new.artists)
    );
    assert_ne!(old.album, new.album);
    assert_eq!(song_of_isrc(&old.isrc), Some(7));
    assert_eq!(song_of_isrc("USUG12401028"), None);
}

#[test]
fn a_chart_has_no_track_twice_and_only_whole_dates() {
    let world = world(10_000);
    let tracks: HashSet<u64> = (0..50)
        .map(|rank| world.chart_track(&mut world.seed.draw(Domain::Rank, rank), rank, 50))
        .collect();
    assert_eq!(tracks.len(), 50);
    for track in tracks {
        let album = world.album(world.track(track).album);
        assert!(matches!(album.release, Release::Day(..)));
    }
}

#[test]
fn dates_of_every_precision_come() {
    let world = world(20_000);
    let mut seen = [false; 5];
    for index in 0..world.albums() {
        if world.has_album(index) {
            match world.album(index).release {
                Release::Day(..) => seen[0] = true,
                Release::Month(..) => seen[1] = true,
                Release::Year(_) => seen[2] = true,
                Release::Zero => seen[3] = true,
                Release::Unknown => seen[4] = true,
            }
        }
    }
    assert_eq!(seen, [true; 5]);
}
