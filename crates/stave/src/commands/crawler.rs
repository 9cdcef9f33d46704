//! `crawler`.

use serde_json::{Value, json};
use stave_core::{Error, units};
use stave_services::crawler::{
    Crawl, CrawlFigures, CrawlProgress, CrawledTable, Crawler, CrawlerDefinition, DeleteWord,
    S3Target, SchemaChangePolicy, UpdateWord,
};
use stave_store::CrawlerState;

use crate::args::crawler::{CrawlerCommand, CrawlerCreateArgs, DeleteBehavior, UpdateBehavior};
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table, text};
use crate::progress::{Progress, Unit};

/// How many rows are asked for at once.
const PAGE: usize = 1000;
/// How many crawls of a crawler are shown.
const SHOWN_CRAWLS: usize = 20;

/// Runs a command on crawlers.
pub async fn run(command: CrawlerCommand, stave: &Stave, output: Output) -> Result<(), Failure> {
    match command {
        CrawlerCommand::Create(args) => create(args, stave, output).await,
        CrawlerCommand::Run { name } => {
            let crawl = crawl(&name, stave, output).await?;
            report(&name, &crawl, output)
        }
        CrawlerCommand::Ls => ls(stave, output).await,
        CrawlerCommand::Show { name } => show(&name, stave, output).await,
        CrawlerCommand::Rm { name } => {
            stave.crawlers.delete(&stave.caller, &name).await?;
            output.say(&format!(
                "removed crawler {name}; its tables are still there"
            ));
            Ok(())
        }
    }
}

async fn create(args: CrawlerCreateArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let target = |uri: &stave_core::S3Uri| S3Target {
        exclusions: args.exclusions.clone(),
        ..S3Target::new(uri.to_string())
    };
    let targets = args.targets.iter().map(target).collect();
    let definition = CrawlerDefinition {
        table_prefix: args.prefix,
        schema_change_policy: SchemaChangePolicy {
            update_behavior: match args.update_behavior {
                UpdateBehavior::UpdateInDatabase => UpdateWord::UpdateInDatabase,
                UpdateBehavior::Log => UpdateWord::Log,
            },
            delete_behavior: match args.delete_behavior {
                DeleteBehavior::DeleteFromDatabase => DeleteWord::DeleteFromDatabase,
                DeleteBehavior::DeprecateInDatabase => DeleteWord::DeprecateInDatabase,
                DeleteBehavior::Log => DeleteWord::Log,
            },
        },
        ..CrawlerDefinition::new(args.database, targets)
    };
    let made = stave
        .crawlers
        .create(&stave.caller, &args.name, definition)
        .await?;
    let name = text::printable(&made.name).into_owned();
    output.say(&format!(
        "made crawler {name}; run it: stave crawler run {name}"
    ));
    Ok(())
}

/// Crawls, with progress on standard error.
pub async fn crawl(name: &str, stave: &Stave, output: Output) -> Result<Crawl, Error> {
    let engine = stave.engine()?;
    let mut progress: Option<Progress> = None;
    let mut observe = |told: CrawlProgress<'_>| match told {
        CrawlProgress::Listed {
            target,
            objects,
            bytes,
        } => {
            progress = None;
            output.say(&format!(
                "{}: {}, {}",
                text::printable(target),
                text::counted(objects, "object"),
                units::bytes(bytes)
            ));
        }
        CrawlProgress::Sampling { objects } => {
            progress = Some(Progress::begin(
                "looking into objects",
                objects,
                Unit::Items,
            ));
        }
        CrawlProgress::Sampled => {
            if let Some(progress) = &progress {
                progress.add(1);
            }
        }
        CrawlProgress::Table(_) => progress = None,
    };
    stave
        .crawlers
        .run(&stave.caller, engine, name, &mut observe)
        .await
}

/// Says what a crawl found and did.
pub fn report(name: &str, crawl: &Crawl, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.value(&crawl_json(crawl));
    }
    output.table(&tables(&crawl.figures))?;
    for line in &crawl.figures.log {
        output.say(&text::printable(line));
    }
    let figures = &crawl.figures;
    output.say(&format!(
        "crawler {}: {} created, {} updated, {} deleted, {} added, in {}",
        text::printable(name),
        text::counted(figures.tables_created, "table"),
        units::count(figures.tables_updated),
        units::count(figures.tables_deleted),
        text::counted(figures.partitions_added, "partition"),
        seconds(crawl).unwrap_or_default(),
    ));
    Ok(())
}

fn tables(figures: &CrawlFigures) -> Table {
    let mut table = Table::new(&[
        "Table",
        "Outcome",
        "Classification",
        "Columns",
        "Partitions",
        "Objects",
        "Size",
        "Rows",
        "Location",
    ]);
    for found in &figures.tables {
        table.row(table_cells(found));
    }
    table
}

fn table_cells(found: &CrawledTable) -> [Cell; 9] {
    [
        found.name.as_str().into(),
        found.outcome.as_str().into(),
        found.classification.as_str().into(),
        Cell::Count(found.columns),
        Cell::Count(found.partitions),
        Cell::Count(found.objects),
        Cell::Bytes(found.bytes),
        Cell::Count(found.rows),
        found.location.as_str().into(),
    ]
}

/// How long a crawl took: `1.25 s`.
fn seconds(crawl: &Crawl) -> Option<String> {
    let took_ms = crawl.finished_at?.as_millisecond() - crawl.started_at.as_millisecond();
    Some(format!("{:.2} s", took_ms as f64 / 1000.0))
}

