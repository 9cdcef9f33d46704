//! Each stream, once and again.

use serde_json::{Value, json};

use super::world::{Kept, entry, id, play, saved, track, world};
use crate::extract::{Grain, Layout, PlaylistId, Selection, Standing, Stream, view};

fn targets(kept: &Kept, from: usize) -> Vec<String> {
    let log = kept.fake.log().into_iter().skip(from);
    log.map(|asked| asked.target.trim_start_matches("/v1/").to_owned())
        .collect()
}

#[tokio::test]
async fn a_playlist_is_as_the_public_pipelines_read_it() {
    let world = world();
    let kept = Kept::new(&world).await;
    let list = PlaylistId::parse(&id("a", 1)).unwrap();
    let report = kept.run(&Selection::playlists(vec![list])).await;
    assert_eq!(report.standing(), Standing::Complete);
    assert_eq!(
        (report.streams[0].asked, report.streams[0].got),
        (Some(105), 105)
    );
    // The first page came with the playlist; the last call is for the snapshot.
    let path = format!("playlists/{}", id("a", 1));
    assert_eq!(
        targets(&kept, 0),
        [
            format!("{path}?additional_types=track"),
            format!("{path}/tracks?offset=100&limit=100&additional_types=track"),
            format!("{path}?fields=snapshot_id"),
        ]
    );
    let pages = kept.pages_of(Stream::PlaylistItems);
    assert_eq!(pages.len(), 2);
    let mut names = Vec::new();
    for page in &pages {
        assert!(
            page.key
                .starts_with("raw_data/to_processed/spotify_raw_2026-11-21 12:00:00"),
            "{}",
            page.key
        );
        assert_eq!(page.account, "test");
        let body: Value = serde_json::from_slice(&page.bytes).unwrap();
        for item in body["items"].as_array().unwrap() {
            names.push(item["track"]["name"].as_str().unwrap().to_owned());
        }
    }
    let expected: Vec<_> = (0..105).map(|n| format!("Song {n}")).collect();
    assert_eq!(names, expected);
    // The embedded page is a piece of the answer, byte for byte.
    let whole = &kept.pages_of(Stream::Playlists)[0].bytes;
    let piece = &pages[0].bytes;
    assert!(
        whole
            .windows(piece.len())
            .any(|window| window == &piece[..])
    );
}

#[tokio::test]
async fn a_second_run_reads_what_has_changed() {
    let world = world();
    let kept = Kept::new(&world).await;
    let selection = Selection::of(&[Stream::PlaylistItems]);
    let report = kept.run(&selection).await;
    assert_eq!(report.standing(), Standing::Partial);
    let items = report.stream(Stream::PlaylistItems).unwrap();
    assert_eq!(
        (items.asked, items.got, items.missing.len()),
        (Some(114), 105, 1)
    );
    assert_eq!(items.missing[0].what, format!("playlist {}", id("c", 3)));
    assert!(items.missing[0].why.contains("not what is in it"));
    let list = report.stream(Stream::Playlists).unwrap();
    assert_eq!(
        (list.standing, list.got, list.nulls),
        (Standing::Complete, 4, 1)
    );

    let (calls, pages) = (
        kept.fake.count(),
        kept.pages_of(Stream::PlaylistItems).len(),
    );
    let report = kept.run(&selection).await;
    assert_eq!(targets(&kept, calls), ["me/playlists?limit=50"]);
    assert_eq!(kept.pages_of(Stream::PlaylistItems).len(), pages);
    let items = report.stream(Stream::PlaylistItems).unwrap();
    assert_eq!((items.got, items.unchanged, items.missing.len()), (0, 2, 1));

    let calls = kept.fake.count();
    {
        let mut world = world.lock().unwrap();
        let list = world.playlists.get_mut(&id("b", 2)).unwrap();
        list.snapshot = "s2b".to_owned();
        list.entries = Some(vec![entry(1), Value::Null, json!({"track": null})]);
    }
    let report = kept.run(&selection).await;
    assert_eq!(targets(&kept, calls).len(), 2);
    let items = report.stream(Stream::PlaylistItems).unwrap();
    assert_eq!((items.got, items.nulls, items.unchanged), (3, 1, 1));

    let calls = kept.fake.count();
    let full = Selection {
        full: true,
        ..selection
    };
    kept.run(&full).await;
    assert_eq!(targets(&kept, calls).len(), 6);
}

