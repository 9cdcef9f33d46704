//! Asks for a page until it is there, refused, or not to be had today.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::answer::{PAGE_MAX, Unread, Verdict, bounded, judge};
use super::clock::{Clock, later};
use super::config::{Config, agent};
use super::endpoint::Endpoint;
use super::error::{Error, ErrorKind, Result};
use super::learned::{Learned, Refused};
use super::memory::{Memory, random, recall, remember};
use super::request::Request;
use crate::auth::Tokens;

/// The counters are saved after so many calls, and whenever something was learned.
const SAVED_EVERY: u64 = 16;

/// How often a fresh token may be refused: Spotify does it for no reason at times.
const REFUSED_MAX: u32 = 3;

/// The client of one account.
///
/// What it learns about the account is loaded once and saved as it goes; two
/// processes on one account don't lose data by it, but each counts for itself.
pub struct Client {
    http: reqwest::Client,
    config: Config,
    tokens: Arc<dyn Tokens>,
    memory: Arc<dyn Memory>,
    clock: Arc<dyn Clock>,
    learned: Mutex<Learned>,
    asked_at: Mutex<Option<Timestamp>>,
    calls: AtomicU64,
}

/// What was spent on one page so far.
#[derive(Default)]
struct Effort {
    broken: u32,
    expired: u32,
    limited: u32,
    waited: Duration,
}

