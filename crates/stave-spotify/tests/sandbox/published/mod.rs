//! Every answer of the sandbox beside the OpenAPI document that Spotify published, and a table of
//! where the document is wrong: what differs is in it with its reason, and all of it is seen.

mod deviations;
mod paths;
mod schema;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use stave_spotify::sandbox::{Options, Profile};

use self::deviations::{DEVIATIONS, Seen};
use self::schema::Schema;
use crate::server::{Server, options};

/// What the document says, with the one answer that it has wrong from end to end.
fn published() -> Schema {
    let text = include_str!("schema.txt");
    let (wrong, right) = deviations::SAVED_AUDIOBOOKS;
    assert!(text.contains(wrong));
    Schema::read(&text.replace(wrong, right))
}

/// Sets the clock to a moment at which something plays, out of something.
async fn find_music(server: &Server, me: &str) {
    let path = "/me/player/recently-played?limit=50";
    let plays = server.ok(me, path).await["items"].clone();
    for play in plays.as_array().unwrap() {
        let at: Timestamp = play["played_at"].as_str().unwrap().parse().unwrap();
        server.set(&(at + SignedDuration::from_secs(5)).to_string());
        let playing = server.get(me, "/me/player").await;
        if playing.status == 200 && !playing.json()["context"].is_null() {
            return;
        }
    }
    panic!("nothing plays");
}

/// What of one world's answers is not as the document says, and which operations answered.
async fn faults(
    schema: &Schema,
    options: Options,
    plays: bool,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let server = Server::start(options).await;
    let me = server.me().await;
    let app = server.app().await;
    if plays {
        find_music(&server, &me).await;
    }
    let (mut faults, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for path in paths::of(&server, &me).await {
        let (known, kind) = schema.path_of(&path).unwrap_or_else(|| panic!("{path}"));
        // The catalogue answers an app, too, and then without a market.
        let tokens: &[&str] = if path.starts_with("/me") {
            &[&me]
        } else {
            &[&me, &app]
        };
        for token in tokens {
            let answer = server.get(token, &path).await;
            let silent = answer.status == 204 && known.starts_with("/me/player");
            let private = token == &app && known.starts_with("/playlists/");
            if silent || private && [401, 404].contains(&answer.status) {
                continue;
            }
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            answered.insert(known.clone());
            schema.check(&answer.json(), kind, &format!("GET {known}"), &mut faults);
        }
    }
    (faults, answered)
}

#[tokio::test]
async fn answers_are_what_the_published_document_says_where_it_is_right() {
    let schema = published();
    let (mut seen, mut answered) = (BTreeSet::new(), BTreeSet::new());
    let mut unexpected = BTreeSet::new();
    for (seed, warts) in [(1, true), (2, true), (3, false)] {
        let world = Options {
            seed,
            warts,
            ..options(Profile::Extended)
        };
        let (faults, operations) = faults(&schema, world, seed == 1).await;
        for fault in &faults {
            let known = DEVIATIONS
                .iter()
                .find(|(_, faults, _)| faults.contains(&fault.as_str()));
            if !known.is_some_and(|(when, _, _)| warts || *when == Seen::Always) {
                unexpected.insert(format!("{fault} (seed {seed}, warts {warts})"));
            }
        }
        seen.extend(faults);
        answered.extend(operations);
    }
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let all: BTreeSet<String> = schema
        .answers
        .iter()
        .map(|(path, _)| path.clone())
        .collect();
    assert_eq!(answered, all, "every operation of the document is answered");
    for fault in DEVIATIONS.iter().flat_map(|(_, faults, _)| *faults) {
        assert!(
            seen.contains(*fault),
            "{fault} was not seen: is it still so?"
        );
    }
}

#[tokio::test]
async fn errors_are_what_the_published_document_says() {
    let schema = published();
    let server = Server::start(Options {
        quotas: vec![
            "markets=1"
                .parse()
                .unwrap_or_else(|_| "browse=1".parse().unwrap()),
        ],
        ..options(Profile::DevOld)
    })
    .await;
    let (me, app) = (server.me().await, server.app().await);
    server.get(&me, "/markets").await;
    for (token, path, status) in [
        (&me, "/search?q=x&type=track&limit=51", 400),
        (&"no-token".to_owned(), "/me", 401),
        (&app, "/me", 401),
        (&me, "/recommendations?seed_genres=pop", 429),
        (&me, "/audio-features/11dFghVXANMlKmJXsNCbNl", 403),
        (&me, "/tracks/0000000000000000000000", 404),
    ] {
        let answer = server.get(token, path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        let mut faults = BTreeSet::new();
        schema.check(&answer.json(), &Schema::object("Error"), path, &mut faults);
        // The reason that tells a quota from a rate limit came in July 2026.
        faults.remove("ErrorObject.reason: not in the document");
        assert!(faults.is_empty(), "{path}: {faults:?}");
        assert_eq!(answer.json()["error"]["status"], status);
    }
}