#[tokio::test]
async fn a_named_playlist_that_has_not_changed_costs_one_call() {
    let kept = Kept::new(&world()).await;
    let selection = Selection::playlists(vec![PlaylistId::parse(&id("a", 1)).unwrap()]);
    kept.run(&selection).await;
    let (calls, pages) = (kept.fake.count(), kept.contents().len());
    let report = kept.run(&selection).await;
    assert_eq!(kept.fake.count() - calls, 1);
    assert_eq!(kept.contents().len(), pages);
    assert_eq!(
        (report.streams[0].unchanged, report.standing()),
        (1, Standing::Complete)
    );
}

#[tokio::test]
async fn new_names_and_a_refused_path_are_read_all_the_same() {
    for new_names in [false, true] {
        let world = world();
        {
            let mut world = world.lock().unwrap();
            (world.new_names, world.tracks_refused) = (new_names, true);
            let entries = Some((0..205).map(entry).collect());
            world.playlists.get_mut(&id("b", 2)).unwrap().entries = entries;
        }
        let kept = Kept::new(&world).await;
        let lists = vec![
            PlaylistId::parse(&id("a", 1)).unwrap(),
            PlaylistId::parse(&id("b", 2)).unwrap(),
        ];
        let report = kept.run(&Selection::playlists(lists)).await;
        assert_eq!(
            report.standing(),
            Standing::Complete,
            "{:?}",
            report.streams
        );
        assert_eq!(report.streams[0].got, 310);
        let refused = targets(&kept, 0)
            .iter()
            .filter(|t| t.contains("/tracks?"))
            .count();
        assert_eq!(refused, usize::from(!new_names), "remembered");
        for page in kept.pages_of(Stream::PlaylistItems) {
            let paging = view::Paging::read(&page.bytes, None).unwrap();
            for raw in paging.items.unwrap().into_iter().flatten() {
                assert!(
                    view::Row::read(raw)
                        .uri()
                        .unwrap()
                        .starts_with("spotify:track:")
                );
            }
        }
    }
}

#[tokio::test]
async fn saved_rows_are_read_until_what_is_known() {
    let world = world();
    let kept = Kept::new(&world).await;
    let first = kept.one(Stream::SavedTracks).await;
    assert_eq!((first.asked, first.got, first.pages), (Some(52), 52, 2));
    let again = kept.one(Stream::SavedTracks).await;
    assert_eq!((again.got, again.pages, again.calls), (0, 0, 1));
    // Three new ones, of which one in the same second as the newest before.
    for n in [52, 53] {
        world.lock().unwrap().saved.insert(0, saved(n));
    }
    let mut same = saved(51);
    same["track"] = track(999);
    world.lock().unwrap().saved.insert(2, same);
    let third = kept.one(Stream::SavedTracks).await;
    assert_eq!((third.got, third.pages, third.calls), (3, 1, 1));
    assert_eq!(third.standing, Standing::Complete);
    let full = Selection {
        full: true,
        ..Selection::of(&[Stream::SavedTracks])
    };
    let report = kept.run(&full).await;
    assert_eq!((report.streams[0].pages, report.streams[0].calls), (2, 2));
}

#[tokio::test]
async fn rows_that_move_up_while_they_are_read_are_not_lost() {
    let world = world();
    world.lock().unwrap().after = Some(("/v1/me/tracks".to_owned(), |state| {
        // Read already: what follows moves up by two.
        state.saved.drain(3..5);
    }));
    world.lock().unwrap().saved = (0..130).rev().map(saved).collect();
    let kept = Kept::new(&world).await;
    let report = kept.one(Stream::SavedTracks).await;
    assert_eq!((report.got, report.calls), (130, 4));
    let mut seen = std::collections::BTreeSet::new();
    for page in kept.pages_of(Stream::SavedTracks) {
        let paging = view::Paging::read(&page.bytes, None).unwrap();
        for raw in paging.items.unwrap().into_iter().flatten() {
            seen.insert(view::Row::read(raw).uri().unwrap().to_owned());
        }
    }
    assert_eq!(seen.len(), 130);
}

#[tokio::test]
async fn page_sizes_shrink_and_the_lists_stay_whole() {
    let world = world();
    world.lock().unwrap().largest = 10;
    let kept = Kept::new(&world).await;
    let selection = Selection::of(&[Stream::SavedTracks, Stream::FollowedArtists]);
    let report = kept.run(&selection).await;
    for stream in &report.streams {
        assert_eq!((stream.standing, stream.got), (Standing::Complete, 52));
        assert_eq!((stream.pages, stream.calls), (6, 8));
    }
}

