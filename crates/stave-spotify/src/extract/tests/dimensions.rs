//! Tracks, albums and artists by id: within a budget, once until they are old.

use std::time::Duration;

use super::world::{Kept, id, world};
use crate::client::fake::Reply;
use crate::extract::{Report, Selection, Standing, Stream};

#[tokio::test]
async fn dimensions_are_filled_once_within_their_budget() {
    for batches in [false, true] {
        let world = world();
        world.lock().unwrap().batches = batches;
        let missing = format!("/v1/artists/{}", id("r", 3));
        let gone = Reply::error(404, "Resource not found");
        world.lock().unwrap().instead.push((missing, gone));
        let mut kept = Kept::new(&world).await;
        kept.settings.dimension_calls = 5;
        let selection = Selection::of(&[Stream::SavedTracks, Stream::Albums, Stream::Artists]);
        let report = kept.run(&selection).await;
        let artists = report.stream(Stream::Artists).unwrap();
        assert_eq!(artists.asked, Some(7));
        if batches {
            assert_eq!(
                (artists.got, artists.calls, artists.standing),
                (7, 1, Standing::Complete)
            );
        } else {
            assert_eq!(
                (artists.got, artists.calls, artists.standing),
                (4, 5, Standing::Partial)
            );
            assert!(
                artists.missing[0].what.starts_with("3 artists"),
                "{artists:?}"
            );
        }
        let calls = kept.fake.count();
        let artists = kept.one(Stream::Artists).await;
        let got = if batches { 0 } else { 2 };
        assert_eq!((artists.got, artists.standing), (got, Standing::Complete));
        // That many ids at once are refused was remembered.
        assert_eq!(kept.fake.count() - calls, if batches { 0 } else { 3 });
        assert_eq!(artists.warnings.len(), usize::from(!batches));
    }
}

#[tokio::test]
async fn dimensions_are_asked_for_again_when_they_are_old() {
    let kept = Kept::new(&world()).await;
    let selection = Selection::of(&[Stream::SavedTracks, Stream::Albums]);
    let got = |report: &Report| report.stream(Stream::Albums).unwrap().got;
    let first = kept.run(&selection).await;
    assert!(got(&first) > 0);
    kept.clock.advance(Duration::from_hours(29 * 24));
    assert_eq!(got(&kept.run(&selection).await), 0);
    kept.clock.advance(Duration::from_hours(25));
    let planned = kept
        .extractor()
        .await
        .plan(&Selection::of(&[Stream::Albums]))
        .await
        .unwrap();
    assert!(planned.streams[0].calls > 0);
    assert_eq!(got(&kept.run(&selection).await), got(&first));
    assert_eq!(got(&kept.run(&selection).await), 0);
    // What is missing comes before what is old.
    kept.clock.advance(Duration::from_hours(31 * 24));
    kept.extractor()
        .await
        .seed(Stream::Albums, vec![id("z", 1)])
        .await
        .unwrap();
    let mut pressed = kept;
    pressed.settings.dimension_calls = 1;
    let report = pressed.one(Stream::Albums).await;
    assert_eq!(report.asked, Some(1));
}

#[tokio::test]
async fn seeds_are_fetched_like_the_others() {
    let kept = Kept::new(&world()).await;
    let extractor = kept.extractor().await;
    let ids = vec![id("t", 1), id("t", 2), id("t", 1), "../me".to_owned()];
    extractor.seed(Stream::Tracks, ids).await.unwrap();
    assert!(extractor.seed(Stream::Me, Vec::new()).await.is_err());
    let report = kept.one(Stream::Tracks).await;
    assert_eq!((report.asked, report.got), (Some(2), 2));
    assert!(
        kept.fake
            .log()
            .iter()
            .all(|asked| asked.target.starts_with("/v1/tracks"))
    );
}
