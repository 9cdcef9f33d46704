//! The tables, as steps from an empty database to the present one. A step that
//! has been released is never changed; a new one is added after it.

/// Each step brings `user_version` up by one.
pub(crate) const STEPS: &[&str] = &[FIRST, MEMORY, BOOKMARKS];

/// Identities (`inode`, `mtime_ns`, `size`) tie a row to one very file: a row
/// counts only for the file that it was written for. `pending` names the upload
/// that has not been renamed into place yet.
const FIRST: &str = "
CREATE TABLE buckets (
    name TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE objects (
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    inode INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    content_type TEXT NOT NULL,
    user_metadata TEXT,
    pending TEXT,
    PRIMARY KEY (bucket, key, inode, mtime_ns, size)
) STRICT, WITHOUT ROWID;
CREATE INDEX objects_pending ON objects (pending) WHERE pending IS NOT NULL;

CREATE TABLE publishing (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL
) STRICT;
INSERT INTO publishing VALUES (1, 0);
CREATE TABLE publications (
    run_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE publication_files (
    run_id TEXT NOT NULL REFERENCES publications ON DELETE CASCADE,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    staged TEXT NOT NULL,
    inode INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (run_id, bucket, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE publication_deletes (
    run_id TEXT NOT NULL REFERENCES publications ON DELETE CASCADE,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (run_id, bucket, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE databases (
    name TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tables (
    database TEXT NOT NULL REFERENCES databases (name),
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (database, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE table_versions (
    database TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (database, name, version),
    FOREIGN KEY (database, name) REFERENCES tables (database, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE partitions (
    database TEXT NOT NULL,
    name TEXT NOT NULL,
    partition_values BLOB NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (database, name, partition_values),
    FOREIGN KEY (database, name) REFERENCES tables (database, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    name TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    arguments TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    error TEXT,
    steps TEXT NOT NULL
) STRICT;
CREATE INDEX runs_job ON runs (job, seq);
CREATE INDEX runs_state ON runs (state);
CREATE TABLE run_log (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE crawlers (
    name TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL,
    state TEXT NOT NULL,
    last_crawl TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE crawls (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    crawler TEXT NOT NULL REFERENCES crawlers (name) ON DELETE CASCADE,
    state TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    figures TEXT NOT NULL,
    error TEXT
) STRICT;
CREATE INDEX crawls_crawler ON crawls (crawler, seq);
";

/// What outlives a run of the extractor, by key.
const MEMORY: &str = "
CREATE TABLE memory (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What the sources of jobs have read, and what of it is still to be moved away.
const BOOKMARKS: &str = "
CREATE TABLE bookmarks (
    job TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    run_id TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE bookmark_objects (
    job TEXT NOT NULL,
    source TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    etag TEXT,
    size INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    PRIMARY KEY (job, source, bucket, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE bookmark_moves (
    job TEXT NOT NULL,
    source TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    etag TEXT,
    size INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    to_bucket TEXT NOT NULL,
    to_key TEXT NOT NULL,
    PRIMARY KEY (job, source, bucket, key)
) STRICT, WITHOUT ROWID;
";
