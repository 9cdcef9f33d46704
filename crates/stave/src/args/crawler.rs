//! `crawler`.

use clap::{Args, Subcommand, ValueEnum};
use stave_core::S3Uri;

use super::values;

/// `stave crawler …`
#[derive(Debug, Subcommand)]
pub enum CrawlerCommand {
    /// Make a crawler
    Create(CrawlerCreateArgs),
    /// Crawl: find tables and put them into the catalog
    Run {
        /// The crawler
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List the crawlers and their last crawls
    Ls,
    /// Show a crawler and its crawls
    Show {
        /// The crawler
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Remove a crawler; its tables stay
    Rm {
        /// The crawler
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// `stave crawler create`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave crawler create warehouse --target s3://lake/datawarehouse/ --database spotify
  stave crawler create raw --target s3://lake/raw/ --exclude '**/_tmp/**' --database spotify \\
      --prefix raw_ --update-behavior log --delete-behavior log")]
pub struct CrawlerCreateArgs {
    /// The crawler's name
    #[arg(value_name = "NAME")]
    pub name: String,

    /// A folder to crawl; may be given several times
    #[arg(long = "target", required = true, value_name = "s3://BUCKET/PREFIX", value_parser = values::s3_uri)]
    pub targets: Vec<S3Uri>,

    /// The database that the tables go to; made if it is not there
    #[arg(long, value_name = "DATABASE")]
    pub database: String,

    /// What the tables' names begin with
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub prefix: String,

    /// Leaves out what fits; may be given several times
    #[arg(long = "exclude", value_name = "GLOB")]
    pub exclusions: Vec<String>,

    /// What to do when a table's columns changed
    #[arg(long, value_enum, default_value_t = UpdateBehavior::UpdateInDatabase)]
    pub update_behavior: UpdateBehavior,

    /// What to do when a table's data is gone
    #[arg(long, value_enum, default_value_t = DeleteBehavior::DeprecateInDatabase)]
    pub delete_behavior: DeleteBehavior,
}

/// What a crawler does with a table that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UpdateBehavior {
    /// Change the table
    #[value(alias = "UPDATE_IN_DATABASE")]
    UpdateInDatabase,
    /// Say it and leave the table as it is
    #[value(alias = "LOG")]
    Log,
}

/// What a crawler does with a table whose data is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeleteBehavior {
    /// Remove the table
    #[value(alias = "DELETE_FROM_DATABASE")]
    DeleteFromDatabase,
    /// Mark the table
    #[value(alias = "DEPRECATE_IN_DATABASE")]
    DeprecateInDatabase,
    /// Say it and leave the table as it is
    #[value(alias = "LOG")]
    Log,
}
