//! `mb rb ls cp mv rm cat`.

use clap::Args;
use stave_core::{BucketName, S3Uri};

use super::values::{self, CopyEnd};

/// `stave mb`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave mb s3://spotify-staging
  stave mb s3://raw s3://warehouse")]
pub struct MbArgs {
    /// The buckets to make
    #[arg(required = true, value_name = "s3://BUCKET", value_parser = values::bucket)]
    pub buckets: Vec<BucketName>,
}

/// `stave rb`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave rb s3://spotify-staging
  stave rb --force s3://scratch      # with everything in it")]
pub struct RbArgs {
    /// The bucket to remove
    #[arg(value_name = "s3://BUCKET", value_parser = values::bucket)]
    pub bucket: BucketName,

    /// Delete everything in it first
    #[arg(long)]
    pub force: bool,
}

/// `stave ls`
#[derive(Debug, Args)]
#[command(after_help = "\
Times are UTC. PRE marks a folder: a prefix that more keys begin with.
Control characters in names are written as \\n, \\t or \\u{..}; --json has the names as they are.

Examples:
  stave ls                                    # the buckets
  stave ls s3://lake/                         # what is directly in it
  stave ls s3://lake/staging/al               # what begins with al
  stave ls --recursive --human-readable --summarize s3://lake/
  stave --json ls --recursive s3://lake/ | jq '.[].Key'")]
pub struct LsArgs {
    /// What to list: nothing for all buckets
    #[arg(value_name = "s3://BUCKET/PREFIX", value_parser = values::s3_uri)]
    pub uri: Option<S3Uri>,

    /// All objects below, not only those directly there
    #[arg(long, short)]
    pub recursive: bool,

    /// Sizes as 1.5 MiB
    #[arg(long, short = 'H', visible_alias = "human")]
    pub human_readable: bool,

    /// The number of objects and their size at the end
    #[arg(long)]
    pub summarize: bool,
}

/// What copies and moves have in common.
#[derive(Debug, Clone, Copy, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct CopyFlags {
    /// Everything below the directory or prefix
    #[arg(long, short)]
    pub recursive: bool,

    /// Say what would be done, and do nothing
    #[arg(long, visible_alias = "dry-run")]
    pub dryrun: bool,

    /// Don't tell each object
    #[arg(long, short)]
    pub quiet: bool,

    /// Leave symbolic links out instead of copying what they point to
    #[arg(long)]
    pub no_follow_symlinks: bool,
}

/// `stave cp`
#[derive(Debug, Args)]
#[command(after_help = "\
A target that ends in / (and a bucket, and a directory that is there) keeps the file's name.
With --recursive what is below FROM goes below TO; a prefix counts as a folder.
A key that would leave the target directory, such as ../x, is refused by its name.

Examples:
  stave cp albums.csv s3://lake/staging/              # staging/albums.csv
  stave cp s3://lake/staging/albums.csv .
  stave cp --recursive ./staging s3://lake/staging
  stave cp --recursive s3://lake/warehouse/ ./out
  stave cp --recursive s3://lake/raw/ s3://backup/raw/
  gzip -c big.csv | stave cp - s3://lake/big.csv.gz   # from standard input")]
pub struct CpArgs {
    /// A path, an s3:// address, or - for standard input
    #[arg(value_name = "FROM", value_parser = values::copy_end)]
    pub from: CopyEnd,

    /// A path, an s3:// address, or - for standard output
    #[arg(value_name = "TO", value_parser = values::copy_end)]
    pub to: CopyEnd,

    /// How.
    #[command(flatten)]
    pub flags: CopyFlags,
}

/// `stave mv`
#[derive(Debug, Args)]
#[command(after_help = "\
As cp, and each source is deleted once its copy is safe.

Examples:
  stave mv s3://lake/raw/to_process/a.json s3://lake/raw/processed/
  stave mv --recursive s3://lake/raw/to_process/ s3://lake/raw/processed/
  stave mv report.csv s3://lake/reports/2023.csv")]
pub struct MvArgs {
    /// A path or an s3:// address
    #[arg(value_name = "FROM", value_parser = values::place)]
    pub from: stave_services::transfer::Place,

    /// A path or an s3:// address
    #[arg(value_name = "TO", value_parser = values::place)]
    pub to: stave_services::transfer::Place,

    /// How.
    #[command(flatten)]
    pub flags: CopyFlags,
}

/// `stave rm`
#[derive(Debug, Args)]
#[command(after_help = "\
Deleting what is not there succeeds, as in S3.

Examples:
  stave rm s3://lake/staging/albums.csv
  stave rm --recursive s3://lake/staging/     # everything in the folder
  stave rm --recursive --dryrun s3://lake/    # what would go")]
pub struct RmArgs {
    /// What to delete
    #[arg(required = true, value_name = "s3://BUCKET/KEY", value_parser = values::s3_uri)]
    pub uris: Vec<S3Uri>,

    /// Everything in the folder
    #[arg(long, short)]
    pub recursive: bool,

    /// Say what would be deleted, and delete nothing
    #[arg(long, visible_alias = "dry-run")]
    pub dryrun: bool,

    /// Don't tell each object
    #[arg(long, short)]
    pub quiet: bool,
}

/// `stave cat`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave cat s3://lake/staging/artists.csv | head
  stave cat s3://lake/parts/1.json s3://lake/parts/2.json > all.json")]
pub struct CatArgs {
    /// The objects to print, one after the other
    #[arg(required = true, value_name = "s3://BUCKET/KEY", value_parser = values::s3_uri)]
    pub uris: Vec<S3Uri>,
}
