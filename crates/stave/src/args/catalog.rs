//! `catalog`.

use clap::Subcommand;

use super::values::{self, TableName};

/// `stave catalog …`
#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// List the databases
    Databases,
    /// List the tables of a database
    Tables {
        /// The database
        #[arg(value_name = "DATABASE")]
        database: String,
    },
    /// Show a table: its columns, where its data is and in which form
    #[command(after_help = "\
Examples:
  stave catalog table spotify.datawarehouse
  stave --json catalog table spotify.datawarehouse | jq .StorageDescriptor.Location")]
    Table {
        /// The table
        #[arg(value_name = "DATABASE.TABLE", value_parser = values::table_name)]
        table: TableName,
    },
    /// List the partitions of a table
    Partitions {
        /// The table
        #[arg(value_name = "DATABASE.TABLE", value_parser = values::table_name)]
        table: TableName,
    },
    /// Make a database
    CreateDatabase {
        /// Its name; the catalog keeps names in lower case
        #[arg(value_name = "NAME")]
        name: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Remove a database; the data stays
    DropDatabase {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
        /// Remove its tables with it
        #[arg(long)]
        cascade: bool,
    },
    /// Remove a table; its data stays
    DropTable {
        /// The table
        #[arg(value_name = "DATABASE.TABLE", value_parser = values::table_name)]
        table: TableName,
    },
}
