//! The account's own managed policies, with their versions.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::{Error, Result};

use super::super::{from_json, limit, to_json};
use super::{Rows, Tags, fold};
use crate::faults::rule_error;
use crate::statements::Statements as _;
use crate::store::{from_micros, to_micros};

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its ARN.
    pub arn: String,
    /// Its friendly name.
    pub name: String,
    /// `/`, or `/division/`.
    pub path: String,
    /// The unique id: `ANPA…`.
    pub id: String,
    /// What it is for.
    pub description: Option<String>,
    /// The version that counts, from 1.
    pub default_version: u32,
    /// The last version that was ever made.
    pub last_version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a version was last added or made the default.
    pub updated_at: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

/// One version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number, from 1.
    pub version: u32,
    /// What it says.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "arn, name, path, id, description, default_version, last_version, \
                       created_at, updated_at, tags";

fn read(row: &Row<'_>) -> rusqlite::Result<(Policy, String)> {
    let policy = Policy {
        arn: row.get(0)?,
        name: row.get(1)?,
        path: row.get(2)?,
        id: row.get(3)?,
        description: row.get(4)?,
        default_version: row.get(5)?,
        last_version: row.get(6)?,
        created_at: from_micros(row.get(7)?),
        updated_at: from_micros(row.get(8)?),
        tags: Tags::new(),
    };
    Ok((policy, row.get(9)?))
}

fn with_tags((mut policy, tags): (Policy, String)) -> Result<Policy> {
    policy.tags = from_json("tags of a policy", &tags)?;
    Ok(policy)
}

fn read_version(row: &Row<'_>) -> rusqlite::Result<PolicyVersion> {
    Ok(PolicyVersion {
        version: row.get(0)?,
        document: row.get(1)?,
        created_at: from_micros(row.get(2)?),
    })
}

impl Rows<'_> {
    /// The policy of that ARN.
    pub fn policy(&self, arn: &str) -> Result<Option<Policy>> {
        self.tx
            .one(
                &format!("SELECT {COLUMNS} FROM iam_policies WHERE arn = ?1"),
                [arn],
                read,
            )?
            .map(with_tags)
            .transpose()
    }

    /// At most `max` policies after the name `after`, by name.
    pub fn policies(&self, after: &str, max: usize) -> Result<Vec<Policy>> {
        self.tx
            .list(
                &format!(
                    "SELECT {COLUMNS} FROM iam_policies WHERE folded > ?1 ORDER BY folded LIMIT ?2"
                ),
                params![fold(after), limit(max)],
                read,
            )?
            .into_iter()
            .map(with_tags)
            .collect()
    }

    /// How many policies there are.
    pub fn count_policies(&self) -> Result<usize> {
        self.count("SELECT count(*) FROM iam_policies", [])
    }

    /// How many versions of policies there are.
    pub fn count_policy_versions(&self) -> Result<usize> {
        self.count("SELECT count(*) FROM iam_policy_versions", [])
    }

    /// Adds a policy without versions; [`stave_core::ErrorKind::AlreadyExists`] when its name
    /// is taken.
    pub fn add_policy(&self, policy: &Policy) -> Result<()> {
        let tags = to_json("tags of a policy", &policy.tags)?;
        self.tx
            .execute(
                &format!(
                    "INSERT INTO iam_policies ({COLUMNS}, folded)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
                ),
                params![
                    policy.arn,
                    policy.name,
                    policy.path,
                    policy.id,
                    policy.description,
                    policy.default_version,
                    policy.last_version,
                    to_micros(policy.created_at),
                    to_micros(policy.updated_at),
                    tags,
                    fold(&policy.name),
                ],
            )
            .map_err(|error| {
                rule_error(error, || {
                    Error::already_exists(format!("policy \"{}\" exists already", policy.name))
                })
            })
            .map(drop)
    }

    /// Replaces a policy's default and last version, when it was updated, and its tags.
    pub fn replace_policy(&self, policy: &Policy) -> Result<()> {
        let tags = to_json("tags of a policy", &policy.tags)?;
        self.tx
            .run(
                "UPDATE iam_policies SET default_version = ?2, last_version = ?3, updated_at = ?4,
             tags = ?5 WHERE arn = ?1",
                params![
                    policy.arn,
                    policy.default_version,
                    policy.last_version,
                    to_micros(policy.updated_at),
                    tags,
                ],
            )
            .map(drop)
    }

    /// Removes a policy with its versions.
    pub fn remove_policy(&self, arn: &str) -> Result<()> {
        self.tx
            .run("DELETE FROM iam_policies WHERE arn = ?1", [arn])
            .map(drop)
    }

    /// The versions of a policy, newest first.
    pub fn policy_versions(&self, arn: &str) -> Result<Vec<PolicyVersion>> {
        self.tx.list(
            "SELECT version, document, created_at FROM iam_policy_versions
             WHERE policy = ?1 ORDER BY version DESC",
            [arn],
            read_version,
        )
    }

    /// One version of a policy.
    pub fn policy_version(&self, arn: &str, version: u32) -> Result<Option<PolicyVersion>> {
        self.tx.one(
            "SELECT version, document, created_at FROM iam_policy_versions
             WHERE policy = ?1 AND version = ?2",
            params![arn, version],
            read_version,
        )
    }

    /// Adds a version to a policy.
    pub fn add_policy_version(&self, arn: &str, version: u32, document: &str) -> Result<()> {
        self.tx
            .run(
                "INSERT INTO iam_policy_versions VALUES (?1, ?2, ?3, ?4)",
                params![arn, version, document, to_micros(self.now)],
            )
            .map(drop)
    }

    /// Removes a version of a policy.
    pub fn remove_policy_version(&self, arn: &str, version: u32) -> Result<()> {
        let sql = "DELETE FROM iam_policy_versions WHERE policy = ?1 AND version = ?2";
        self.tx.run(sql, params![arn, version]).map(drop)
    }
}
