//! Gets rid of what came from Spotify, by account or by age: raw and derived
//! objects that carry its tags, wherever they were copied to.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use stave_core::{BucketName, Caller, Error, Result};
use stave_store::{DeleteRequest, ListRequest, ObjectInfo, Store};

use super::Extracts;
use super::faults::to_core;
use super::remembered::key;
use super::tags::{API, Tags};
use crate::blocking::blocking;

/// How many objects of a remote bucket are looked at at once.
const AT_ONCE: usize = 8;
/// How many remembered keys are forgotten at once.
const KEYS: usize = 1000;

/// Before the name of a remote bucket that holds derived data, among what is remembered.
const DERIVED: &str = "derived-from-spotify/";

/// Notes that a remote bucket holds derived data: its server is not asked which buckets it has.
pub(crate) fn note_derived(store: &Store, bucket: &BucketName) -> Result<()> {
    store.remember(&format!("{DERIVED}{bucket}"), "true")
}

/// What to be rid of. Both conditions hold where both are given.
#[derive(Debug, Clone, Default)]
pub struct Purge {
    /// What belongs to this account.
    pub account: Option<String>,
    /// What was fetched longer ago than this. The user's own export does not age.
    pub older_than: Option<SignedDuration>,
    /// Only says what would be removed.
    pub dry_run: bool,
}

/// Objects that were removed, of one stream in one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgedGroup {
    /// The bucket.
    pub bucket: BucketName,
    /// The account.
    pub account: String,
    /// The stream.
    pub stream: String,
    /// How many objects.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// When the oldest of them was fetched.
    pub oldest_at: Option<Timestamp>,
}

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purged {
    /// The objects, in groups.
    pub groups: Vec<PurgedGroup>,
    /// Checkpoints and marks of the account that were forgotten.
    pub forgotten: u64,
    /// Whether a login was removed.
    pub login: bool,
}

impl Purged {
    fn add(&mut self, bucket: &BucketName, tags: Tags, size: u64) {
        let same = |group: &&mut PurgedGroup| {
            group.bucket == *bucket && group.account == tags.account && group.stream == tags.stream
        };
        if let Some(group) = self.groups.iter_mut().find(same) {
            group.objects += 1;
            group.bytes += size;
            group.oldest_at = match (group.oldest_at, tags.fetched_at) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            return;
        }
        self.groups.push(PurgedGroup {
            bucket: bucket.clone(),
            account: tags.account,
            stream: tags.stream,
            objects: 1,
            bytes: size,
            oldest_at: tags.fetched_at,
        });
    }
}

