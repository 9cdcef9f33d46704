//! The user metadata that says that an object comes from Spotify, of whom, and
//! since when: what purging goes by. A copy of the object keeps it.

use jiff::Timestamp;
use stave_spotify::extract::RawPage;
use stave_store::objects::UserMetadata;

/// Where it comes from: [`API`] or [`EXPORT`].
pub(super) const ORIGIN: &str = "origin";
/// Out of the Web API: Spotify's terms limit how long it is kept.
pub(super) const API: &str = "spotify";
/// Out of the account's export: the user's own data.
pub(super) const EXPORT: &str = "spotify-export";

const ACCOUNT: &str = "spotify-account";
const STREAM: &str = "spotify-stream";
const PART: &str = "spotify-part";
const RUN: &str = "spotify-run";
const FETCHED_AT: &str = "fetched-at";

/// What the tags of an object say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tags {
    pub origin: String,
    pub account: String,
    pub stream: String,
    /// When the oldest of it was fetched; nothing where that can't be read.
    pub fetched_at: Option<Timestamp>,
}

impl Tags {
    /// The tags among an object's metadata; nothing where it is not from Spotify.
    pub fn read(metadata: &UserMetadata) -> Option<Self> {
        let text = |name: &str| metadata.get(name).cloned();
        let origin = text(ORIGIN).filter(|origin| origin == API || origin == EXPORT)?;
        Some(Self {
            origin,
            account: text(ACCOUNT)?,
            stream: text(STREAM).unwrap_or_default(),
            fetched_at: metadata.get(FETCHED_AT).and_then(|text| text.parse().ok()),
        })
    }

    /// The tags as metadata.
    pub fn write(&self) -> UserMetadata {
        let mut metadata = UserMetadata::from([
            (ORIGIN.to_owned(), self.origin.clone()),
            (ACCOUNT.to_owned(), self.account.clone()),
            (STREAM.to_owned(), self.stream.clone()),
        ]);
        if let Some(at) = self.fetched_at {
            metadata.insert(FETCHED_AT.to_owned(), at.to_string());
        }
        metadata
    }
}

/// The tags of a raw page.
pub(super) fn of_page(page: &RawPage) -> UserMetadata {
    let tags = Tags {
        origin: API.to_owned(),
        account: page.account.clone(),
        stream: page.stream.to_string(),
        fetched_at: Some(page.fetched_at),
    };
    let mut metadata = tags.write();
    metadata.insert(RUN.to_owned(), page.run.clone());
    if let Some(part) = &page.part {
        metadata.insert(PART.to_owned(), part.clone());
    }
    metadata
}
