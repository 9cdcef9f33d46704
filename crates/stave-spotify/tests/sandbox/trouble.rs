//! Faults on demand, the two limiters, links, and what is not there.

use std::time::Instant;

use jiff::SignedDuration;
use serde_json::json;
use stave_spotify::sandbox::{Fault, Options, Profile};

use crate::server::{Server, options, taken};

async fn with(faults: &str) -> Server {
    let faults = Fault::read_all(faults).unwrap();
    Server::start(Options {
        faults,
        ..options(Profile::Extended)
    })
    .await
}

#[tokio::test]
async fn a_bad_gateway_is_a_page_of_html_three_times() {
    let server = with("GET /v1/me/tracks: 502 x3 after 1").await;
    let me = server.me().await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let answer = server.get(&me, "/me/tracks?limit=1").await;
        if answer.status == 502 {
            assert_eq!(
                answer.header("content-type"),
                Some("text/html; charset=utf-8")
            );
            assert!(answer.text.starts_with("<!DOCTYPE html>"));
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [200, 502, 502, 502, 200, 200]);
    assert_eq!(server.get(&me, "/me/albums").await.status, 200);
}

#[tokio::test]
async fn errors_have_the_body_that_is_asked_for() {
    let server = with(
        "GET /v1/markets?n=1: 403 no-message\n\
         GET /v1/markets?n=2: 403 unregistered\n\
         GET /v1/markets?n=3: 403 premium\n\
         GET /v1/markets?n=4: 403 scope\n\
         GET /v1/markets?n=5: 403 empty\n\
         GET /v1/markets?n=6: 503\n\
         GET /v1/markets?n=7: 504\n\
         GET /v1/markets?n=8: 500\n\
         GET /v1/markets?n=9: 429 quota\n\
         GET /v1/markets?n=10: 429 retry-after=52531\n\
         GET /v1/markets?n=11: html\n\
         GET /v1/markets?n=12: 400 limit\n\
         POST /api/token: 400 after 1",
    )
    .await;
    let app = server.app().await;
    let get = async |n: u32| server.get(&app, &format!("/markets?n={n}")).await;
    assert_eq!(get(1).await.json(), json!({"error": {"status": 403}}));
    assert!(get(2).await.message().contains("Developer Dashboard"));
    assert!(get(3).await.message().contains("premium"));
    assert_eq!(get(4).await.message(), "Insufficient client scope");
    assert_eq!(get(5).await.text, "");
    assert!(get(6).await.text.starts_with("upstream connect error"));
    assert_eq!(get(7).await.text, "upstream request timeout");
    assert_eq!(get(8).await.json()["error"]["status"], 500);
    let quota = get(9).await;
    assert_eq!(quota.json()["error"]["reason"], "QUOTA_EXCEEDED");
    assert_eq!(quota.header("retry-after"), None);
    assert_eq!(get(10).await.header("retry-after"), Some("52531"));
    let html = get(11).await;
    assert!(html.status == 200 && html.text.contains("<html>"));
    let limit = get(12).await;
    assert_eq!(
        (limit.status, limit.message()),
        (400, "Invalid limit".to_owned())
    );
    let form = [("grant_type", "client_credentials")];
    let refused = server.token(Some(("a", "b")), &form).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_401_comes_once() {
    let server = with("GET /v1/me/tracks: 401 once").await;
    let me = server.me().await;
    let first = server.get(&me, "/me/tracks").await;
    assert!(first.status == 401 && first.header("www-authenticate").is_some());
    assert_eq!(server.get(&me, "/me/tracks").await.status, 200);
    server
        .sandbox
        .add_fault("GET /v1/me/tracks: 503 once".parse().unwrap());
    assert_eq!(server.get(&me, "/me/tracks").await.status, 503);
}

#[tokio::test]
async fn answers_are_cut_off_or_late() {
    let server = with("GET /v1/markets: truncate once\nGET /v1/markets: delay 60ms").await;
    let app = server.app().await;
    let url = format!("{}/v1/markets", server.base);
    // Whether the end is seen with the head or after it is up to the network.
    match server.http.get(&url).bearer_auth(&app).send().await {
        Ok(cut) => {
            assert_eq!(cut.status(), 200);
            assert!(cut.content_length().unwrap() > 900);
            assert!(cut.bytes().await.is_err());
        }
        Err(error) => assert!(!error.is_timeout(), "{error}"),
    }
    let started = Instant::now();
    assert_eq!(server.get(&app, "/markets").await.status, 200);
    assert!(started.elapsed().as_millis() >= 60);
}

#[tokio::test]
async fn the_rate_limit_rolls_over_thirty_seconds() {
    for retry_after in [true, false] {
        let options = Options {
            rate_limit: Some("2".parse().unwrap()),
            retry_after,
            ..options(Profile::Extended)
        };
        let server = Server::start(options).await;
        let app = server.app().await;
        assert_eq!(server.get(&app, "/markets").await.status, 200);
        server.pass(SignedDuration::from_secs(20));
        assert_eq!(server.get(&app, "/markets").await.status, 200);
        let limited = server.get(&app, "/search?q=a&type=track").await;
        let body = json!({"error": {"status": 429, "message": "API rate limit exceeded"}});
        assert_eq!((limited.status, limited.json()), (429, body));
        assert_eq!(limited.header("retry-after"), retry_after.then_some("10"));
        server.pass(SignedDuration::from_secs(10));
        assert_eq!(server.get(&app, "/markets").await.status, 200);
        assert_eq!(server.get(&app, "/markets").await.status, 429);
    }
}

#[tokio::test]
async fn the_quota_is_of_a_bucket_and_rolls_over_a_day() {
    let options = Options {
        quotas: vec!["artists.albums=2".parse().unwrap()],
        ..options(Profile::DevNew)
    };
    let server = Server::start(options).await;
    let me = server.me().await;
    let artists = server.ok(&me, "/me/top/artists?limit=1").await;
    let path = format!(
        "/artists/{}/albums",
        artists["items"][0]["id"].as_str().unwrap()
    );
    for _ in 0..2 {
        assert_eq!(server.get(&me, &path).await.status, 200);
        server.pass(SignedDuration::from_mins(10));
    }
    let over = server.get(&me, &path).await;
    let error = json!({"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"});
    assert_eq!(over.json(), json!({ "error": error }));
    assert_eq!(over.header("retry-after"), Some("85200"));
    assert_eq!(server.get(&me, "/me/tracks").await.status, 200);
    server.pass(SignedDuration::from_secs(85_200));
    let me = server.me().await;
    assert_eq!(server.get(&me, &path).await.status, 200);
    assert_eq!(server.get(&me, &path).await.status, 429);
}

#[tokio::test]
async fn links_lead_to_the_host_that_was_addressed_or_to_a_hostile_one() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    let path = "/v1/playlists/37i9dQZF1DXcBWIGoYBM5M/tracks?limit=10&offset=10&fields=href,next,previous&market=SE";
    let url = format!("{}{path}", server.base);
    let request = server.http.get(&url).bearer_auth(&app);
    let page = taken(
        request
            .header("host", "spotify.test:99")
            .send()
            .await
            .unwrap(),
    )
    .await
    .json();
    let rest = "/v1/playlists/37i9dQZF1DXcBWIGoYBM5M/tracks";
    let kept = "limit=10&fields=href%2Cnext%2Cprevious&market=SE";
    assert_eq!(
        page["next"],
        format!("http://spotify.test:99{rest}?offset=20&{kept}")
    );
    assert_eq!(
        page["previous"],
        format!("http://spotify.test:99{rest}?offset=0&{kept}")
    );
    let bad = server
        .http
        .get(&url)
        .bearer_auth(&app)
        .header("host", "a\"b/");
    if let Ok(bad) = bad.send().await {
        assert!(!bad.text().await.unwrap().contains("a\"b"));
    }
    let hostile = Options {
        hostile_next: Some("http://evil.test".to_owned()),
        ..options(Profile::Extended)
    };
    let server = Server::start(hostile).await;
    let me = server.me().await;
    let page = server.ok(&me, "/me/tracks").await;
    assert_eq!(
        page["next"],
        "http://evil.test/v1/me/tracks?offset=20&limit=20"
    );
    assert!(page["href"].as_str().unwrap().starts_with(&server.base));
    let followed = server.ok(&me, "/me/following?type=artist").await;
    assert!(
        followed["artists"]["next"]
            .as_str()
            .unwrap()
            .starts_with("http://evil.test/v1/me/")
    );
}

