//! Logins against a scripted accounts host.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::Digest;

use super::*;
use crate::client::fake::{Asked, Fake, Reply};
use crate::client::{Clock, ErrorKind, ManualClock, Secret};

fn start_of_test() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn granted(access: &str, refresh: Option<&str>) -> Reply {
    let mut body = json!({"access_token": access, "token_type": "Bearer", "expires_in": 3600});
    if let Some(refresh) = refresh {
        body["refresh_token"] = json!(refresh);
    }
    Reply::json(&body)
}

fn revoked() -> Reply {
    Reply::text(
        400,
        r#"{"error":"invalid_grant","error_description":"Refresh token revoked"}"#,
    )
}

/// An accounts host that rotates: `r0` gives `a1` and `r1`, and is dead from then on.
async fn rotating() -> Fake {
    let good = Arc::new(AtomicUsize::new(0));
    Fake::start(move |_| {
        move |asked: &Asked| {
            let now = good.load(Ordering::SeqCst);
            if asked.field("refresh_token") != Some(format!("r{now}")) {
                return revoked();
            }
            // Slow, so that refreshers would meet if nothing held them apart.
            std::thread::sleep(Duration::from_millis(30));
            let next = good.fetch_add(1, Ordering::SeqCst) + 1;
            granted(&format!("a{next}"), Some(&format!("r{next}")))
        }
    })
    .await
}

fn tokens(expires_at: Timestamp) -> TokenSet {
    TokenSet {
        client_id: "client".to_owned(),
        client_secret: None,
        access_token: Secret::new("a0"),
        expires_at,
        refresh_token: Some(Secret::new("r0")),
        scopes: BTreeSet::from(["user-library-read".to_owned()]),
        consented_at: start_of_test(),
    }
}

struct Place {
    _folder: tempfile::TempDir,
    file: TokenFile,
    clock: Arc<ManualClock>,
}

fn place(expires_at: Timestamp) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let file = TokenFile::new(folder.path().join("token.json"));
    file.write(&tokens(expires_at)).unwrap();
    Place {
        file,
        _folder: folder,
        clock: Arc::new(ManualClock::new(start_of_test())),
    }
}

impl Place {
    fn user(&self, fake: &Fake) -> UserTokens {
        UserTokens::new(self.file.clone(), fake.hosts(), self.clock.clone())
    }
}

#[test]
fn the_token_file_is_private_and_comes_back() {
    use std::os::unix::fs::PermissionsExt;
    let place = place(start_of_test());
    let mode = std::fs::metadata(place.file.path()).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let read = place.file.read().unwrap().unwrap();
    assert_eq!(read.access_token.expose(), "a0");
    assert_eq!(read.refresh_token.unwrap().expose(), "r0");
    assert_eq!(read.consented_at, start_of_test());
    let shown = format!("{:?}", tokens(start_of_test()));
    assert!(!shown.contains("a0") && !shown.contains("r0"), "{shown}");
    place.file.remove().unwrap();
    assert!(place.file.read().unwrap().is_none());
}

#[test]
fn a_file_that_is_none_of_ours_needs_a_login_and_is_not_quoted() {
    let place = place(start_of_test());
    for content in ["", "{}", r#"{"version":1,"access_token":"hush"}"#, "hush"] {
        std::fs::write(place.file.path(), content).unwrap();
        let error = place.file.read().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LoginAgain);
        assert!(!format!("{error:?}").contains("hush"));
    }
}

