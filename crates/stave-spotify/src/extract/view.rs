//! Reads raw pages: just what is needed to walk on, by the old names and the
//! new, and nothing that fails on a row which is odd.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::{Error, Result};

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct Paging<'a> {
    /// The rows; a `null` row keeps its position.
    #[serde(borrow, default)]
    pub items: Option<Vec<Option<&'a RawValue>>>,
    /// The link to the next page.
    #[serde(default)]
    pub next: Option<String>,
    /// How many rows there are in all pages.
    #[serde(default)]
    pub total: Option<u64>,
}

/// A playlist, by its old names or its new ones.
#[derive(Debug, Deserialize)]
pub struct Playlist<'a> {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Changes whenever the playlist changes.
    #[serde(default)]
    pub snapshot_id: Option<String>,
    #[serde(borrow, default)]
    items: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tracks: Option<&'a RawValue>,
}

impl<'a> Playlist<'a> {
    /// Reads a playlist.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| unreadable("playlist", &error))
    }

    /// The embedded page: `items`, or `tracks` as it was called before.
    /// Nothing where the playlist's content may not be read.
    pub fn page(&self) -> Option<&'a RawValue> {
        // A reference without rows, as in a list of playlists, is no page.
        let is_page = |raw: &&RawValue| {
            serde_json::from_str::<Paging<'_>>(raw.get()).is_ok_and(|page| page.items.is_some())
        };
        let page = self.items.filter(is_page);
        page.or_else(|| self.tracks.filter(is_page))
    }

    /// How many entries it says it has.
    pub fn total(&self) -> Option<u64> {
        [self.items, self.tracks]
            .into_iter()
            .flatten()
            .find_map(|raw| {
                let page: Paging<'_> = serde_json::from_str(raw.get()).ok()?;
                page.total
            })
    }
}

/// A row of a list: a playlist's entry, a saved thing, a play, or the thing itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Row {
    /// When it was put there.
    pub added_at: Option<String>,
    /// When it was played.
    pub played_at: Option<String>,
    item: Option<Thing>,
    track: Option<Thing>,
    album: Option<Thing>,
    show: Option<Thing>,
    episode: Option<Thing>,
    audiobook: Option<Thing>,
}

/// What a row is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Thing {
    /// Its id; local files have none.
    pub id: Option<String>,
    /// `spotify:track:…`, `spotify:episode:…`, `spotify:local:…`
    pub uri: Option<String>,
    /// Its artists.
    pub artists: Option<Vec<Option<Named>>>,
    /// Its album.
    pub album: Option<Named>,
}

/// Something with an id.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    /// Its id; local files have none.
    pub id: Option<String>,
    /// Its artists.
    pub artists: Option<Vec<Option<Named>>>,
}

impl Row {
    /// Reads a row; an odd one has nothing in it.
    pub fn read(raw: &RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }

    /// What it is about: `item`, `track` as it was called before, or the saved thing.
    pub fn thing(&self) -> Option<&Thing> {
        [
            &self.item,
            &self.track,
            &self.album,
            &self.show,
            &self.episode,
            &self.audiobook,
        ]
        .into_iter()
        .find_map(Option::as_ref)
    }

    /// The URI of what it is about.
    pub fn uri(&self) -> Option<&str> {
        self.thing()?.uri.as_deref()
    }
}

impl Thing {
    /// Reads a thing that is a row of its own, as in the top lists.
    pub fn read(raw: &RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }
}

impl<'a> Paging<'a> {
    /// Reads a page; `wrapped` names the member that it is in, where it is in one.
    pub fn read(bytes: &'a [u8], wrapped: Option<&str>) -> Result<Self> {
        let page: Self = match wrapped {
            None => serde_json::from_slice(bytes),
            Some(name) => serde_json::from_slice::<Members<'a>>(bytes).and_then(|members| {
                let inner = members.0.into_iter().find(|(key, _)| *key == name);
                serde_json::from_str(inner.map_or("{}", |(_, raw)| raw.get()))
            }),
        }
        .map_err(|error| unreadable("page", &error))?;
        if page.items.is_none() {
            return Err(
                Error::invalid("the answer is a page without rows: `items` is missing")
                    .hint("this app may not read it, or Spotify has changed the answer"),
            );
        }
        Ok(page)
    }
}

/// The members of an object, in order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        struct Visitor<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> serde::de::Visitor<'de> for Visitor<'a> {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor(std::marker::PhantomData))
    }
}

/// The pages' rows in one answer: the first page's members, `items` of all
/// pages in order, `next` and `previous` null. Each row's bytes are unchanged.
pub(super) fn joined(pages: &[String], wrapped: Option<&str>) -> Result<String> {
    let mut rows = Vec::new();
    for page in pages {
        rows.extend(
            Paging::read(page.as_bytes(), wrapped)?
                .items
                .unwrap_or_default(),
        );
    }
    let first = pages.first().map_or("{}", String::as_str);
    let body = match wrapped {
        None => join_one(first, &rows),
        Some(name) => members(first).and_then(|members| {
            let mut out = String::from("{");
            for (at, (key, raw)) in members.0.iter().enumerate() {
                let inner = if key == name {
                    join_one(raw.get(), &rows)?
                } else {
                    raw.get().to_owned()
                };
                push_member(&mut out, at, key, &inner);
            }
            Ok(out + "}")
        }),
    };
    body.map_err(|error| unreadable("page", &error))
}

fn members(text: &str) -> serde_json::Result<Members<'_>> {
    serde_json::from_str(text)
}

fn push_member(out: &mut String, at: usize, key: &str, value: &str) {
    if at > 0 {
        out.push(',');
    }
    out.push_str(&serde_json::Value::from(key).to_string());
    out.push(':');
    out.push_str(value);
}

fn join_one(first: &str, rows: &[Option<&RawValue>]) -> serde_json::Result<String> {
    let mut out = String::from("{");
    for (at, (key, raw)) in members(first)?.0.into_iter().enumerate() {
        match key.as_str() {
            "items" => {
                let texts: Vec<&str> = rows
                    .iter()
                    .map(|row| row.map_or("null", RawValue::get))
                    .collect();
                push_member(&mut out, at, &key, &format!("[{}]", texts.join(",")));
            }
            "next" | "previous" => push_member(&mut out, at, &key, "null"),
            _ => push_member(&mut out, at, &key, raw.get()),
        }
    }
    Ok(out + "}")
}

fn unreadable(what: &str, error: &serde_json::Error) -> Error {
    Error::invalid(format!(
        "the answer is no {what} that can be read (line {}, column {})",
        error.line(),
        error.column()
    ))
    .hint("Spotify may have changed the answer; the raw page shows it")
}
