//! Where the output of a run comes from: what is made of tagged objects gets
//! their tags, so that whoever purges the ones finds the others.
//!
//! Must not know what the tags mean (that is [`crate::extract`]).

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use stave_core::job::NodeKind;
use stave_core::{BucketName, Caller, ObjectKey, Result, S3Uri};
use stave_engine::job::{JobPlan, JobSource};
use stave_store::objects::UserMetadata;
use stave_store::{ListRequest, Publication};

use super::Jobs;
use crate::extract::{self, Lineage};

/// How many objects of a remote bucket are looked at at once.
const AT_ONCE: usize = 8;
/// How many partitions are asked for at once.
const PARTITIONS: usize = 1000;

/// What went into each output of a run, by its node.
#[derive(Debug, Default)]
pub(super) struct RunLineage {
    outputs: BTreeMap<String, Lineage>,
    all: Lineage,
}

impl RunLineage {
    /// The metadata of what the node writes.
    pub(super) fn of(&self, node_id: &str) -> UserMetadata {
        let lineage = self.outputs.get(node_id);
        lineage.map_or_else(UserMetadata::new, Lineage::metadata)
    }

    /// The metadata of what may hold something of any source.
    pub(super) fn of_all(&self) -> UserMetadata {
        self.all.metadata()
    }
}

impl Jobs {
    /// What goes into the outputs of `plan`.
    pub(super) async fn lineage(&self, caller: &Caller, plan: &JobPlan) -> Result<RunLineage> {
        // Without an account there is nothing that is tagged, and nothing to ask servers for.
        if self.store.remembered("spotify/", None, 1)?.is_empty() {
            return Ok(RunLineage::default());
        }
        let mut sources = BTreeMap::new();
        for source in plan.sources() {
            let lineage = self.lineage_of(caller, plan, source).await?;
            sources.insert(source.node_id.as_str(), lineage);
        }
        let mut run = RunLineage::default();
        for lineage in sources.values() {
            run.all.merge(lineage);
        }
        for output in plan.outputs() {
            let mut made = Lineage::default();
            for node in above(plan, &output.node_id) {
                if let Some(lineage) = sources.get(node) {
                    made.merge(lineage);
                }
            }
            run.outputs.insert(output.node_id.clone(), made);
        }
        Ok(run)
    }

    /// Notes where derived data goes, so that it is found again on servers whose buckets
    /// can't be listed.
    pub(super) fn note_derived(&self, publication: &Publication) -> Result<()> {
        let derived = publication.files.iter();
        let derived = derived.filter(|file| !file.user_metadata.is_empty());
        let buckets: BTreeSet<_> = derived.map(|file| &file.bucket).collect();
        for bucket in buckets
            .into_iter()
            .filter(|bucket| self.buckets.is_remote(bucket))
        {
            extract::note_derived(&self.store, bucket)?;
        }
        Ok(())
    }

    async fn lineage_of(
        &self,
        caller: &Caller,
        plan: &JobPlan,
        source: &JobSource,
    ) -> Result<Lineage> {
        let mut lineage = Lineage::default();
        let mut folders: BTreeMap<(BucketName, String), BTreeSet<&str>> = BTreeMap::new();
        for object in &source.objects {
            let key = object.uri.key.as_str();
            let folder = key.rfind('/').map_or("", |at| &key[..=at]);
            let folder = (object.uri.bucket.clone(), folder.to_owned());
            folders.entry(folder).or_default().insert(key);
        }
        for ((bucket, folder), keys) in &folders {
            if self.buckets.is_remote(bucket) {
                self.add_remote(caller, bucket, keys, &mut lineage).await?;
                continue;
            }
            // A listing doesn't read a file that was dropped in by hand, as asking for it would.
            let request = ListRequest::folder(folder);
            let mut pages = self.buckets.pages(caller, bucket, request);
            while let Some(page) = pages.next().await {
                let objects = page?.objects.into_iter();
                objects
                    .filter(|object| keys.contains(object.key.as_str()))
                    .for_each(|object| lineage.add(&object.user_metadata));
            }
        }
        if let Some(NodeKind::S3CatalogSource(table) | NodeKind::CatalogSource(table)) =
            plan.graph().get(&source.node_id).map(|node| &node.kind)
        {
            self.add_table(caller, (&table.database, &table.table), &mut lineage)
                .await?;
        }
        Ok(lineage)
    }

    /// Adds objects of which a listing doesn't tell enough.
    async fn add_remote(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        keys: &BTreeSet<&str>,
        lineage: &mut Lineage,
    ) -> Result<()> {
        let keys: Vec<ObjectKey> = keys
            .iter()
            .map(|key| ObjectKey::new(*key))
            .collect::<Result<_>>()?;
        for some in keys.chunks(AT_ONCE) {
            let heads = some
                .iter()
                .map(|key| self.buckets.head(caller, bucket, key));
            for object in futures::future::try_join_all(heads).await? {
                lineage.add(&object.user_metadata);
            }
        }
        Ok(())
    }

    /// Adds what lies under a table: all of it, whichever partitions are read.
    async fn add_table(
        &self,
        caller: &Caller,
        (database, name): (&str, &str),
        lineage: &mut Lineage,
    ) -> Result<()> {
        let table = self.catalog.get_table(caller, database, name).await?;
        let mut folders = Vec::new();
        add_folder(&mut folders, &table.storage.location)?;
        let mut after = None;
        loop {
            let partitions = self
                .catalog
                .list_partitions(caller, database, name, after, PARTITIONS)
                .await?;
            let Some(last) = partitions.last() else { break };
            after = Some(last.values.clone());
            for partition in &partitions {
                add_folder(&mut folders, &partition.storage.location)?;
            }
        }
        for folder in folders {
            let request = ListRequest::all(folder.folder());
            let mut pages = self.buckets.pages(caller, &folder.bucket, request);
            while let Some(page) = pages.next().await {
                let objects = page?.objects;
                if self.buckets.is_remote(&folder.bucket) {
                    let keys = objects.iter().map(|object| object.key.as_str()).collect();
                    self.add_remote(caller, &folder.bucket, &keys, lineage)
                        .await?;
                } else {
                    for object in objects {
                        lineage.add(&object.user_metadata);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Adds a folder, unless it lies in one that is there.
fn add_folder(folders: &mut Vec<S3Uri>, location: &str) -> Result<()> {
    if location.is_empty() {
        return Ok(());
    }
    let new: S3Uri = location.parse()?;
    let holds =
        |folder: &S3Uri| folder.bucket == new.bucket && new.folder().starts_with(&folder.folder());
    if !folders.iter().any(holds) {
        folders.push(new);
    }
    Ok(())
}

/// The nodes that a node's rows come from, itself among them.
fn above<'a>(plan: &'a JobPlan, node_id: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![node_id];
    while let Some(id) = waiting.pop() {
        if found.insert(id)
            && let Some(node) = plan.graph().get(id)
        {
            waiting.extend(node.inputs.iter().map(String::as_str));
        }
    }
    found
}