async fn ls(stave: &Stave, output: Output) -> Result<(), Failure> {
    let mut table = Table::new(&[
        "Name",
        "State",
        "DatabaseName",
        "Targets",
        "LastCrawl",
        "StartTime",
        "TablesCreated",
        "TablesUpdated",
        "TablesDeleted",
    ]);
    let mut after: Option<String> = None;
    loop {
        let page = stave
            .crawlers
            .list(&stave.caller, after.as_deref(), PAGE)
            .await?;
        after = page.last().map(|crawler| crawler.name.clone());
        let is_last = page.len() < PAGE;
        for crawler in page {
            let last = crawler.last_crawl.as_ref();
            let count = |of: fn(&CrawlFigures) -> u64| -> Cell {
                last.map(|crawl| of(&crawl.figures)).into()
            };
            table.row([
                crawler.name.as_str().into(),
                state(crawler.state).into(),
                crawler.definition.database_name.as_str().into(),
                paths(&crawler).into(),
                last.map(|crawl| crawl.state.as_str()).into(),
                last.map(|crawl| crawl.started_at).into(),
                count(|figures| figures.tables_created),
                count(|figures| figures.tables_updated),
                count(|figures| figures.tables_deleted),
            ]);
        }
        if is_last {
            break;
        }
    }
    output.table(&table)?;
    if table.is_empty() && !output.is_json() {
        output.say("there is no crawler yet; make one: stave crawler create NAME --target s3://BUCKET/PREFIX --database DATABASE");
    }
    Ok(())
}

fn state(state: CrawlerState) -> &'static str {
    match state {
        CrawlerState::Ready => "READY",
        CrawlerState::Running => "RUNNING",
    }
}

fn paths(crawler: &Crawler) -> String {
    let targets = crawler.definition.targets.s3_targets.iter();
    let paths: Vec<&str> = targets.map(|target| target.path.as_str()).collect();
    paths.join(", ")
}

async fn show(name: &str, stave: &Stave, output: Output) -> Result<(), Failure> {
    let crawler = stave.crawlers.get(&stave.caller, name).await?;
    let crawls = stave
        .crawlers
        .crawls(&stave.caller, name, SHOWN_CRAWLS)
        .await?;
    if output.is_json() {
        return output.value(&crawler_json(&crawler, &crawls)?);
    }
    let mut about = Table::new(&["Property", "Value"]);
    for (property, value) in properties(&crawler) {
        about.row([property.into(), value.into()]);
    }
    output.table(&about)?;
    let mut history = Table::new(&[
        "StartTime",
        "State",
        "Took",
        "Created",
        "Updated",
        "Deleted",
        "PartitionsAdded",
        "Objects",
        "Size",
        "Error",
    ]);
    for crawl in &crawls {
        let figures = &crawl.figures;
        history.row([
            crawl.started_at.into(),
            crawl.state.as_str().into(),
            seconds(crawl).into(),
            Cell::Count(figures.tables_created),
            Cell::Count(figures.tables_updated),
            Cell::Count(figures.tables_deleted),
            Cell::Count(figures.partitions_added),
            Cell::Count(figures.objects),
            Cell::Bytes(figures.bytes),
            crawl.error.as_deref().into(),
        ]);
    }
    output.table(&history)?;
    if let Some(last) = crawls.first() {
        output.table(&tables(&last.figures))
    } else {
        output.say("it has not crawled yet");
        Ok(())
    }
}

fn properties(crawler: &Crawler) -> Vec<(&'static str, String)> {
    let definition = &crawler.definition;
    let mut all = vec![
        ("Name", crawler.name.clone()),
        ("State", state(crawler.state).to_owned()),
        ("Database", definition.database_name.clone()),
        ("Table prefix", definition.table_prefix.clone()),
        (
            "Description",
            definition.description.clone().unwrap_or_default(),
        ),
    ];
    for target in &definition.targets.s3_targets {
        all.push(("Target", target.path.clone()));
        all.push(("Exclusions", target.exclusions.join(", ")));
    }
    let policy = definition.schema_change_policy;
    all.push(("Update behavior", word(&policy.update_behavior)));
    all.push(("Delete behavior", word(&policy.delete_behavior)));
    all.push((
        "Configuration",
        definition.configuration.clone().unwrap_or_default(),
    ));
    all.push(("Created", text::time(crawler.created_at)));
    all.push(("Updated", text::time(crawler.updated_at)));
    all.retain(|(_, value)| !value.is_empty());
    all
}

/// A word of Glue's as it is written in a definition.
fn word(word: &impl serde::Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The crawler in the members of Glue's `Crawler`, with its crawls.
fn crawler_json(crawler: &Crawler, crawls: &[Crawl]) -> Result<Value, Failure> {
    let mut value = serde_json::to_value(&crawler.definition)
        .map_err(|error| Error::internal("a crawler has no JSON form").caused_by(error))?;
    value["Name"] = json!(crawler.name);
    value["State"] = json!(state(crawler.state));
    value["CreationTime"] = json!(crawler.created_at.to_string());
    value["LastUpdated"] = json!(crawler.updated_at.to_string());
    value["Crawls"] = crawls.iter().map(crawl_json).collect();
    Ok(value)
}

fn crawl_json(crawl: &Crawl) -> Value {
    let figures = &crawl.figures;
    json!({
        "CrawlId": crawl.id,
        "State": crawl.state.as_str(),
        "StartTime": crawl.started_at.to_string(),
        "EndTime": crawl.finished_at.map(|at| at.to_string()),
        "ErrorMessage": crawl.error,
        "TablesCreated": figures.tables_created,
        "TablesUpdated": figures.tables_updated,
        "TablesDeleted": figures.tables_deleted,
        "PartitionsAdded": figures.partitions_added,
        "PartitionsUpdated": figures.partitions_updated,
        "PartitionsDeleted": figures.partitions_deleted,
        "Objects": figures.objects,
        "Size": figures.bytes,
        "Tables": tables(figures).to_json(),
        "Log": figures.log,
    })
}
