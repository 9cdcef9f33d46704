//! A sandbox on a free port, and what the tests ask of it.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use serde_json::Value;
use stave_spotify::sandbox::{Options, Profile, Sandbox};

pub(crate) const EVERY_SCOPE: &str = "user-library-read user-follow-read user-top-read \
    user-read-recently-played playlist-read-private playlist-read-collaborative \
    user-read-playback-position user-read-private user-read-email user-read-playback-state \
    user-read-currently-playing";

pub(crate) const REDIRECT: &str = "http://127.0.0.1:9/callback";

/// Base 64 without padding of the SHA-256 of [`VERIFIER`] (RFC 7636, appendix B).
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
    clock: Arc<Mutex<Timestamp>>,
}

/// An answer, taken in whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The message of the error object.
    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn options(profile: Profile) -> Options {
    Options {
        seed: 7,
        tracks: 5_000,
        profile,
        ..Options::default()
    }
}

impl Server {
    pub(crate) async fn start(options: Options) -> Self {
        let clock = Arc::new(Mutex::new("2026-11-01T20:00:00Z".parse().unwrap()));
        let time = Arc::clone(&clock);
        let sandbox = Sandbox::new(options, Arc::new(move || *time.lock().unwrap())).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let served = sandbox.clone();
        tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            base,
            sandbox,
            http,
            clock,
        }
    }

    pub(crate) async fn of(profile: Profile) -> Self {
        Self::start(options(profile)).await
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        let mut clock = self.clock.lock().unwrap();
        *clock = clock.checked_add(time).unwrap();
    }

    pub(crate) fn set(&self, at: &str) {
        *self.clock.lock().unwrap() = at.parse().unwrap();
    }

    /// Gets a path below `/v1`, or a whole address.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}/v1{path}", self.base)
        };
        taken(self.http.get(url).bearer_auth(token).send().await.unwrap()).await
    }

    /// The JSON of a path that is answered with 200.
    pub(crate) async fn ok(&self, token: &str, path: &str) -> Value {
        let answer = self.get(token, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// All elements of a list, by its `next` links.
    pub(crate) async fn all(&self, token: &str, path: &str) -> Vec<Value> {
        let (mut url, mut items) = (path.to_owned(), Vec::new());
        loop {
            let page = self.ok(token, &url).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut url),
                None => return items,
            }
        }
    }

    pub(crate) async fn token(&self, basic: Option<(&str, &str)>, form: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let mut request = self
            .http
            .post(format!("{}/api/token", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.finish());
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret));
        }
        taken(request.send().await.unwrap()).await
    }

    pub(crate) async fn app(&self) -> String {
        let form = [("grant_type", "client_credentials")];
        let answer = self.token(Some(("client", "secret")), &form).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn authorize(&self, pairs: &[(&str, &str)]) -> Answer {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let url = format!("{}/authorize?{query}", self.base);
        taken(self.http.get(url).send().await.unwrap()).await
    }

    /// A code for these scopes, with PKCE or without.
    pub(crate) async fn code(&self, scopes: &str, pkce: bool) -> String {
        let mut pairs = vec![
            ("client_id", "client"),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("state", "a b"),
            ("scope", scopes),
        ];
        if pkce {
            pairs.push(("code_challenge_method", "S256"));
            pairs.push(("code_challenge", CHALLENGE));
        }
        let answer = self.authorize(&pairs).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let location = url::Url::parse(answer.header("location").unwrap()).unwrap();
        assert!(location.as_str().starts_with(REDIRECT));
        let reply: Vec<_> = location.query_pairs().into_owned().collect();
        assert_eq!((reply[1].0.as_str(), reply[1].1.as_str()), ("state", "a b"));
        assert_eq!(reply[0].0, "code");
        reply[0].1.clone()
    }

    pub(crate) async fn exchange(&self, code: &str, verifier: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("client_id", "client"),
            ("code_verifier", verifier),
        ];
        self.token(None, &form).await
    }

    /// The access token of the user, with these scopes.
    pub(crate) async fn user(&self, scopes: &str) -> String {
        let code = self.code(scopes, true).await;
        let answer = self.exchange(&code, VERIFIER).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn me(&self) -> String {
        self.user(EVERY_SCOPE).await
    }
}

pub(crate) async fn taken(response: reqwest::Response) -> Answer {
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}
