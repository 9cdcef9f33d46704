//! A run that is killed at any save or put goes on without losing or doubling a row.

use std::sync::Arc;

use super::world::{Fault, Kept, World, id, serve, world};
use crate::client::fake::Fake;
use crate::extract::{Grain, Layout, PlaylistId, Selection, Settings, Standing, Stream};

fn selection() -> Selection {
    Selection::of(&[
        Stream::Plays,
        Stream::Me,
        Stream::TopArtists,
        Stream::SavedTracks,
        Stream::FollowedArtists,
        Stream::PlaylistItems,
        Stream::Albums,
    ])
}

fn fresh(fake: &Fake, settings: &Settings) -> Kept {
    let mut kept = Kept::of(fake.clone());
    kept.settings = settings.clone();
    kept
}

/// Kills a run of `selection` at each of its operations, and compares.
async fn killed_everywhere(world: &World, selection: &Selection, settings: Settings, after: bool) {
    let fake = serve(world).await;
    let whole = fresh(&fake, &settings);
    let report = whole.run(selection).await;
    let calls = fake.count();
    let expected = whole.contents();
    assert!(!expected.is_empty());

    let mut n = 1;
    loop {
        let kept = fresh(&fake, &settings);
        let before = fake.count();
        let fault = Arc::new(Fault::at(n, after));
        let extractor = kept.faulty(fault).await;
        let first = extractor.run(selection).await;
        // The last save is that the run has ended: killed after it, nothing is left to do.
        if first.is_ok() || kept.ended() {
            break;
        }
        let again = kept.run(selection).await;
        assert!(kept.contents() == expected, "killed at {n}: other rows");
        let spent = fake.count() - before;
        assert!(
            spent <= calls + 2,
            "killed at {n}: {spent} calls, not {calls}"
        );
        assert_eq!(again.standing(), report.standing(), "killed at {n}");
        for stream in &report.streams {
            let resumed = again.stream(stream.stream).unwrap();
            assert_eq!(resumed.missing, stream.missing, "killed at {n}");
            if !stream.stream.is_dimension() {
                assert_eq!(
                    (resumed.got, resumed.asked),
                    (stream.got, stream.asked),
                    "killed at {n}: {}",
                    stream.stream
                );
            }
        }
        n += 1;
    }
    assert!(n > 30, "only {n} operations");
}

#[tokio::test]
async fn before_an_operation_a_page_an_object() {
    killed_everywhere(&world(), &selection(), Settings::default(), false).await;
}

#[tokio::test]
async fn after_an_operation_a_page_an_object() {
    killed_everywhere(&world(), &selection(), Settings::default(), true).await;
}

#[tokio::test]
async fn one_object_a_run() {
    for after in [false, true] {
        let settings = Settings {
            grain: Grain::Run,
            layout: Layout::ByStream,
            ..Settings::default()
        };
        let selection = Selection::of(&[
            Stream::SavedTracks,
            Stream::FollowedArtists,
            Stream::PlaylistItems,
        ]);
        killed_everywhere(&world(), &selection, settings, after).await;
    }
}

#[tokio::test]
async fn again_and_again() {
    let fake = serve(&world()).await;
    let whole = fresh(&fake, &Settings::default());
    whole.run(&selection()).await;
    for (every, after) in [(7, false), (8, true), (20, true)] {
        let kept = fresh(&fake, &Settings::default());
        let mut kills = 0;
        while !kept.ended() {
            let extractor = kept.faulty(Arc::new(Fault::at(every, after))).await;
            let _ = extractor.run(&selection()).await;
            kills += 1;
            assert!(kills < 200, "no way forward, {every} operations at a time");
        }
        assert!(
            kept.contents() == whole.contents(),
            "killed every {every} operations"
        );
    }
}

#[tokio::test]
async fn a_full_run_of_named_playlists() {
    let mut selection = Selection::playlists(vec![
        PlaylistId::parse(&id("a", 1)).unwrap(),
        PlaylistId::parse(&id("z", 9)).unwrap(),
        PlaylistId::parse(&id("b", 2)).unwrap(),
    ]);
    selection.full = true;
    let world = world();
    let fake = serve(&world).await;
    let mut n = 1;
    loop {
        let kept = fresh(&fake, &Settings::default());
        let killed = kept
            .faulty(Arc::new(Fault::at(n, true)))
            .await
            .run(&selection)
            .await;
        let ended = kept.ended();
        let report = kept.run(&selection).await;
        assert_eq!(report.standing(), Standing::Partial);
        assert_eq!(report.streams[0].missing.len(), 1);
        // After a run that had ended, a full one reads everything again.
        let pages = kept.pages_of(Stream::PlaylistItems).len();
        assert_eq!(pages, if ended { 6 } else { 3 }, "killed at {n}");
        if killed.is_ok() {
            break;
        }
        n += 1;
    }
}
