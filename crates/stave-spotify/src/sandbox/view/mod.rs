//! How the API shows the world to one caller: JSON, links, and what an app of
//! its class may see. One file a family of objects. Must not know how a call is
//! authenticated or limited.

mod audio;
mod music;
mod player;
mod playlists;
mod removed;
mod spoken;
mod users;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) use removed::remove;

use super::errors::ApiError;
use super::oauth::Bearer;
use super::options::Profile;
use super::params::{Params, Window};
use super::state::SandboxState;
use super::world::World;
use super::world::ids::Kind;

/// The country of every user.
pub(super) const COUNTRY: &str = "US";

/// One call's view of the world.
pub(super) struct View<'a> {
    pub(super) state: &'a SandboxState,
    pub(super) world: &'a World,
    pub(super) bearer: &'a Bearer,
    pub(super) params: &'a Params,
    /// Scheme and host as the client addressed them.
    pub(super) base: &'a str,
    pub(super) now: Timestamp,
    /// The market that counts: a user's own country, or else the parameter.
    pub(super) market: Option<&'a str>,
}

impl<'a> View<'a> {
    pub(super) fn new(
        state: &'a SandboxState,
        bearer: &'a Bearer,
        params: &'a Params,
        base: &'a str,
    ) -> Result<Self, ApiError> {
        let market = match (params.market()?, &bearer.user) {
            (Some(_), Some(_)) => Some(COUNTRY),
            (Some("from_token"), None) => return Err(ApiError::invalid("Invalid market code")),
            (market, _) => market,
        };
        Ok(Self {
            state,
            world: &state.world,
            bearer,
            params,
            base,
            now: state.now(),
            market,
        })
    }

    pub(super) const fn profile(&self) -> Profile {
        self.state.options.profile
    }

    /// Who calls. Operations for users only are not reached without one.
    pub(super) fn me(&self) -> &str {
        self.bearer.user.as_deref().unwrap_or_default()
    }

    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.bearer.scopes.iter().any(|granted| granted == scope)
    }

    /// The address of something below `/v1`.
    pub(super) fn href(&self, path: &str) -> String {
        format!("{}/v1{path}", self.base)
    }

    /// The members that name an object: web page, address, id, URI.
    pub(super) fn identity(&self, kind: Kind, index: u64) -> Identity {
        let id = self.world.id(kind, index);
        let word = kind.word();
        let path = match kind {
            Kind::Audiobook => "audiobook",
            Kind::Chapter => "chapter",
            _ => word,
        };
        Identity {
            external_urls: json!({ "spotify": format!("https://open.spotify.com/{word}/{id}") }),
            href: self.href(&format!("/{path}s/{id}")),
            uri: format!("spotify:{word}:{id}"),
            id,
        }
    }

    /// A page of a list, with links that keep the call's other parameters.
    pub(super) fn page(&self, path: &str, total: u64, window: Window, items: Vec<Value>) -> Value {
        let others = |link: &mut url::form_urlencoded::Serializer<'_, String>| {
            for (name, value) in self.params.without(&["offset", "limit", "ids"]) {
                link.append_pair(name, value);
            }
        };
        self.page_of(path, total, window, window.limit, items, &others)
    }

    /// A page inside another object, whose parameters are its own affair.
    pub(super) fn page_within(
        &self,
        path: &str,
        total: u64,
        window: Window,
        next_limit: u64,
        items: Vec<Value>,
    ) -> Value {
        let others = |link: &mut url::form_urlencoded::Serializer<'_, String>| {
            for name in ["market", "additional_types"] {
                if let Some(value) = self.params.get(name) {
                    link.append_pair(name, value);
                }
            }
        };
        self.page_of(path, total, window, next_limit, items, &others)
    }

    fn page_of(
        &self,
        path: &str,
        total: u64,
        window: Window,
        next_limit: u64,
        items: Vec<Value>,
        others: &dyn Fn(&mut url::form_urlencoded::Serializer<'_, String>),
    ) -> Value {
        let Window { limit, offset } = window;
        let link = |base: &str, offset: u64, limit: u64| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("offset", &offset.to_string());
            query.append_pair("limit", &limit.to_string());
            others(&mut query);
            format!("{base}/v1{path}?{}", query.finish())
        };
        let after = offset + limit;
        let next = (after < total).then(|| link(self.next_base(), after, next_limit));
        let previous = (offset > 0).then(|| link(self.base, offset.saturating_sub(limit), limit));
        let mut page = json!({
            "href": link(self.base, offset, limit),
            "items": [],
            "limit": limit,
            "next": next,
            "offset": offset,
            "previous": previous,
            "total": total,
        });
        page["items"] = Value::Array(items);
        page
    }

    /// Where `next` links point: here, unless the sandbox is told to be hostile.
    pub(super) fn next_base(&self) -> &str {
        let hostile = self.state.options.hostile_next.as_deref();
        hostile.map_or(self.base, |base| base.trim_end_matches('/'))
    }
}

/// The members that name an object.
pub(super) struct Identity {
    pub(super) external_urls: Value,
    pub(super) href: String,
    pub(super) id: String,
    pub(super) uri: String,
}

/// Images in three sizes; `key` decides which.
pub(super) fn images(key: u64) -> Value {
    let hash = super::world::draw::mix(key);
    let image = |kind: &str, size: u64| {
        json!({
            "url": format!("https://i.scdn.co/image/ab67616d0000{kind}{hash:016x}{:08x}", key as u32),
            "height": size,
            "width": size,
        })
    };
    json!([image("b273", 640), image("1e02", 300), image("4851", 64)])
}

/// A moment to the second, as in `2023-03-27T10:01:35Z`.
pub(super) fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