impl Extracts {
    /// Removes what carries the tags. An account without an age goes
    /// altogether: its objects, its checkpoints, its login; what was learned
    /// of Spotify's quota stays, because that is still spent.
    pub fn purge<'a>(
        &'a self,
        caller: &'a Caller,
        purge: &'a Purge,
    ) -> BoxFuture<'a, Result<Purged>> {
        Box::pin(async move {
            let account = purge.account.as_deref();
            caller.may("spotify:Purge", &self.arn(caller, account.unwrap_or("*")))?;
            if account.is_none() && purge.older_than.is_none() {
                return Err(Error::invalid("neither an account nor an age is given"));
            }
            let _claim = match account {
                Some(account) => Some(self.claim(account).await?),
                None => None,
            };
            let before = match purge.older_than {
                Some(age) => Some(self.clock.now().checked_sub(age).map_err(|error| {
                    Error::invalid("there is no time so long ago").caused_by(error)
                })?),
                None => None,
            };
            let mut purged = Purged::default();
            for bucket in self.tagged_buckets(caller).await? {
                self.purge_bucket(caller, &bucket, purge, before, &mut purged)
                    .await?;
            }
            if let (Some(account), None) = (account, before) {
                self.forget(account, purge.dry_run, &mut purged).await?;
            }
            Ok(purged)
        })
    }

    /// Every bucket that may hold something: all that are here, and those that
    /// were extracted into.
    async fn tagged_buckets(&self, caller: &Caller) -> Result<BTreeSet<BucketName>> {
        let buckets = self.buckets.list_buckets(caller).await?;
        let mut names: BTreeSet<_> = buckets.into_iter().map(|bucket| bucket.name).collect();
        let noted = blocking(&self.store, |store| store.remembered(DERIVED, None, KEYS)).await?;
        for key in noted {
            let name = key.strip_prefix(DERIVED).unwrap_or_default();
            names.insert(BucketName::new(name)?);
        }
        for account in self.accounts().await? {
            for target in self.targets(&account).await? {
                if self.buckets.is_remote(&target.bucket) {
                    names.insert(target.bucket);
                }
            }
        }
        Ok(names)
    }

    async fn purge_bucket(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        purge: &Purge,
        before: Option<Timestamp>,
        purged: &mut Purged,
    ) -> Result<()> {
        let meant = |tags: &Tags| {
            let of_account = purge
                .account
                .as_ref()
                .is_none_or(|account| tags.holds(account));
            let aged = before.is_none_or(|before| {
                // What doesn't say how old it is might be of any age.
                tags.origin == API && tags.fetched_at.is_none_or(|at| at < before)
            });
            of_account && aged
        };
        if self.buckets.keeps_versions(caller, bucket).await? {
            return self
                .purge_versions(caller, bucket, purge, &meant, purged)
                .await;
        }
        let mut pages = self.buckets.pages(caller, bucket, ListRequest::all(""));
        while let Some(page) = pages.next().await {
            let found = self.tagged(caller, bucket, page?.objects).await?;
            let found: Vec<_> = found.into_iter().filter(|(_, tags)| meant(tags)).collect();
            if !purge.dry_run {
                for (object, _) in &found {
                    self.buckets.delete(caller, bucket, &object.key).await?;
                }
            }
            for (object, tags) in found {
                purged.add(bucket, tags, object.size);
            }
        }
        Ok(())
    }

    /// As [`Self::purge_bucket`], where a delete would leave an old version.
    async fn purge_versions(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        purge: &Purge,
        meant: &(dyn Fn(&Tags) -> bool + Sync),
        purged: &mut Purged,
    ) -> Result<()> {
        let mut pages = self.buckets.versions(caller, bucket);
        while let Some(page) = pages.next().await {
            for version in page? {
                let tags = Tags::read(&version.info.user_metadata);
                let Some(tags) = tags.filter(|tags| meant(tags)) else {
                    continue;
                };
                if !purge.dry_run {
                    let key = version.info.key.clone();
                    let request = DeleteRequest::version(key, &version.version_id);
                    self.buckets.delete_version(caller, bucket, request).await?;
                }
                purged.add(bucket, tags, version.info.size);
            }
        }
        Ok(())
    }

    /// The objects among these that come from Spotify, with their tags.
    pub(super) async fn tagged(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        objects: Vec<ObjectInfo>,
    ) -> Result<Vec<(ObjectInfo, Tags)>> {
        let mut tagged = Vec::new();
        let mut add = |object: ObjectInfo| {
            if let Some(tags) = Tags::read(&object.user_metadata) {
                tagged.push((object, tags));
            }
        };
        if !self.buckets.is_remote(bucket) {
            objects.into_iter().for_each(add);
            return Ok(tagged);
        }
        // A remote listing does not know the metadata.
        for some in objects.chunks(AT_ONCE) {
            let heads = some
                .iter()
                .map(|object| self.buckets.head(caller, bucket, &object.key));
            for object in futures::future::try_join_all(heads).await? {
                add(object);
            }
        }
        Ok(tagged)
    }

    /// Forgets an account.
    async fn forget(&self, account: &str, dry_run: bool, purged: &mut Purged) -> Result<()> {
        let prefix = key(account, "");
        let learned = key(account, "learned");
        purged.forgotten = blocking(&self.store, move |store| {
            let (mut forgotten, mut after) = (0, None);
            loop {
                let keys = store.remembered(&prefix, after.as_deref(), KEYS)?;
                for key in keys.iter().filter(|key| **key != learned) {
                    forgotten += 1;
                    if !dry_run {
                        store.forget(key)?;
                    }
                }
                match keys.last() {
                    Some(last) => after = Some(last.clone()),
                    None => return Ok(forgotten),
                }
            }
        })
        .await?;
        let file = self.token_file(account);
        purged.login = file.read().map_or(true, |tokens| tokens.is_some());
        if !dry_run {
            file.remove().map_err(to_core)?;
        }
        Ok(())
    }
}