impl Client {
    /// A client for `config.account`, with what is remembered about it.
    pub async fn open(
        config: Config,
        tokens: Arc<dyn Tokens>,
        memory: Arc<dyn Memory>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let learned = recall(memory.as_ref(), &key(&config.account)).await?;
        Ok(Self {
            http: agent(config.hosts.api(), config.patience.timeout)?,
            config,
            tokens,
            memory,
            clock,
            learned: Mutex::new(learned),
            asked_at: Mutex::new(None),
            calls: AtomicU64::new(0),
        })
    }

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.config.account
    }

    /// The memory that this client keeps what it learns in.
    pub fn memory(&self) -> &Arc<dyn Memory> {
        &self.memory
    }

    /// The clock of this client.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The tokens of this client.
    pub fn tokens(&self) -> &Arc<dyn Tokens> {
        &self.tokens
    }

    /// How many calls were made to the API, refused and repeated ones included.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// What was found out about the account so far.
    pub fn learned(&self) -> Learned {
        self.facts().clone()
    }

    /// The page size to ask `endpoint` for: `wanted`, or what was found to be allowed.
    pub fn page_size(&self, endpoint: Endpoint, wanted: u32) -> u32 {
        let learned = self.facts().limit(endpoint.bucket(), self.clock.now());
        learned.map_or(wanted, |rows| rows.min(wanted))
    }

    /// Remembers that `name` is refused to this account.
    pub async fn note_refused(&self, name: &str, why: &str) -> Result<()> {
        let refused = Refused {
            why: why.to_owned(),
            learned_at: self.clock.now(),
        };
        self.facts().refused.insert(name.to_owned(), refused);
        self.save().await
    }

    /// Saves what was learned.
    pub async fn save(&self) -> Result<()> {
        let learned = self.learned();
        remember(self.memory.as_ref(), &key(&self.config.account), &learned).await
    }

    /// The request that a page's `next` link asks for; see [`Request::following`].
    pub fn following(&self, endpoint: Endpoint, next: &str) -> Result<Request> {
        Request::following(self.config.hosts.api(), endpoint, next)
    }

    /// Asks for a page, and gives its bytes: a JSON object, unchanged.
    ///
    /// Waits for short limits, repeats broken answers within bounds, renews
    /// the token, and makes pages smaller where it must. A call to a closed
    /// bucket fails at once, without a request.
    pub async fn get(&self, request: &Request) -> Result<Bytes> {
        let mut request = request.clone();
        let mut effort = Effort::default();
        loop {
            self.fit(&mut request);
            self.admit(request.endpoint).await?;
            let token = self.tokens.access_token().await?;
            let (verdict, body) = self.ask(&request, token.expose()).await?;
            match verdict {
                Verdict::Good => {
                    self.taken(request.endpoint).await?;
                    return Ok(body);
                }
                Verdict::Final(error) => return Err(error),
                Verdict::Expired => {
                    effort.expired += 1;
                    if effort.expired > REFUSED_MAX {
                        return Err(Error::login_again(format!(
                            "Spotify refuses a fresh token for {}",
                            request.path
                        )));
                    }
                    if effort.expired > 1 {
                        self.back_off(effort.expired).await?;
                    }
                    self.tokens.renew(&token).await?;
                }
                Verdict::LimitTooLarge => self.shrink(&request).await?,
                Verdict::Limited { retry_after, quota } => {
                    self.wait_or_close(&request, &mut effort, retry_after, quota)
                        .await?;
                }
                Verdict::Broken(why) => {
                    effort.broken += 1;
                    if effort.broken >= self.config.patience.tries {
                        return Err(Error::unavailable(format!(
                            "{} did not answer properly in {} tries (last: {why})",
                            request.path, effort.broken
                        ))
                        .hint("try again later; the next run goes on from here"));
                    }
                    self.back_off(effort.broken).await?;
                }
            }
        }
    }

    fn facts(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fit(&self, request: &mut Request) {
        let Some(asked) = request.number("limit") else {
            return;
        };
        let fit = self.page_size(request.endpoint, asked.min(1000) as u32);
        if u64::from(fit) < asked {
            request.set("limit", fit.to_string());
        }
    }

    /// Lets a call through unless its bucket is closed, at the set pace.
    async fn admit(&self, endpoint: Endpoint) -> Result<()> {
        let now = self.clock.now();
        let bucket = endpoint.bucket();
        let closed = self.facts().buckets.get(bucket).and_then(|b| b.closed(now));
        if let Some(until) = closed {
            return Err(closed_error(bucket, until));
        }
        let pace = self.config.patience.pace;
        let before = *self.asked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = before.filter(|before| *before <= now) {
            let rest = later(before, pace).duration_since(now);
            if let Ok(rest) = Duration::try_from(rest)
                && !rest.is_zero()
            {
                self.clock.sleep(rest).await;
            }
        }
        let now = self.clock.now();
        *self.asked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        let calls = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        self.count(bucket, now);
        if calls.is_multiple_of(SAVED_EVERY) {
            self.save().await?;
        }
        Ok(())
    }

    fn count(&self, bucket: &str, now: Timestamp) {
        let mut facts = self.facts();
        facts
            .buckets
            .entry(bucket.to_owned())
            .or_default()
            .count(now);
    }

    async fn taken(&self, endpoint: Endpoint) -> Result<()> {
        let news = self
            .facts()
            .buckets
            .get_mut(endpoint.bucket())
            .is_some_and(super::learned::Bucket::taken);
        if news { self.save().await } else { Ok(()) }
    }

    async fn ask(&self, request: &Request, token: &str) -> Result<(Verdict, Bytes)> {
        let url = request.url(self.config.hosts.api());
        let broken = |why: &str| (Verdict::Broken(why.to_owned()), Bytes::new());
        let answer = match self.http.get(url).bearer_auth(token).send().await {
            Ok(answer) => answer,
            Err(error) if error.is_timeout() => return Ok(broken("no answer in time")),
            Err(error) if error.is_connect() => return Ok(broken("no connection")),
            Err(_) => return Ok(broken("the connection broke off")),
        };
        let status = answer.status().as_u16();
        let header = answer.headers().get("retry-after");
        let retry_after = header
            .and_then(|value| value.to_str().ok())
            .map(String::from);
        match bounded(answer, PAGE_MAX).await {
            Ok(body) => {
                let verdict = judge(status, retry_after.as_deref(), &body, &request.path, token);
                Ok((verdict, Bytes::from(body)))
            }
            // A limiter's answer counts whatever becomes of its body.
            Err(_) if status == 429 => {
                let verdict = judge(status, retry_after.as_deref(), b"", &request.path, token);
                Ok((verdict, Bytes::new()))
            }
            Err(Unread::Broken(why)) => Ok((Verdict::Broken(why), Bytes::new())),
            Err(Unread::TooLarge) => Err(Error::invalid(format!(
                "the answer of {} is larger than {} MiB",
                request.path,
                PAGE_MAX >> 20
            ))),
        }
    }

    async fn shrink(&self, request: &Request) -> Result<()> {
        let asked = request.number("limit").unwrap_or(1) as u32;
        let bucket = request.endpoint.bucket();
        let smaller = self.facts().shrink(bucket, asked, self.clock.now());
        if smaller.is_none() {
            return Err(Error::invalid(format!(
                "{} takes no page size at all",
                request.path
            )));
        }
        self.save().await
    }

    async fn wait_or_close(
        &self,
        request: &Request,
        effort: &mut Effort,
        retry_after: Option<Duration>,
        quota: bool,
    ) -> Result<()> {
        let patience = &self.config.patience;
        effort.limited += 1;
        let doubled = Duration::from_secs(1 << effort.limited.min(6));
        let wait = match retry_after {
            Some(told) if effort.limited == 1 => told,
            // What was told was not enough: asking on without end makes it worse.
            Some(told) => told.max(doubled),
            // Nobody said how long: 2, 4, 8 … seconds.
            None => doubled,
        };
        let within = wait <= patience.wait_cap && effort.waited + wait <= patience.wait_total;
        if within && !quota {
            let wait = wait + jitter(wait.max(Duration::from_millis(500)) / 4)?;
            effort.waited += wait;
            self.clock.sleep(wait).await;
            return Ok(());
        }
        let bucket = request.endpoint.bucket();
        let now = self.clock.now();
        let until = {
            let mut facts = self.facts();
            let bucket = facts.buckets.entry(bucket.to_owned()).or_default();
            bucket.close(now, retry_after, quota)
        };
        self.save().await?;
        Err(closed_error(bucket, until))
    }

    /// Half a second, a second, two … and up to half of it more.
    async fn back_off(&self, tries: u32) -> Result<()> {
        let wait = Duration::from_millis(250 << tries.min(6));
        let wait = wait + jitter(wait / 2)?;
        self.clock.sleep(wait).await;
        Ok(())
    }
}

fn jitter(most: Duration) -> Result<Duration> {
    let most = most.as_millis() as u64;
    Ok(Duration::from_millis(random()? % (most + 1)))
}

fn closed_error(bucket: &'static str, until: Timestamp) -> Error {
    Error::new(
        ErrorKind::Closed { until, bucket },
        format!("Spotify's quota for {bucket:?} is used up until {until:.0}"),
    )
    .hint(format!(
        "run it again after {until:.0}: it goes on from where it stopped"
    ))
}

fn key(account: &str) -> String {
    format!("spotify/{account}/learned")
}