#[tokio::test]
async fn plays_are_put_once_and_a_gap_is_suspected() {
    let world = world();
    let kept = Kept::new(&world).await;
    assert_eq!(kept.one(Stream::Plays).await.got, 5);
    let nothing = kept.one(Stream::Plays).await;
    assert_eq!(
        (nothing.got, nothing.pages, nothing.standing),
        (0, 0, Standing::Complete)
    );
    let set = |from: usize, to: usize| {
        world.lock().unwrap().plays = (from..to).rev().map(play).collect();
    };
    set(0, 7);
    assert_eq!(kept.one(Stream::Plays).await.got, 2);
    // Fifty plays, one of them known: no gap.
    set(6, 56);
    let report = kept.one(Stream::Plays).await;
    assert_eq!((report.got, report.standing), (49, Standing::Complete));
    // Fifty plays, all new.
    set(57, 107);
    let report = kept.one(Stream::Plays).await;
    assert_eq!((report.got, report.standing), (50, Standing::Partial));
    assert!(report.warnings[0].contains("gap"));
}

#[tokio::test]
async fn top_lists_are_read_once_a_day() {
    let kept = Kept::new(&world()).await;
    let report = kept.one(Stream::TopTracks).await;
    assert_eq!((report.got, report.calls), (9, 3));
    let parts: Vec<_> = kept
        .pages_of(Stream::TopTracks)
        .into_iter()
        .filter_map(|p| p.part)
        .collect();
    assert_eq!(parts.len(), 3);
    let report = kept.one(Stream::TopTracks).await;
    assert_eq!((report.got, report.calls, report.unchanged), (0, 0, 3));
    kept.clock.advance(std::time::Duration::from_hours(24));
    assert_eq!(kept.one(Stream::TopTracks).await.calls, 3);
}

#[tokio::test]
async fn one_object_a_run_holds_all_rows_in_one_answer() {
    let mut kept = Kept::new(&world()).await;
    kept.settings.grain = Grain::Run;
    kept.settings.layout = Layout::ByStream;
    kept.run(&Selection::of(&[
        Stream::FollowedArtists,
        Stream::SavedTracks,
    ]))
    .await;
    let object = |stream: Stream| -> Value {
        let pages = kept.pages_of(stream);
        assert_eq!(pages.len(), 1);
        assert!(
            pages[0]
                .key
                .starts_with(&format!("raw_data/spotify/test/{stream}/20261121T120000."))
        );
        serde_json::from_slice(&pages[0].bytes).unwrap()
    };
    let saved = object(Stream::SavedTracks);
    assert_eq!(saved["items"].as_array().unwrap().len(), 52);
    assert_eq!(
        (&saved["next"], &saved["total"]),
        (&Value::Null, &json!(52))
    );
    let followed = object(Stream::FollowedArtists);
    assert_eq!(followed["artists"]["items"].as_array().unwrap().len(), 52);
    assert!(
        !kept
            .memory
            .contents()
            .keys()
            .any(|key| key.contains("draft"))
    );
}

#[tokio::test]
async fn a_plan_says_what_the_run_then_costs() {
    let kept = Kept::new(&world()).await;
    let selection = Selection::of(&[
        Stream::Plays,
        Stream::Me,
        Stream::TopTracks,
        Stream::SavedTracks,
        Stream::FollowedArtists,
        Stream::PlaylistItems,
    ]);
    for spent in [7, 4] {
        let plan = kept.extractor().await.plan(&selection).await.unwrap();
        assert_eq!(plan.calls_spent, spent);
        assert!(kept.pages.contents().is_empty() || spent == 4);
        let calls = kept.fake.count();
        let report = kept.run(&selection).await;
        assert_eq!(plan.calls(), (kept.fake.count() - calls) as u64, "{plan:?}");
        assert_eq!(report.calls, plan.calls());
    }
}

#[tokio::test]
async fn a_run_can_be_moved_between_threads() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let kept = Kept::new(&world()).await;
    let extractor = kept.extractor().await;
    let selection = Selection::of(&[Stream::Me]);
    is_send(extractor.run(&selection)).await.unwrap();
    is_send(extractor.plan(&selection)).await.unwrap();
}
