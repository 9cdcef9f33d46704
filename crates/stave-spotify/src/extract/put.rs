//! Puts pages: one object each, or many in one.

use bytes::Bytes;

use super::layout::{Grain, Name};
use super::listing::Listing;
use super::pages::RawPage;
use super::progress::Checkpoint;
use super::run::Run;
use super::stream::Stream;
use super::view::joined;
use crate::client::{Error, Result, recall, remember};

/// An object of many pages is ended at this size, and the next one begun.
const OBJECT_MAX: u64 = 32 << 20;

impl Run<'_> {
    /// Puts a page, or keeps it for the object that it will be in.
    pub(super) async fn hand_on(
        &mut self,
        listing: &Listing,
        at: &mut Checkpoint,
        page: Bytes,
    ) -> Result<()> {
        match self.settings.grain {
            Grain::Page => {
                self.put(listing.stream, listing.part.as_deref(), at, at.page, page)
                    .await?;
                at.stamp = self.progress.stamp(self.now());
            }
            Grain::Run => {
                let text = String::from_utf8(page.to_vec())
                    .map_err(|_| Error::invalid("the answer is not UTF-8"))?;
                at.drafts.bytes += text.len() as u64;
                remember(self.memory(), &self.draft(listing, at.drafts.to), &text).await?;
                at.drafts.to += 1;
                if at.drafts.bytes > OBJECT_MAX {
                    self.put_drafts(listing, at).await?;
                }
            }
        }
        at.page += 1;
        Ok(())
    }

    /// Puts the pages that wait as one object.
    pub(super) async fn put_drafts(
        &mut self,
        listing: &Listing,
        at: &mut Checkpoint,
    ) -> Result<()> {
        let names: Vec<String> = (at.drafts.from..at.drafts.to)
            .map(|page| self.draft(listing, page))
            .collect();
        let mut pages = Vec::with_capacity(names.len());
        for name in &names {
            pages.push(recall::<String>(self.memory(), name).await?);
        }
        let object = match pages.as_slice() {
            [one] => one.clone(),
            many => joined(many, listing.wrapped())?,
        };
        let part = listing.part.as_deref();
        self.put(
            listing.stream,
            part,
            at,
            at.drafts.from,
            Bytes::from(object),
        )
        .await?;
        at.stamp = self.progress.stamp(self.now());
        at.drafts.from = at.drafts.to;
        at.drafts.bytes = 0;
        self.keep(listing, at).await?;
        for name in &names {
            self.memory().remove(name).await?;
        }
        Ok(())
    }

    fn draft(&self, listing: &Listing, page: u32) -> String {
        self.key(&format!("draft/{}/{page}", listing.key))
    }

    /// Puts bytes under the key that the checkpoint holds.
    pub(super) async fn put(
        &self,
        stream: Stream,
        part: Option<&str>,
        at: &Checkpoint,
        page: u32,
        bytes: Bytes,
    ) -> Result<()> {
        let name = Name {
            account: self.client.account(),
            stream,
            part,
            begun: at.begun,
            stamp: at.stamp,
            page,
        };
        self.put_named(&name, bytes).await
    }

    /// Puts bytes under the key that `name` makes.
    pub(super) async fn put_named(&self, name: &Name<'_>, bytes: Bytes) -> Result<()> {
        let page = RawPage {
            key: self.settings.layout.key(name),
            account: self.client.account().to_owned(),
            stream: name.stream,
            part: name.part.map(String::from),
            run: self.run_id().to_owned(),
            page: name.page,
            fetched_at: self.now(),
            bytes,
        };
        self.pages.put(page).await
    }
}
