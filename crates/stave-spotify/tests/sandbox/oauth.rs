//! Consent, codes, tokens, scopes, and the errors of both hosts.

use jiff::SignedDuration;
use serde_json::json;
use stave_spotify::sandbox::{Consent, Options, Profile};

use crate::server::{EVERY_SCOPE, REDIRECT, Server, VERIFIER, options};

async fn refresh(server: &Server, token: &str) -> crate::server::Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", "client"),
    ];
    server.token(None, &form).await
}

#[tokio::test]
async fn client_credentials_open_the_catalogue_for_an_hour() {
    let server = Server::of(Profile::Extended).await;
    let form = [("grant_type", "client_credentials")];
    let answer = server.token(Some(("a", "b")), &form).await.json();
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 3_600);
    assert!(answer.get("refresh_token").is_none() && answer.get("scope").is_none());
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let path = "/playlists/37i9dQZEVXbMDoHDwVN2tF";
    assert_eq!(server.get(&token, path).await.status, 200);
    let me = server.get(&token, "/me").await;
    assert_eq!(
        (me.status, me.message().as_str()),
        (401, "Valid user authentication required")
    );
    server.pass(SignedDuration::from_secs(3_599));
    assert_eq!(server.get(&token, path).await.status, 200);
    server.pass(SignedDuration::from_secs(1));
    let late = server.get(&token, path).await;
    assert_eq!(
        (late.status, late.message().as_str()),
        (401, "The access token expired")
    );
    let header = late.header("www-authenticate").unwrap();
    assert_eq!(header, "Bearer realm=\"spotify\", error=\"invalid_token\"");
}

#[tokio::test]
async fn tokens_that_are_none_are_told_apart() {
    let server = Server::of(Profile::Extended).await;
    let url = format!("{}/v1/me", server.base);
    let none = server.http.get(&url).send().await.unwrap();
    assert_eq!(none.status(), 401);
    let header = none.headers()["www-authenticate"].to_str().unwrap();
    assert!(header.contains("missing_token"));
    let basic = server
        .http
        .get(&url)
        .basic_auth("a", Some("b"))
        .send()
        .await
        .unwrap();
    assert_eq!(basic.status(), 400);
    let made_up = server.get("nonsense", "/me").await;
    assert_eq!(
        made_up.json(),
        json!({"error": {"status": 401, "message": "Invalid access token"}})
    );
}

#[tokio::test]
async fn only_the_named_clients_get_in() {
    let clients = vec!["client:secret".parse().unwrap()];
    let server = Server::start(Options {
        clients,
        ..options(Profile::Extended)
    })
    .await;
    let form = [("grant_type", "client_credentials")];
    assert_eq!(
        server.token(Some(("client", "secret")), &form).await.status,
        200
    );
    let in_body = [
        form[0],
        ("client_id", "client"),
        ("client_secret", "secret"),
    ];
    assert_eq!(server.token(None, &in_body).await.status, 200);
    for wrong in [("client", "other"), ("other", "secret"), ("", "")] {
        let answer = server.token(Some(wrong), &form).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("invalid_client"))
        );
    }
    let without = server
        .token(None, &[form[0], ("client_id", "client")])
        .await;
    assert_eq!(
        without.json(),
        json!({"error": "invalid_client", "error_description": "Invalid client"})
    );
    let other = server
        .authorize(&[
            ("client_id", "x"),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
        ])
        .await;
    assert_eq!(
        (other.status, other.text.as_str()),
        (400, "INVALID_CLIENT: Invalid client")
    );
}

#[tokio::test]
async fn grants_that_are_none_are_refused() {
    let server = Server::of(Profile::Extended).await;
    let basic = Some(("a", "b"));
    for form in [vec![], vec![("grant_type", "password")]] {
        let answer = server.token(basic, &form).await;
        assert_eq!(answer.json()["error"], "unsupported_grant_type");
    }
    let answer = server
        .token(basic, &[("grant_type", "refresh_token")])
        .await;
    assert_eq!(answer.json()["error"], "invalid_request");
    let answer = server
        .token(
            basic,
            &[("grant_type", "refresh_token"), ("refresh_token", "x")],
        )
        .await;
    let wrong = json!({"error": "invalid_grant", "error_description": "Invalid refresh token"});
    assert_eq!((answer.status, answer.json()), (400, wrong));
}

#[tokio::test]
async fn redirects_and_scopes_are_checked() {
    let server = Server::of(Profile::Extended).await;
    let ask = async |redirect: &str, more: (&str, &str)| {
        let pairs = [
            ("client_id", "c"),
            ("response_type", "code"),
            ("redirect_uri", redirect),
            more,
        ];
        server.authorize(&pairs).await
    };
    for redirect in [
        "http://127.0.0.1:8888/cb",
        "http://[::1]:1/",
        "https://example.com/cb",
        "app://back",
    ] {
        assert_eq!(ask(redirect, ("", "")).await.status, 303, "{redirect}");
    }
    for redirect in [
        "http://localhost:8888/cb",
        "https://localhost/cb",
        "http://example.com/",
        "nothing",
    ] {
        assert_eq!(ask(redirect, ("", "")).await.status, 400, "{redirect}");
    }
    let scope = ask(REDIRECT, ("scope", "user-library-read everything")).await;
    assert_eq!(scope.text, "INVALID_SCOPE: Invalid scope");
    let plain = ask(REDIRECT, ("code_challenge", "x")).await;
    assert!(plain.text.contains("S256"), "{}", plain.text);
    let implicit = [
        ("client_id", "c"),
        ("response_type", "token"),
        ("redirect_uri", REDIRECT),
    ];
    assert!(server.authorize(&implicit).await.text.contains("implicit"));
}