#[tokio::test]
async fn writing_is_refused_by_name_and_nothing_else_is_there() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    for (method, path, name) in [
        ("PUT", "/me/tracks", "Save Tracks for Current User"),
        ("DELETE", "/me/library", "Remove Items from Library"),
        (
            "POST",
            "/playlists/37i9dQZF1DXcBWIGoYBM5M/items",
            "Add Items to Playlist",
        ),
        ("PUT", "/me/player/play", "Start/Resume Playback"),
    ] {
        let url = format!("{}/v1{path}", server.base);
        let request = server.http.request(method.parse().unwrap(), url);
        let answer = taken(request.bearer_auth(&me).send().await.unwrap()).await;
        let message = format!("{name} is not implemented by the sandbox");
        assert_eq!(
            answer.json(),
            json!({"error": {"status": 501, "message": message}})
        );
    }
    let nothing = server.get(&me, "/nothing").await;
    assert_eq!(
        nothing.json(),
        json!({"error": {"status": 404, "message": "Service not found"}})
    );
    let url = format!("{}/v1/search", server.base);
    let wrong = server.http.put(url).bearer_auth(&me).send().await.unwrap();
    assert_eq!(wrong.status(), 405);
}

#[tokio::test]
async fn calls_are_remembered() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    server.get(&app, "/me").await;
    let calls = server.sandbox.calls();
    let seen: Vec<_> = calls
        .iter()
        .map(|c| (c.method.as_str(), c.target.as_str(), c.status))
        .collect();
    assert_eq!(seen, [("POST", "/api/token", 200), ("GET", "/v1/me", 401)]);
}
