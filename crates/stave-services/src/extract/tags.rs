//! The user metadata that says that an object comes from Spotify, of whom, and
//! since when: what purging goes by. A copy of the object keeps it, and what is
//! made of the object gets it.

use std::collections::BTreeSet;

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

/// The stream of what is made of other objects.
const DERIVED: &str = "derived";
/// In place of names: more accounts than metadata has room for.
const ANY_ACCOUNT: &str = "*";
/// The names of accounts take no more of an object's 2048 bytes of metadata.
const ACCOUNTS_BYTES: usize = 1024;

/// What the tags of an object say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tags {
    pub origin: String,
    /// The account, or those whose data it was made of, with commas between.
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

    /// Whether there is data of `account` in it.
    pub fn holds(&self, account: &str) -> bool {
        let mut names = self.account.split(',');
        names.any(|name| name == account || name == ANY_ACCOUNT)
    }
}

/// What was read to make something: gathers its tags, and gives those of what is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lineage {
    origins: BTreeSet<String>,
    accounts: BTreeSet<String>,
    oldest: Option<Timestamp>,
    /// Something doesn't say how old it is.
    ageless: bool,
}

impl Lineage {
    /// Adds an object that is read.
    pub fn add(&mut self, metadata: &UserMetadata) {
        let Some(tags) = Tags::read(metadata) else {
            return;
        };
        let names = tags.account.split(',').map(str::to_owned);
        self.accounts.extend(names);
        match (tags.fetched_at, self.oldest) {
            // The user's own data does not age.
            _ if tags.origin == EXPORT => {}
            (None, _) => self.ageless = true,
            (Some(at), oldest) => self.oldest = Some(oldest.map_or(at, |oldest| oldest.min(at))),
        }
        self.origins.insert(tags.origin);
    }

    /// Adds all that went into something else.
    pub fn merge(&mut self, other: &Self) {
        self.origins.extend(other.origins.iter().cloned());
        self.accounts.extend(other.accounts.iter().cloned());
        self.oldest = [self.oldest, other.oldest].into_iter().flatten().min();
        self.ageless |= other.ageless;
    }

    /// The metadata of what is made of it; nothing where none of it is from Spotify.
    pub fn metadata(&self) -> UserMetadata {
        if self.origins.is_empty() {
            return UserMetadata::new();
        }
        let accounts: Vec<&str> = self.accounts.iter().map(String::as_str).collect();
        let mut account = accounts.join(",");
        if account.len() > ACCOUNTS_BYTES {
            ANY_ACCOUNT.clone_into(&mut account);
        }
        let origin = if self.origins.contains(API) {
            API
        } else {
            EXPORT
        };
        let tags = Tags {
            origin: origin.to_owned(),
            account,
            stream: DERIVED.to_owned(),
            fetched_at: self.oldest.filter(|_| !self.ageless),
        };
        tags.write()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(origin: &str, account: &str, at: Option<&str>) -> UserMetadata {
        let tags = Tags {
            origin: origin.to_owned(),
            account: account.to_owned(),
            stream: "plays".to_owned(),
            fetched_at: at.map(|at| at.parse().expect("a time")),
        };
        tags.write()
    }

    fn of(inputs: &[UserMetadata]) -> Option<Tags> {
        let mut lineage = Lineage::default();
        for input in inputs {
            lineage.add(input);
        }
        Tags::read(&lineage.metadata())
    }

    #[test]
    fn what_is_made_is_as_old_as_the_oldest_of_all_accounts() {
        let (old, new) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        assert_eq!(of(&[UserMetadata::new()]), None);
        let both = of(&[tagged(API, "b", Some(new)), tagged(API, "a", Some(old))]);
        let both = both.expect("tags");
        assert_eq!((both.origin.as_str(), both.account.as_str()), (API, "a,b"));
        assert_eq!(both.fetched_at, old.parse().ok());
        assert!(both.holds("a") && both.holds("b") && !both.holds("a,b"));
        // The user's own part does not age, what Spotify's terms limit does.
        let mixed = of(&[tagged(EXPORT, "a", Some(old)), tagged(API, "a", Some(new))]);
        let mixed = mixed.expect("tags");
        assert_eq!(
            (mixed.origin.as_str(), mixed.fetched_at),
            (API, new.parse().ok())
        );
        let own = of(&[tagged(EXPORT, "a", Some(old))]).expect("tags");
        assert_eq!(own.origin, EXPORT);
        // What doesn't say how old it is makes nothing that does.
        let ageless = of(&[tagged(API, "a", None), tagged(API, "a", Some(new))]);
        assert_eq!(ageless.expect("tags").fetched_at, None);
    }

    #[test]
    fn it_is_handed_on_and_never_outgrows_the_metadata() {
        let name = |number: usize| format!("account-with-a-long-name-{number:07}");
        let inputs: Vec<_> = (0..100)
            .map(|number| tagged(API, &name(number), None))
            .collect();
        let many = of(&inputs).expect("tags");
        assert!(many.holds("anybody"), "{}", many.account);
        let again = of(&[many.write(), tagged(API, "me", None)]).expect("tags");
        assert!(
            again.holds("me") && again.holds("anybody"),
            "{}",
            again.account
        );
        let mut one = Lineage::default();
        one.add(&inputs[0]);
        let mut two = Lineage::default();
        two.add(&inputs[1]);
        two.merge(&one);
        assert_eq!(Tags::read(&two.metadata()), of(&inputs[..2]));
    }
}
