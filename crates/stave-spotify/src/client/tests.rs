//! The client against a scripted server: every fault once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::fake::{Asked, Fake, Reply};
use super::*;
use crate::auth::Tokens;

/// Tokens `t0`, `t1`, …: a new one each time one is refused.
#[derive(Default)]
pub(crate) struct Counted(Mutex<usize>);

impl Tokens for Counted {
    fn access_token(&self) -> BoxFuture<'_, Result<Secret>> {
        let token = Secret::new(format!("secret-token-{}", self.0.lock().unwrap()));
        Box::pin(std::future::ready(Ok(token)))
    }

    fn renew<'a>(&'a self, _: &'a Secret) -> BoxFuture<'a, Result<Secret>> {
        *self.0.lock().unwrap() += 1;
        self.access_token()
    }

    fn scopes(&self) -> BoxFuture<'_, Result<Option<BTreeSet<String>>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn is_user(&self) -> bool {
        true
    }
}

struct Scene {
    fake: Fake,
    client: Client,
    clock: Arc<ManualClock>,
    memory: Arc<InMemory>,
}

fn start_of_test() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// A client of a server that answers with `replies` in order, the last one for ever.
async fn scene(replies: Vec<Reply>) -> Scene {
    let next = AtomicUsize::new(0);
    let fake = Fake::start(move |_| {
        move |_: &Asked| {
            let n = next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
            replies[n].clone()
        }
    })
    .await;
    let clock = Arc::new(ManualClock::new(start_of_test()));
    let memory = Arc::new(InMemory::default());
    let client = reopened(&fake, &memory, &clock).await;
    Scene {
        fake,
        client,
        clock,
        memory,
    }
}

async fn reopened(fake: &Fake, memory: &Arc<InMemory>, clock: &Arc<ManualClock>) -> Client {
    let tokens = Arc::new(Counted::default());
    Client::open(fake.config(), tokens, memory.clone(), clock.clone())
        .await
        .unwrap()
}

fn tracks() -> Request {
    Request::new(Endpoint::SavedTracks, "me/tracks").with("limit", 50)
}

fn good() -> Reply {
    Reply::text(200, "{\"items\" : [ ]}\n")
}

