//! The tables, as steps from an empty database to the present one. A step that
//! has been released is never changed; a new one is added after it.

/// Each step brings `user_version` up by one.
pub(crate) const STEPS: &[&str] = &[FIRST, MEMORY, BOOKMARKS, IAM, S3, EVENTS, FUNCTIONS, OWNERS];

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

/// IAM. Names are unique without case (`folded`) and found as they are written. Policies are
/// named by their ARN, because AWS's own, which are no rows, are attached as ours are.
/// `iam_account` is made by the first start and its `generation` counts every change, so that
/// what was read of it can be kept until it changes.
const IAM: &str = "
CREATE TABLE iam_account (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    account TEXT NOT NULL,
    alias TEXT,
    password_policy TEXT,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE iam_entities (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    folded TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    boundary TEXT,
    tags TEXT NOT NULL,
    trust TEXT,
    description TEXT,
    max_session_seconds INTEGER,
    used_at INTEGER,
    used_region TEXT,
    UNIQUE (kind, folded)
) STRICT, WITHOUT ROWID;
CREATE INDEX iam_entities_boundary ON iam_entities (boundary) WHERE boundary IS NOT NULL;
CREATE TABLE iam_memberships (
    user_id TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX iam_memberships_group ON iam_memberships (group_id);
CREATE TABLE iam_inline_policies (
    entity_id TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (entity_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE iam_attachments (
    entity_id TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE CASCADE,
    policy TEXT NOT NULL,
    PRIMARY KEY (entity_id, policy)
) STRICT, WITHOUT ROWID;
CREATE INDEX iam_attachments_policy ON iam_attachments (policy);
CREATE TABLE iam_policies (
    arn TEXT NOT NULL PRIMARY KEY,
    folded TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    description TEXT,
    default_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    tags TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE iam_policy_versions (
    policy TEXT NOT NULL REFERENCES iam_policies (arn) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (policy, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE iam_access_keys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT REFERENCES iam_entities (id) ON DELETE CASCADE,
    secret BLOB NOT NULL,
    active INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    used_service TEXT,
    used_region TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX iam_access_keys_user ON iam_access_keys (user_id);
CREATE TABLE iam_logins (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES iam_entities (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    must_change INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    earlier TEXT NOT NULL,
    failures INTEGER NOT NULL,
    failed_at INTEGER
) STRICT, WITHOUT ROWID;
";

/// Versions, uploads in parts, settings of buckets, the outbox of events.
///
/// `objects` says more of a current version: `version_id` is none for the
/// version `null`, `event` is the event to send when a pending upload has been
/// put into its place. `object_versions` are the versions that are not current
/// and the delete markers (which have no file), the newest with the highest
/// `seq`. `moves` is a journal of renames that are decided and not all made.
const S3: &str = "
ALTER TABLE objects ADD COLUMN version_id TEXT;
ALTER TABLE objects ADD COLUMN storage_class TEXT;
ALTER TABLE objects ADD COLUMN details TEXT;
ALTER TABLE objects ADD COLUMN parts TEXT;
ALTER TABLE objects ADD COLUMN tags TEXT;
ALTER TABLE objects ADD COLUMN event TEXT;

CREATE TABLE object_versions (
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    file TEXT,
    inode INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL,
    noncurrent_at INTEGER NOT NULL,
    etag TEXT NOT NULL,
    content_type TEXT NOT NULL,
    user_metadata TEXT,
    version_id TEXT,
    storage_class TEXT,
    details TEXT,
    parts TEXT,
    tags TEXT,
    PRIMARY KEY (bucket, key, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX object_versions_id ON object_versions (bucket, key, id);
CREATE INDEX object_versions_file ON object_versions (bucket, file) WHERE file IS NOT NULL;
CREATE TABLE version_seq (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO version_seq VALUES (1, 0);
CREATE TABLE moves (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    step TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    file TEXT NOT NULL,
    inode INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL
) STRICT;
CREATE INDEX moves_key ON moves (bucket, key);

CREATE TABLE bucket_settings (
    bucket TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    options TEXT NOT NULL,
    completed_at INTEGER,
    request TEXT,
    result TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_key ON uploads (bucket, key, created_at, id) WHERE completed_at IS NULL;
CREATE TABLE upload_parts (
    upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    checksum TEXT,
    modified_at INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    name TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    version_id TEXT,
    size INTEGER,
    etag TEXT
) STRICT;
CREATE TABLE event_consumers (
    name TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Rules and schedules. Documents are texts of the service; a timer says when its owner, a rule
/// or schedule, is due next; a delivery is on its way to a target, and may be taken from
/// `next_at` on. `generation` counts every change of a document, so that what was read of them
/// can be kept until then.
const EVENTS: &str = "
CREATE TABLE eventing_state (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL
) STRICT;
INSERT INTO eventing_state VALUES (1, 0);
CREATE TABLE eventing_documents (
    kind TEXT NOT NULL,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, parent, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE eventing_timers (
    owner TEXT NOT NULL PRIMARY KEY,
    anchor_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    fire_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX eventing_timers_fire ON eventing_timers (fire_at);
CREATE TABLE eventing_deliveries (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    role TEXT,
    payload TEXT NOT NULL,
    details TEXT,
    max_attempts INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL
) STRICT;
CREATE INDEX eventing_deliveries_next ON eventing_deliveries (next_at);
CREATE TABLE eventing_dead_letters (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    payload TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    failed_at INTEGER NOT NULL
) STRICT;
";

/// Functions, layers, their code, and the queue of asynchronous invocations.
///
/// Version 0 is `$LATEST`. Definitions are documents of the service's own. `function_code` names
/// what lies in the folder of code, `function_code_uses` what of it a version runs on: a layer
/// may be deleted while functions go on using it. An invocation without an owner waits; one whose
/// owner is dead is taken back. `outcome` is the record that is still to be delivered.
const FUNCTIONS: &str = "
CREATE TABLE functions (
    name TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    reserved INTEGER,
    tags TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE function_versions (
    function TEXT NOT NULL REFERENCES functions (name) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (function, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE function_aliases (
    function TEXT NOT NULL REFERENCES functions (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (function, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE function_settings (
    function TEXT NOT NULL REFERENCES functions (name) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    qualifier TEXT NOT NULL,
    revision TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (function, kind, qualifier)
) STRICT, WITHOUT ROWID;
CREATE TABLE layers (
    name TEXT NOT NULL PRIMARY KEY,
    last_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE layer_versions (
    layer TEXT NOT NULL REFERENCES layers (name),
    version INTEGER NOT NULL,
    code TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (layer, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX layer_versions_code ON layer_versions (code);
CREATE TABLE function_code (
    sha256 TEXT NOT NULL PRIMARY KEY,
    zip_bytes INTEGER NOT NULL,
    unzipped_bytes INTEGER NOT NULL,
    stored_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE function_code_uses (
    function TEXT NOT NULL,
    version INTEGER NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (function, version, code),
    FOREIGN KEY (function, version) REFERENCES function_versions (function, version)
        ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX function_code_uses_code ON function_code_uses (code);
CREATE TABLE invocations (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    function TEXT NOT NULL,
    qualifier TEXT,
    payload BLOB NOT NULL,
    trace TEXT,
    attempts INTEGER NOT NULL,
    setbacks INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    owner TEXT,
    outcome TEXT
) STRICT;
CREATE INDEX invocations_due ON invocations (due_at, seq) WHERE owner IS NULL;
CREATE INDEX invocations_owner ON invocations (owner) WHERE owner IS NOT NULL;
CREATE INDEX invocations_function ON invocations (function);
";

/// Who has taken a delivery: what a process that has died took is taken back at once.
const OWNERS: &str = "
ALTER TABLE eventing_deliveries ADD COLUMN owner TEXT;
CREATE INDEX eventing_deliveries_owner ON eventing_deliveries (owner) WHERE owner IS NOT NULL;
";
