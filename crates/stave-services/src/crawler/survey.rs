//! Looks at what the targets hold: lists, samples, groups. Changes nothing.

use futures::StreamExt;
use futures::stream;
use stave_core::{Error, ErrorKind, Result};
use stave_engine::Engine;
use stave_engine::classify::{Sampled, classify};
use stave_engine::crawl::{FoundTable, Object, choose_samples, group};
use stave_engine::listing::{ListedObject, list_objects};

use super::definition::{CrawlerDefinition, S3Target};
use super::figures::CrawlFigures;
use super::{CrawlProgress, Observer};

/// How many objects are looked into at once.
const CONCURRENCY: usize = 16;

/// The tables that the definition's targets hold, each location once.
pub(super) async fn survey(
    engine: &Engine,
    definition: &CrawlerDefinition,
    figures: &mut CrawlFigures,
    observe: Observer<'_>,
) -> Result<Vec<FoundTable>> {
    let settings = definition.settings()?;
    let grouping = settings.grouping(&definition.table_prefix);
    let mut tables: Vec<FoundTable> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for target in &definition.targets.s3_targets {
        let objects = look_into(engine, target, figures, observe).await?;
        let (uri, grouping) = (target.uri()?, grouping.clone());
        let found = stave_store::blocking("grouping ended before its time", move || {
            Ok(group(&uri, &objects, &grouping))
        })
        .await?;
        let new = found
            .into_iter()
            .filter(|table| known.insert(table.location.clone()));
        tables.extend(new);
    }
    match settings.table_threshold() {
        Some(most) if tables.len() > most => Err(Error::limit_exceeded(format!(
            "the crawl found {} tables, more than its TableThreshold of {most}",
            tables.len()
        ))
        .hint("raise TableThreshold, or set Grouping in the crawler's Configuration")),
        _ => Ok(tables),
    }
}

/// The objects of a target, those of them looked into that tell enough.
async fn look_into(
    engine: &Engine,
    target: &S3Target,
    figures: &mut CrawlFigures,
    observe: Observer<'_>,
) -> Result<Vec<Object>> {
    let uri = target.uri()?;
    let listed = list_objects(engine, &uri, true, &target.exclusions).await?;
    let bytes: u64 = listed.iter().map(|object| object.meta.size).sum();
    figures.objects += listed.len() as u64;
    figures.bytes += bytes;
    observe(CrawlProgress::Listed {
        target: &target.path,
        objects: listed.len() as u64,
        bytes,
    });
    if listed.is_empty() {
        figures.note(format!("{}: there are no objects with data", target.path));
    }
    let chosen = {
        let keys: Vec<&str> = listed
            .iter()
            .map(|object| object.uri.key.as_str())
            .collect();
        choose_samples(&keys, target.sample_size)
    };
    observe(CrawlProgress::Sampling {
        objects: chosen.len() as u64,
    });
    let mut objects: Vec<Option<Object>> = listed
        .iter()
        .map(|object| {
            Some(Object {
                key: object.uri.key.clone(),
                size: object.meta.size,
                sampled: None,
            })
        })
        .collect();
    let chosen: Vec<(usize, ListedObject)> = chosen
        .into_iter()
        .map(|at| (at, listed[at].clone()))
        .collect();
    let mut looks = stream::iter(chosen.into_iter().map(look)).buffer_unordered(CONCURRENCY);
    let mut gone = Vec::new();
    while let Some((at, sampled)) = looks.next().await {
        figures.sampled += 1;
        observe(CrawlProgress::Sampled);
        match sampled {
            Ok(sampled) => {
                if let Some(object) = &mut objects[at] {
                    object.sampled = Some(sampled);
                }
            }
            // It was deleted between the listing and the look.
            Err(error) if error.kind() == ErrorKind::NotFound => gone.push(at),
            Err(error) => return Err(error),
        }
    }
    gone.sort_unstable();
    for at in gone {
        figures.note(format!("{}: gone before it was read", listed[at].name()));
        objects[at] = None;
    }
    Ok(objects.into_iter().flatten().collect())
}

async fn look((at, object): (usize, ListedObject)) -> (usize, Result<Sampled>) {
    let sampled = classify(&*object.store, &object.meta, &object.name()).await;
    (at, sampled)
}