#[tokio::test]
async fn a_fresh_token_is_used_and_an_old_one_renewed_before_its_end() {
    let fake = rotating().await;
    let place = place(start_of_test() + SignedDuration::from_secs(600));
    let user = place.user(&fake);
    assert_eq!(user.access_token().await.unwrap().expose(), "a0");
    assert_eq!(fake.count(), 0);
    place.clock.advance(Duration::from_secs(545));
    assert_eq!(user.access_token().await.unwrap().expose(), "a1");
    let asked = &fake.log()[0];
    assert_eq!(asked.target, "/api/token");
    assert_eq!(asked.field("client_id").as_deref(), Some("client"));
    assert_eq!(asked.authorization, "");
    // What was got is in the file, with all that the answer left out.
    let read = place.file.read().unwrap().unwrap();
    assert_eq!(read.refresh_token.unwrap().expose(), "r1");
    assert_eq!(read.consented_at, start_of_test());
    assert!(read.scopes.contains("user-library-read"));
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_keeps_the_old_one() {
    let fake = Fake::start(|_| |_: &Asked| granted("a9", None)).await;
    let place = place(start_of_test());
    place.user(&fake).access_token().await.unwrap();
    let read = place.file.read().unwrap().unwrap();
    assert_eq!(read.refresh_token.unwrap().expose(), "r0");
}

#[tokio::test]
async fn broken_answers_of_the_accounts_host_are_repeated() {
    let n = AtomicUsize::new(0);
    let fake = Fake::start(move |_| {
        move |_: &Asked| match n.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::text(503, "<html>"),
            1 => Reply::text(200, "{\"access_tok"),
            _ => granted("a1", Some("r1")),
        }
    })
    .await;
    let place = place(start_of_test());
    let token = place.user(&fake).access_token().await.unwrap();
    assert_eq!(token.expose(), "a1");
    assert_eq!(fake.count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_refreshers_of_one_file_refresh_once() {
    let fake = rotating().await;
    let place = place(start_of_test());
    let mut tasks = Vec::new();
    // Each has its own handle of the file, as another process would.
    for _ in 0..8 {
        let user = place.user(&fake);
        tasks.push(tokio::spawn(async move {
            let token = user.access_token().await.unwrap();
            token.expose().to_owned()
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), "a1");
    }
    assert_eq!(fake.count(), 1);

    // The same where all of them were refused one token.
    let refused = Secret::new("a1");
    let users: Vec<_> = (0..8).map(|_| place.user(&fake)).collect();
    let renewals = users.iter().map(|user| user.renew(&refused));
    for token in futures::future::join_all(renewals).await {
        assert_eq!(token.unwrap().expose(), "a2");
    }
    assert_eq!(fake.count(), 2);
}

#[tokio::test]
async fn a_crash_after_the_answer_leaves_the_new_token_in_the_file() {
    let fake = rotating().await;
    let place = place(start_of_test());
    let user = place.user(&fake);
    user.access_token().await.unwrap();
    drop(user);
    place.clock.advance(Duration::from_hours(2));
    let again = place.user(&fake).access_token().await.unwrap();
    assert_eq!(again.expose(), "a2");
}

#[tokio::test]
async fn a_login_at_its_end_says_so_and_is_not_asked_again() {
    let fake = Fake::start(|_| |_: &Asked| revoked()).await;
    let place = place(start_of_test());
    let error = place.user(&fake).access_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginAgain);
    assert!(error.message().contains("revoked"), "{error}");
    assert_eq!(fake.count(), 1);
    assert!(!format!("{error:?}").contains("r0"));
}

#[tokio::test]
async fn no_login_says_so() {
    let fake = rotating().await;
    let place = place(start_of_test());
    place.file.remove().unwrap();
    let error = place.user(&fake).access_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginAgain);
    assert!(place.user(&fake).consent().unwrap().is_none());
}

#[tokio::test]
async fn a_clock_moved_six_months_warns_and_then_ends() {
    let clock = Arc::new(ManualClock::new(start_of_test()));
    let end: Timestamp = "2027-05-21T12:00:00Z".parse().unwrap();
    let judge = clock.clone();
    let fake = Fake::start(move |_| {
        move |_: &Asked| {
            if judge.now() >= end {
                Reply::text(
                    400,
                    r#"{"error":"invalid_grant","error_description":"Refresh token expired"}"#,
                )
            } else {
                granted("a1", Some("r1"))
            }
        }
    })
    .await;
    let mut place = place(start_of_test());
    place.clock = clock;
    let user = place.user(&fake);
    let warning = |at: &str| {
        place.clock.set(at.parse().unwrap());
        let consent = user.consent().unwrap().unwrap();
        assert_eq!(consent.ends_at, end);
        consent.warning
    };
    assert_eq!(warning("2027-04-23T11:59:59Z"), None);
    let text = warning("2027-04-23T12:00:00Z").unwrap();
    assert!(
        text.contains("2027-05-21") && text.contains("28 days"),
        "{text}"
    );
    user.access_token().await.unwrap();
    assert!(warning("2027-05-21T12:00:00Z").unwrap().contains("ended"));
    let error = user.access_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginAgain);
    assert!(error.message().contains("expired"));
}

#[test]
fn six_months_are_months_of_the_calendar() {
    for (from, to) in [
        ("2026-08-31T10:00:00Z", "2027-02-28T10:00:00Z"),
        ("2027-08-31T10:00:00Z", "2028-02-29T10:00:00Z"),
    ] {
        let from: Timestamp = from.parse().unwrap();
        assert_eq!(consent(from, from).ends_at, to.parse().unwrap());
    }
}