#[tokio::test]
async fn who_says_no_is_sent_back_with_that() {
    let server = Server::start(Options {
        consent: Consent::Deny,
        ..options(Profile::Extended)
    })
    .await;
    let pairs = [
        ("client_id", "c"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("state", "s"),
    ];
    let answer = server.authorize(&pairs).await;
    let location = format!("{REDIRECT}?error=access_denied&state=s");
    assert_eq!(answer.header("location"), Some(location.as_str()));
}

#[tokio::test]
async fn a_code_is_good_once_for_ten_minutes_and_its_verifier() {
    let server = Server::of(Profile::Extended).await;
    let code = server.code(EVERY_SCOPE, true).await;
    let answer = server.exchange(&code, VERIFIER).await;
    let mut granted: Vec<_> = EVERY_SCOPE.split_whitespace().collect();
    granted.sort_unstable();
    assert_eq!(answer.json()["scope"], granted.join(" "));
    assert_eq!(
        server.exchange(&code, VERIFIER).await.json()["error"],
        "invalid_grant"
    );
    let code = server.code("", true).await;
    let wrong = server.exchange(&code, &VERIFIER.replace('d', "e")).await;
    assert_eq!(
        wrong.json()["error_description"],
        "code_verifier was incorrect"
    );
    let code = server.code("", true).await;
    server.pass(SignedDuration::from_mins(10));
    assert_eq!(
        server.exchange(&code, VERIFIER).await.json()["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn without_pkce_the_secret_is_needed_and_the_refresh_token_stays() {
    let server = Server::of(Profile::Extended).await;
    let code = server.code("user-top-read", false).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
    ];
    assert_eq!(
        server.token(None, &form).await.json()["error"],
        "invalid_client"
    );
    let basic = Some(("client", "secret"));
    let answer = server.token(basic, &form).await.json();
    let token = answer["refresh_token"].as_str().unwrap();
    for _ in 0..2 {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let again = server.token(basic, &form).await.json();
        assert!(again.get("refresh_token").is_none());
        let access = again["access_token"].as_str().unwrap();
        assert_eq!(server.get(access, "/me/top/artists").await.status, 200);
    }
    assert_eq!(
        refresh(&server, token).await.json()["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_refresh_token_of_pkce_is_good_once() {
    let server = Server::of(Profile::Extended).await;
    let code = server.code("", true).await;
    let answer = server.exchange(&code, VERIFIER).await.json();
    let old = answer["refresh_token"].as_str().unwrap();
    let next = refresh(&server, old).await.json();
    let new = next["refresh_token"].as_str().unwrap();
    assert_ne!(old, new);
    assert_eq!(
        server
            .get(next["access_token"].as_str().unwrap(), "/me")
            .await
            .status,
        200
    );
    let again = refresh(&server, old).await;
    let revoked = json!({"error": "invalid_grant", "error_description": "Refresh token revoked"});
    assert_eq!((again.status, again.json()), (400, revoked));
    assert_eq!(refresh(&server, new).await.status, 200);
}

#[tokio::test]
async fn refresh_tokens_end_six_months_after_consent_whatever_is_refreshed() {
    let server = Server::of(Profile::Extended).await;
    server.set("2026-08-31T12:00:00Z");
    let code = server.code("", true).await;
    let answer = server.exchange(&code, VERIFIER).await.json();
    server.set("2027-02-28T11:59:59Z");
    let next = refresh(&server, answer["refresh_token"].as_str().unwrap())
        .await
        .json();
    let token = next["refresh_token"].as_str().unwrap().to_owned();
    server.set("2027-02-28T12:00:00Z");
    let ended = refresh(&server, &token).await;
    let expired = json!({"error": "invalid_grant", "error_description": "Refresh token expired"});
    assert_eq!((ended.status, ended.json()), (400, expired));
}

#[tokio::test]
async fn each_scope_opens_its_own() {
    let server = Server::of(Profile::Extended).await;
    let nothing = server.user("").await;
    for (path, scope) in [
        ("/me/tracks", "user-library-read"),
        ("/me/albums", "user-library-read"),
        ("/me/shows", "user-library-read"),
        (
            "/me/episodes",
            "user-library-read user-read-playback-position",
        ),
        ("/me/audiobooks", "user-library-read"),
        ("/me/following?type=artist", "user-follow-read"),
        ("/me/top/tracks", "user-top-read"),
        ("/me/player/recently-played", "user-read-recently-played"),
        ("/me/playlists", "playlist-read-private"),
        ("/me/player/devices", "user-read-playback-state"),
        ("/me/player/queue", "user-read-currently-playing"),
    ] {
        let answer = server.get(&nothing, path).await;
        assert_eq!(
            (answer.status, answer.message().as_str()),
            (403, "Insufficient client scope"),
            "{path}"
        );
        let token = server.user(scope).await;
        assert_eq!(server.get(&token, path).await.status, 200, "{path}");
    }
    let profile = server.ok(&nothing, "/me").await;
    assert!(profile.get("email").is_none() && profile.get("country").is_none());
    let me = server.me().await;
    let profile = server.ok(&me, "/me/").await;
    assert_eq!(
        (&profile["country"], &profile["email"]),
        (&json!("US"), &json!("sandbox@example.com"))
    );
    assert_eq!(profile["account_id"].as_str().unwrap().len(), 22);
}

#[tokio::test]
async fn tokens_of_another_sandbox_are_not_taken() {
    let one = Server::of(Profile::Extended).await;
    let token = one.app().await;
    let other = Server::start(Options {
        seed: 8,
        ..options(Profile::Extended)
    })
    .await;
    assert_eq!(other.get(&token, "/markets").await.status, 401);
    assert_eq!(one.get(&token, "/markets").await.status, 200);
}
