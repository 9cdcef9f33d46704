//! The tables of telemetry, as steps from an empty database to the present one. A step that has
//! been released is never changed; a new one is added after it.

use crate::database::Steps;

/// Each step brings `user_version` up by one.
pub(super) const STEPS: Steps = &[TELEMETRY];

/// Definitions are JSON of the service's own. `points` holds an hour of a series a row; `step`
/// is the seconds between its points at least. Times are milliseconds since 1970, of series
/// seconds. Numbers of groups and streams stand in the segments of logs: they never come again.
const TELEMETRY: &str = "
CREATE TABLE log_groups (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    retention_days INTEGER,
    class TEXT NOT NULL,
    tags TEXT NOT NULL
) STRICT;
CREATE TABLE log_streams (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    group_id INTEGER NOT NULL REFERENCES log_groups (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (group_id, name)
) STRICT;
CREATE TABLE metric_filters (
    group_id INTEGER NOT NULL REFERENCES log_groups (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
    id INTEGER NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    dimensions TEXT NOT NULL,
    unit TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    UNIQUE (namespace, name, dimensions, unit)
) STRICT;
CREATE TABLE points (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    hour INTEGER NOT NULL,
    step INTEGER NOT NULL,
    points BLOB NOT NULL,
    PRIMARY KEY (series, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX points_age ON points (step, hour);

CREATE TABLE alarms (
    name TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    definition TEXT NOT NULL,
    tags TEXT NOT NULL,
    actions_enabled INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_data TEXT,
    state_at INTEGER NOT NULL,
    transitioned_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    evaluated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm_history (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    alarm TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    item TEXT NOT NULL,
    summary TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX alarm_history_alarm ON alarm_history (alarm, at);
CREATE INDEX alarm_history_at ON alarm_history (at);
CREATE TABLE alarm_actions (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    alarm TEXT NOT NULL,
    payload TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL
) STRICT;
CREATE TABLE dashboards (
    name TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";