#[tokio::test]
async fn client_credentials_are_asked_for_again_when_they_end() {
    let n = AtomicUsize::new(0);
    let fake = Fake::start(move |_| {
        move |_: &Asked| granted(&format!("a{}", n.fetch_add(1, Ordering::SeqCst)), None)
    })
    .await;
    let clock = Arc::new(ManualClock::new(start_of_test()));
    let app = AppTokens::new(&fake.hosts(), "id", Secret::new("se:cret"), clock.clone()).unwrap();
    for _ in 0..2 {
        assert_eq!(app.access_token().await.unwrap().expose(), "a0");
    }
    clock.advance(Duration::from_secs(3541));
    assert_eq!(app.access_token().await.unwrap().expose(), "a1");
    assert_eq!(app.renew(&Secret::new("a1")).await.unwrap().expose(), "a2");
    let asked = &fake.log()[0];
    assert_eq!(asked.authorization, "Basic aWQ6c2U6Y3JldA==");
    assert_eq!(asked.body, "grant_type=client_credentials");
}

#[tokio::test]
async fn wrong_credentials_are_named_without_the_secret() {
    let fake = Fake::start(|_| {
        |_: &Asked| {
            Reply::text(
                400,
                r#"{"error":"invalid_client","error_description":"Invalid client hush"}"#,
            )
        }
    })
    .await;
    let clock = Arc::new(ManualClock::new(start_of_test()));
    let app = AppTokens::new(&fake.hosts(), "id", Secret::new("hush"), clock).unwrap();
    let error = app.access_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(!format!("{error:?}").contains("hush"));
}

fn parameter(url: &str, name: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.unwrap().1.into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_goes_through_the_browser_and_back() {
    let fake = Fake::start(|_| |_: &Asked| granted("a1", Some("r1"))).await;
    let login = Login::begin(LoginSettings::new(fake.hosts(), "id"))
        .await
        .unwrap();
    let url = login.url().to_owned();
    assert!(url.starts_with(&format!("{}/authorize?", fake.base)));
    assert!(login.redirect_uri().starts_with("http://127.0.0.1:"));
    assert_eq!(parameter(&url, "redirect_uri"), login.redirect_uri());
    assert_eq!(parameter(&url, "code_challenge_method"), "S256");
    let state = parameter(&url, "state");
    assert_eq!(parameter(&url, "scope"), SCOPES.join(" "));
    let shown = format!("{login:?}");
    let clock = Arc::new(ManualClock::new(start_of_test()));
    let statuses = Arc::new(Mutex::new(Vec::new()));
    let visitor = {
        let (redirect, statuses) = (login.redirect_uri().to_owned(), statuses.clone());
        tokio::spawn(async move {
            for target in [
                redirect.replace("/callback", "/favicon.ico"),
                format!("{redirect}?code=evil&state=guess"),
                format!("{redirect}?error=access_denied&state=guess"),
                format!("{redirect}?code=the-code&state={state}"),
            ] {
                let status = reqwest::get(target).await.unwrap().status().as_u16();
                statuses.lock().unwrap().push(status);
            }
        })
    };
    let tokens = login
        .finish(Duration::from_secs(20), clock.as_ref())
        .await
        .unwrap();
    visitor.await.unwrap();
    assert_eq!(*statuses.lock().unwrap(), [404, 400, 400, 200]);
    assert_eq!(tokens.refresh_token.unwrap().expose(), "r1");
    assert_eq!(tokens.consented_at, start_of_test());
    assert_eq!(tokens.scopes.len(), SCOPES.len());

    let asked = &fake.log()[0];
    assert_eq!(asked.field("code").as_deref(), Some("the-code"));
    let verifier = asked.field("code_verifier").unwrap();
    assert!((43..=128).contains(&verifier.len()));
    let hash =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(&verifier));
    assert_eq!(parameter(&url, "code_challenge"), hash);
    assert!(!shown.contains(&verifier));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_refused_or_forgotten_ends() {
    let fake = rotating().await;
    let clock = ManualClock::new(start_of_test());
    let login = Login::begin(LoginSettings::new(fake.hosts(), "id"))
        .await
        .unwrap();
    let error = login
        .finish(Duration::from_millis(20), &clock)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);

    let login = Login::begin(LoginSettings::new(fake.hosts(), "id"))
        .await
        .unwrap();
    let state = parameter(login.url(), "state");
    let redirect = login.redirect_uri().to_owned();
    let visitor = tokio::spawn(reqwest::get(format!(
        "{redirect}?error=access_denied&state={state}"
    )));
    let error = login
        .finish(Duration::from_secs(20), &clock)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    visitor.await.unwrap().unwrap();
    assert_eq!(fake.count(), 0);
}
