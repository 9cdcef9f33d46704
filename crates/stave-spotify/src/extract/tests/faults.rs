//! What Spotify does to a run, and what the report then says.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::world::{Fault, Granted, Kept, id, world};
use crate::client::fake::{Asked, Fake, Reply};
use crate::client::{Clock, ErrorKind};
use crate::extract::{Selection, Standing, Stream};

fn closed(seconds: &str) -> Reply {
    let body = json!({"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}});
    Reply::text(429, &body.to_string()).header("retry-after", seconds)
}

fn later(kept: &Kept, seconds: i64) -> Timestamp {
    kept.clock.now() + SignedDuration::from_secs(seconds)
}

#[tokio::test]
async fn a_closed_bucket_stops_its_stream_and_the_next_run_goes_on() {
    let world = world();
    let second = "/v1/me/tracks?offset=50".to_owned();
    world
        .lock()
        .unwrap()
        .instead
        .push((second, closed("52531")));
    let kept = Kept::new(&world).await;
    let selection = Selection::of(&[Stream::SavedTracks, Stream::FollowedArtists]);
    let report = kept.run(&selection).await;
    let until = later(&kept, 52531);
    assert_eq!(report.standing(), Standing::ClosedUntil(until));
    let saved = report.stream(Stream::SavedTracks).unwrap();
    assert_eq!((saved.asked, saved.got), (Some(52), 50));
    assert_eq!(saved.missing.len(), 1);
    let followed = report.stream(Stream::FollowedArtists).unwrap();
    assert_eq!((followed.standing, followed.got), (Standing::Complete, 52));

    world.lock().unwrap().instead.clear();
    let calls = kept.fake.count();
    let selection = Selection::of(&[Stream::SavedTracks]);
    let plan = kept.extractor().await.plan(&selection).await.unwrap();
    let note = plan.streams[0].note.as_deref().unwrap();
    assert!(note.contains("until 2026-11-22T02:35:31"), "{plan:?}");
    assert_eq!(
        kept.one(Stream::SavedTracks).await.standing,
        Standing::ClosedUntil(until)
    );
    assert_eq!(kept.fake.count(), calls);

    kept.clock.set(until);
    let saved = kept.one(Stream::SavedTracks).await;
    assert_eq!(
        (saved.standing, saved.got, saved.calls),
        (Standing::Complete, 52, 1)
    );
    assert_eq!(kept.pages_of(Stream::SavedTracks).len(), 2);
    assert_eq!(kept.one(Stream::SavedTracks).await.got, 0);
}

#[tokio::test]
async fn playlists_that_a_closed_bucket_leaves_are_counted() {
    let world = world();
    let start = format!("/v1/playlists/{}", id("b", 2));
    world.lock().unwrap().instead.push((start, closed("3600")));
    let kept = Kept::new(&world).await;
    let items = kept.one(Stream::PlaylistItems).await;
    assert_eq!(items.standing, Standing::ClosedUntil(later(&kept, 3600)));
    assert_eq!(items.got, 105);
    assert_eq!(items.missing[0].what, "2 playlists");
}

#[tokio::test]
async fn a_hostile_next_is_not_followed() {
    let other = Fake::start(|_| |_: &Asked| Reply::json(&json!({"items": []}))).await;
    let next = format!("{}/v1/me/tracks?offset=1&limit=50", other.base);
    let page = json!({"items": [{"added_at": "2024-01-01T00:00:00Z"}], "next": next, "total": 2});
    let world = world();
    world
        .lock()
        .unwrap()
        .instead
        .push(("/v1/me/tracks".to_owned(), Reply::json(&page)));
    let kept = Kept::new(&world).await;
    let saved = kept.one(Stream::SavedTracks).await;
    assert_eq!((saved.standing, saved.got), (Standing::Partial, 0));
    assert!(saved.missing[0].why.contains("not followed"), "{saved:?}");
    assert_eq!(other.count(), 0);
}

#[tokio::test]
async fn a_next_that_leads_in_a_circle_ends() {
    let world = world();
    let fake = super::world::serve(&world).await;
    let next = format!("{}/v1/me/tracks?offset=0&limit=50", fake.base);
    let page = json!({"items": [], "next": next, "total": 2});
    world
        .lock()
        .unwrap()
        .instead
        .push(("/v1/me/tracks".to_owned(), Reply::json(&page)));
    let kept = Kept::of(fake);
    let saved = kept.one(Stream::SavedTracks).await;
    assert_eq!((saved.standing, saved.calls), (Standing::Partial, 1));
}

#[tokio::test]
async fn a_server_that_stays_broken_leaves_the_rest_for_the_next_run() {
    let world = world();
    let second = "/v1/me/tracks?offset=50".to_owned();
    let html = Reply::text(502, "<html>upstream connect error</html>");
    world.lock().unwrap().instead.push((second, html));
    let kept = Kept::new(&world).await;
    let saved = kept.one(Stream::SavedTracks).await;
    assert_eq!((saved.standing, saved.got), (Standing::Partial, 50));
    world.lock().unwrap().instead.clear();
    let saved = kept.one(Stream::SavedTracks).await;
    assert_eq!((saved.standing, saved.calls), (Standing::Complete, 1));
    assert_eq!(kept.pages_of(Stream::SavedTracks).len(), 2);
}

#[tokio::test]
async fn refused_odd_and_short_lists_are_never_complete() {
    for (reply, standing, why) in [
        (Reply::error(403, "Forbidden"), Standing::Denied, "denies"),
        (
            Reply::text(200, "{}"),
            Standing::Partial,
            "`items` is missing",
        ),
        (
            Reply::text(200, r#"{"items": null}"#),
            Standing::Partial,
            "`items` is missing",
        ),
        (
            Reply::text(200, r#"{"items": 7}"#),
            Standing::Partial,
            "no page",
        ),
        (
            Reply::text(200, r#"{"items": [null], "total": 3, "next": null}"#),
            Standing::Partial,
            "counts 3 rows and lists 1",
        ),
    ] {
        let world = world();
        world
            .lock()
            .unwrap()
            .instead
            .push(("/v1/me/playlists".to_owned(), reply));
        let kept = Kept::new(&world).await;
        let report = kept.run(&Selection::of(&[Stream::PlaylistItems])).await;
        for stream in &report.streams {
            assert_eq!(stream.standing, standing, "{stream:?}");
        }
        assert!(
            report.streams[0].missing[0].why.contains(why),
            "{:?}",
            report.streams[0]
        );
    }
}

#[tokio::test]
async fn a_playlist_that_changes_while_it_is_read_is_read_again() {
    let world = world();
    let page = format!("/v1/playlists/{}/tracks", id("a", 1));
    world.lock().unwrap().after = Some((page, |state| {
        state.playlists.get_mut(&id("a", 1)).unwrap().snapshot = "s1b".to_owned();
    }));
    world.lock().unwrap().playlists.remove(&id("c", 3));
    let kept = Kept::new(&world).await;
    let items = kept.one(Stream::PlaylistItems).await;
    assert_eq!(items.standing, Standing::Partial);
    assert!(items.missing[0].why.contains("changed while it was read"));
    let items = kept.one(Stream::PlaylistItems).await;
    assert_eq!(
        (items.standing, items.got, items.unchanged),
        (Standing::Complete, 105, 1)
    );
}

#[tokio::test]
async fn a_list_that_is_suddenly_empty_is_suspect() {
    let world = world();
    let kept = Kept::new(&world).await;
    kept.one(Stream::FollowedArtists).await;
    world.lock().unwrap().followed = 0;
    let followed = kept.one(Stream::FollowedArtists).await;
    assert_eq!(followed.standing, Standing::Partial);
    assert!(
        followed.missing[0].why.contains("had 52 rows before"),
        "{followed:?}"
    );
}

#[tokio::test]
async fn what_the_login_can_not_read_is_denied_without_a_call() {
    let kept = Kept::new(&world()).await;
    let scopes = BTreeSet::from(["user-top-read".to_owned()]);
    for (scopes, user, why) in [
        (Some(scopes), true, "lacks the scope user-library-read"),
        (None, false, "needs a user's login"),
    ] {
        let tokens = Granted {
            scopes,
            user,
            ended: false,
        };
        let extractor = kept
            .with_tokens(Arc::new(Fault::never()), Arc::new(tokens))
            .await;
        let report = extractor
            .run(&Selection::of(&[Stream::SavedTracks]))
            .await
            .unwrap();
        assert_eq!(report.standing(), Standing::Denied);
        assert!(report.streams[0].missing[0].why.contains(why), "{report:?}");
        assert!(report.streams[0].missing[0].hint.is_some());
    }
    assert_eq!(kept.fake.count(), 0);
}

#[tokio::test]
async fn a_login_at_its_end_stops_the_run_and_says_what_is_missing() {
    let kept = Kept::new(&world()).await;
    let tokens = Granted {
        scopes: None,
        user: true,
        ended: true,
    };
    let extractor = kept
        .with_tokens(Arc::new(Fault::never()), Arc::new(tokens))
        .await;
    let report = extractor.run(&Selection::all()).await.unwrap();
    assert_eq!(report.standing(), Standing::Partial);
    assert_eq!(
        report.stopped.as_ref().unwrap().kind(),
        ErrorKind::LoginAgain
    );
    assert_eq!(report.streams.len(), Stream::ALL.len());
    assert!(
        report
            .streams
            .iter()
            .all(|stream| stream.missing.len() == 1)
    );
    // After the login all of it is there.
    let report = kept
        .run(&Selection::of(&[Stream::Me, Stream::SavedTracks]))
        .await;
    assert_eq!(report.standing(), Standing::Complete);
}

#[tokio::test]
async fn everything_at_once_is_truthful() {
    let kept = Kept::new(&world()).await;
    let report = kept.run(&Selection::all()).await;
    assert_eq!(report.standing(), Standing::Partial);
    for stream in &report.streams {
        // The world has no such lists, and one playlist that can't be read.
        let expected = match stream.stream {
            Stream::SavedAlbums
            | Stream::SavedShows
            | Stream::SavedEpisodes
            | Stream::SavedAudiobooks => Standing::Denied,
            Stream::PlaylistItems => Standing::Partial,
            _ => Standing::Complete,
        };
        assert_eq!(stream.standing, expected, "{stream:?}");
    }
    assert_eq!(report.calls, kept.fake.count() as u64);
}