fn quota() -> Reply {
    let body = json!({"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}});
    Reply::text(429, &body.to_string())
}

#[tokio::test]
async fn gives_the_bytes_unchanged() {
    let scene = scene(vec![good()]).await;
    let body = scene.client.get(&tracks()).await.unwrap();
    assert_eq!(&body[..], b"{\"items\" : [ ]}\n");
    let asked = &scene.fake.log()[0];
    assert_eq!(asked.target, "/v1/me/tracks?limit=50");
    assert_eq!(asked.authorization, "Bearer secret-token-0");
    assert_eq!(asked.method, "GET");
}

#[tokio::test]
async fn repeats_every_kind_of_broken_answer() {
    let scene = scene(vec![
        Reply::text(502, "<html>upstream connect error</html>"),
        Reply::text(200, "<html>hello</html>"),
        Reply::bytes(200, b"{\"name\": \"\xff\"}"),
        Reply::text(200, "{\"items\": [").broken_off(),
        good(),
    ])
    .await;
    scene.client.get(&tracks()).await.unwrap();
    assert_eq!(scene.fake.count(), 5);
    assert_eq!(scene.client.calls(), 5);
    let slept = scene.clock.slept();
    assert_eq!(slept.len(), 4);
    for (n, wait) in slept.iter().enumerate() {
        let least = Duration::from_millis(500 << n);
        assert!(*wait >= least && *wait <= least * 3 / 2, "{n}: {wait:?}");
    }
}

#[tokio::test]
async fn repeats_answers_that_only_look_whole() {
    for body in ["", "[]", "7", "{\"items\": [1, 2", "{} {}"] {
        let scene = scene(vec![Reply::text(200, body), good()]).await;
        scene.client.get(&tracks()).await.unwrap();
        assert_eq!(scene.fake.count(), 2, "{body:?}");
    }
}

#[tokio::test]
async fn gives_up_on_a_server_that_stays_broken() {
    let scene = scene(vec![Reply::text(503, "upstream request timeout")]).await;
    let error = scene.client.get(&tracks()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(scene.fake.count(), 5);
    assert!(error.message().contains("503"), "{error}");
}

#[tokio::test]
async fn a_short_limit_is_waited_for_with_jitter() {
    let limited = Reply::error(429, "API rate limit exceeded").header("retry-after", "8");
    let scene = scene(vec![limited, good()]).await;
    scene.client.get(&tracks()).await.unwrap();
    let slept = scene.clock.slept();
    assert_eq!(slept.len(), 1);
    assert!(slept[0] >= Duration::from_secs(8) && slept[0] <= Duration::from_secs(10));
}

#[tokio::test]
async fn a_long_limit_closes_the_bucket_and_is_kept() {
    let limited = Reply::error(429, "Too many requests").header("retry-after", "52531");
    let scene = scene(vec![limited, good()]).await;
    let error = scene.client.get(&tracks()).await.unwrap_err();
    let until = start_of_test() + SignedDuration::from_secs(52531);
    let closed = ErrorKind::Closed {
        until,
        bucket: "me-tracks",
    };
    assert_eq!(error.kind(), closed);
    assert!(scene.clock.slept().is_empty());

    // Nothing more is asked of that bucket, not even by the next process …
    let next = reopened(&scene.fake, &scene.memory, &scene.clock).await;
    assert_eq!(next.get(&tracks()).await.unwrap_err().kind(), closed);
    assert_eq!(scene.fake.count(), 1);
    // … the other buckets go on …
    next.get(&Request::new(Endpoint::Me, "me")).await.unwrap();
    // … and it opens at its time.
    scene.clock.set(until);
    next.get(&tracks()).await.unwrap();
    assert_eq!(scene.fake.count(), 3);
}

#[tokio::test]
async fn the_quota_closes_the_bucket_even_without_a_time() {
    let scene = scene(vec![good(), good(), quota(), quota(), good()]).await;
    scene.client.get(&tracks()).await.unwrap();
    scene.client.get(&tracks()).await.unwrap();
    let mut hours = Vec::new();
    for _ in 0..2 {
        let now = scene.clock.now();
        let error = scene.client.get(&tracks()).await.unwrap_err();
        let ErrorKind::Closed { until, .. } = error.kind() else {
            panic!("{error}");
        };
        hours.push(until.duration_since(now).as_hours());
        scene.clock.set(until);
    }
    assert_eq!(hours, [1, 2]);
    let bucket = scene.client.learned().buckets["me-tracks"].clone();
    assert_eq!((bucket.strikes, bucket.ceiling), (2, Some(2)));
    scene.client.get(&tracks()).await.unwrap();
    let bucket = scene.client.learned().buckets["me-tracks"].clone();
    assert_eq!((bucket.strikes, bucket.closed_until), (0, None));
    assert_eq!(bucket.calls_today(scene.clock.now()), 5);
}

#[tokio::test]
async fn a_limit_without_a_time_is_waited_for_only_so_long() {
    let scene = scene(vec![Reply::error(429, "Too many requests")]).await;
    let error = scene.client.get(&tracks()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
    let slept: Duration = scene.clock.slept().iter().sum();
    assert!(slept <= Duration::from_mins(4), "{slept:?}");
    assert!(scene.fake.count() <= 8);
}

#[tokio::test]
async fn a_wait_that_is_always_too_short_ends() {
    let scene = scene(vec![Reply::error(429, "").header("retry-after", "0")]).await;
    let error = scene.client.get(&tracks()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
    assert!(scene.fake.count() <= 8, "{} calls", scene.fake.count());
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_then_tried_again() {
    let refused = Reply::error(401, "Access token missing");
    let scene = scene(vec![refused.clone(), refused, good()]).await;
    scene.client.get(&tracks()).await.unwrap();
    let sent: Vec<_> = scene
        .fake
        .log()
        .into_iter()
        .map(|a| a.authorization)
        .collect();
    assert_eq!(
        sent,
        [
            "Bearer secret-token-0",
            "Bearer secret-token-1",
            "Bearer secret-token-2"
        ]
    );
}

#[tokio::test]
async fn tokens_that_are_always_refused_need_a_login() {
    let scene = scene(vec![Reply::error(401, "The access token expired")]).await;
    let error = scene.client.get(&tracks()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginAgain);
    assert_eq!(scene.fake.count(), 4);
}

#[tokio::test]
async fn page_sizes_shrink_to_what_is_allowed_and_stay() {
    let fake = Fake::start(|_| {
        |asked: &Asked| {
            if asked.number("limit", 20) > 10 {
                Reply::error(400, "Invalid limit")
            } else {
                good()
            }
        }
    })
    .await;
    let clock = Arc::new(ManualClock::new(start_of_test()));
    let memory = Arc::new(InMemory::default());
    for _ in 0..2 {
        let client = reopened(&fake, &memory, &clock).await;
        client.get(&tracks()).await.unwrap();
    }
    let limits: Vec<_> = fake.log().iter().map(|a| a.number("limit", 0)).collect();
    assert_eq!(limits, [50, 20, 10, 10]);
    // It is asked again after a while: an app may have been let in.
    clock.advance(Duration::from_hours(15 * 24));
    let client = reopened(&fake, &memory, &clock).await;
    client.get(&tracks()).await.unwrap();
    assert_eq!(fake.log()[4].number("limit", 0), 50);
}

#[tokio::test]
async fn denials_say_which_of_their_five_reasons_it_is() {
    for (body, word) in [
        (
            r#"{"error":{"status":403,"message":"Insufficient client scope"}}"#,
            "scope",
        ),
        (
            r#"{"error":{"status":403,"message":"User not registered in the Developer Dashboard"}}"#,
            "allow-list",
        ),
        (
            r#"{"error":{"status":403,"message":"Active premium subscription required"}}"#,
            "Premium",
        ),
        (
            r#"{"error":{"status":403,"message":"Forbidden"}}"#,
            "may not read",
        ),
        (r#"{"error":{"status":403}}"#, "may not read"),
        ("nope", "may not read"),
    ] {
        let scene = scene(vec![Reply::text(403, body)]).await;
        let error = scene.client.get(&tracks()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(error.message().contains(word), "{error}");
        assert!(error.hint_text().is_some());
        assert_eq!(scene.fake.count(), 1);
    }
}

#[tokio::test]
async fn what_is_not_there_and_redirects_are_final() {
    let scene = scene(vec![
        Reply::error(404, "Resource not found"),
        Reply::text(302, "").header("location", "https://example.com/"),
        Reply::error(400, "invalid id"),
    ])
    .await;
    for kind in [ErrorKind::NotFound, ErrorKind::Invalid, ErrorKind::Invalid] {
        let error = scene.client.get(&tracks()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert_eq!(scene.fake.count(), 3);
}

#[tokio::test]
async fn a_body_without_end_is_refused() {
    let body = format!("{{\"x\":\"{}\"}}", "x".repeat(17 << 20));
    let scene = scene(vec![Reply::text(200, &body)]).await;
    let error = scene.client.get(&tracks()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("16 MiB"));
}

#[tokio::test]
async fn a_token_that_the_server_repeats_is_not_shown() {
    let scene = scene(vec![Reply::error(403, "no: secret-token-0 \u{1b}[31m")]).await;
    let error = scene.client.get(&tracks()).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("secret-token"), "{shown}");
    assert!(!shown.contains('\u{1b}'));
    assert_eq!(format!("{:?}", Secret::new("abc")), "Secret(…)");
}

#[tokio::test]
async fn calls_keep_their_pace() {
    let fake = Fake::start(|_| |_: &Asked| good()).await;
    let clock = Arc::new(ManualClock::new(start_of_test()));
    let mut config = fake.config();
    config.patience.pace = Duration::from_millis(200);
    let tokens = Arc::new(Counted::default());
    let memory = Arc::new(InMemory::default());
    let client = Client::open(config, tokens, memory, clock.clone())
        .await
        .unwrap();
    for _ in 0..3 {
        client.get(&tracks()).await.unwrap();
    }
    assert_eq!(clock.slept(), [Duration::from_millis(200); 2]);
}

#[test]
fn next_is_followed_on_the_configured_host_only() {
    let hosts = Hosts::spotify().unwrap();
    let follow = |next| Request::following(hosts.api(), Endpoint::SavedTracks, next);
    let request = follow("https://api.spotify.com/v1/me/tracks?offset=50&limit=50").unwrap();
    assert_eq!(request.path, "me/tracks");
    assert_eq!(request.number("offset"), Some(50));
    follow("https://api.spotify.com:443/v1/me/tracks").unwrap();
    for hostile in [
        "http://api.spotify.com/v1/me/tracks",
        "https://api.spotify.com:8443/v1/me/tracks",
        "https://api.spotify.com.example.com/v1/me/tracks",
        "https://api.spotify.com@example.com/v1/me/tracks",
        "https://user@api.spotify.com/v1/me/tracks",
        "https://example.com/v1/me/tracks",
        "https://api.spotify.com/v2/me/tracks",
        "https://api.spotify.com/v1/../v2/me",
        "//example.com/v1/me",
        "/v1/me/tracks",
        "file:///v1/me",
        "",
    ] {
        let error = follow(hostile).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{hostile}");
    }
}

#[test]
fn tokens_go_over_https_or_loopback_only() {
    for wrong in [
        "http://api.spotify.com/v1",
        "ftp://x/",
        "nonsense",
        "https://a:b@c/",
        "https://c/?x=1",
    ] {
        assert!(
            Hosts::new("https://accounts.spotify.com", wrong).is_err(),
            "{wrong}"
        );
    }
    Hosts::new("http://127.0.0.1:4568", "http://[::1]:4568/v1").unwrap();
    assert!(Config::new(Hosts::spotify().unwrap(), "../x").is_err());
}

#[tokio::test]
async fn a_memory_in_files_keeps_and_forgets() {
    let folder = tempfile::tempdir().unwrap();
    let memory = FileMemory::new(folder.path().join("state"));
    assert_eq!(memory.load("a/b").await.unwrap(), None);
    memory.save("a/b", json!({"x": 1})).await.unwrap();
    memory.save("a/B", json!(2)).await.unwrap();
    memory.save("../up", json!(3)).await.unwrap();
    assert_eq!(memory.load("a/b").await.unwrap(), Some(json!({"x": 1})));
    assert_eq!(memory.load("a/B").await.unwrap(), Some(json!(2)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    memory.remove("a/b").await.unwrap();
    memory.remove("a/b").await.unwrap();
    assert_eq!(memory.load("a/b").await.unwrap(), None);
}
