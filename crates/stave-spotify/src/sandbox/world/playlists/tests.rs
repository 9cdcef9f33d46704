//! Playlists change as they should.

use super::*;
use crate::sandbox::world::draw::Seed;

const WORLD: World = World {
    seed: Seed(7),
    tracks: 20_000,
    warts: true,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn sizes_are_as_promised() {
    let now = at("2026-11-01T12:00:00Z");
    assert_eq!(WORLD.playlist("37i9dQZEVXbMDoHDwVN2tF", now).total, 50);
    assert_eq!(WORLD.playlist("37i9dQZF1DXcBWIGoYBM5M", now).total, 100);
    let big = WORLD.playlist(&WORLD.playlist_id("me", 0), now);
    assert!((MOST_ENTRIES - CHANGES_KEPT..=MOST_ENTRIES).contains(&big.total));
    assert_eq!(WORLD.playlist(&WORLD.playlist_id("me", 1), now).total, 0);
}

#[test]
fn a_change_keeps_most_entries_and_their_order() {
    let id = WORLD.playlist_id("me", 8);
    let mut now = at("2026-11-01T00:00:00Z");
    let (mut grew, mut shrank) = (false, false);
    for _ in 0..12 {
        let before = WORLD.playlist(&id, now);
        now = now
            .checked_add(jiff::SignedDuration::from_hours(72))
            .unwrap();
        let after = WORLD.playlist(&id, now);
        assert_ne!(before.snapshot_id, after.snapshot_id);
        if after.total == before.total + 1 {
            grew = true;
            let (one, two) = (WORLD.entry(&before, 3), WORLD.entry(&after, 3));
            assert_eq!((one.content, one.added_at), (two.content, two.added_at));
            let newest = WORLD.entry(&after, after.total - 1);
            let age = now.duration_since(newest.added_at.unwrap());
            assert!(age.as_hours() < 72 && !age.is_negative(), "{age:?}");
        } else {
            shrank = true;
            let (one, two) = (WORLD.entry(&before, 10), WORLD.entry(&after, 1));
            assert_eq!(before.total - after.total, 9);
            assert_eq!(one.content, WORLD.entry(&after, 0).content);
            assert_ne!(one.added_at, two.added_at);
        }
    }
    assert!(grew && shrank);
}

#[test]
fn a_chart_moves_a_little_every_day() {
    let id = "37i9dQZEVXbMDoHDwVN2tF";
    let tracks = |at: Timestamp| -> Vec<Content> {
        let playlist = WORLD.playlist(id, at);
        (0..50)
            .map(|rank| WORLD.entry(&playlist, rank).content)
            .collect()
    };
    let (one, two) = (
        tracks(at("2026-11-01T12:00:00Z")),
        tracks(at("2026-11-02T12:00:00Z")),
    );
    let changed = one.iter().zip(&two).filter(|(one, two)| one != two).count();
    assert!((1..25).contains(&changed), "{changed}");
}
