//! The guide's examples, over a few events.

use super::*;

const EVENTS: &[(i64, &str, &str)] = &[
    (
        1_000,
        "a",
        r#"{"level": "INFO", "ms": 10, "user": {"name": "ann"}, "tags": ["x", "y"]}"#,
    ),
    (
        61_000,
        "a",
        r#"{"level": "ERROR", "ms": 30, "user": {"name": "bob"}}"#,
    ),
    (
        62_000,
        "b",
        r#"[WARN] {"level": "WARN", "ms": 20, "user": {"name": "ann"}}"#,
    ),
    (121_000, "b", "user=eve, method:GET, latency := 40"),
    (
        181_000,
        "c",
        "REPORT RequestId: 7c1\tDuration: 163.50 ms\tBilled Duration: 164 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\t",
    ),
];

fn run(text: &str) -> Result<Vec<QueryRow>> {
    let mut run = Run::new(Program::parse(text, 1000)?);
    for (place, (at_ms, stream, message)) in EVENTS.iter().enumerate() {
        run.take(&Event {
            at_ms: *at_ms,
            ingested_ms: *at_ms,
            id: place.to_string(),
            stream,
            log: "1:g",
            message,
        })?;
    }
    run.finish()
}

/// Rows as `field=value field=value`, without pointers.
fn shown(text: &str) -> Vec<String> {
    let rows = run(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    rows.iter()
        .map(|row| {
            let fields = row.iter().filter(|(name, _)| name != "@ptr");
            let fields: Vec<String> = fields.map(|(n, v)| format!("{n}={v}")).collect();
            fields.join(" ")
        })
        .collect()
}

const QUERIES: &[(&str, &[&str])] = &[
    (
        "fields level, ms | filter ms >= 20",
        &["level=WARN ms=20", "level=ERROR ms=30"],
    ),
    (
        "fields level | filter user.name = 'ann' | sort @timestamp asc",
        &["level=INFO", "level=WARN"],
    ),
    ("fields tags.1 | filter ispresent(tags.0)", &["tags.1=y"]),
    (
        "fields level | filter level in ['INFO', \"ERROR\"]",
        &["level=ERROR", "level=INFO"],
    ),
    (
        "fields level | filter level not in [\"INFO\"] and ispresent(level) | limit 1",
        &["level=WARN"],
    ),
    ("filter @message like /(?i)warn/ | fields ms", &["ms=20"]),
    (
        "filter @message like \"method:\" | display @logStream",
        &["@logStream=b"],
    ),
    (
        "filter @message =~ /^REPORT/ | fields @duration, @maxMemoryUsed / 1000 / 1000 as mb",
        &["@duration=163.5 mb=70"],
    ),
    (
        "filter @type = \"REPORT\" | stats max(@memorySize / 1000 / 1000) as MB by @requestId",
        &["@requestId=7c1 MB=128"],
    ),
    (
        "filter not (ms < 30) and ispresent(ms) | fields ms",
        &["ms=30"],
    ),
    (
        "parse @message \"user=*, method:*, latency := *\" as @user, @method, @latency | filter ispresent(@user) | display @user, @method, @latency",
        &["@user=eve @method=GET @latency=40"],
    ),
    (
        r"parse @message /latency := (?<latency>\d+)/ | stats avg(latency), count(*) as n",
        &["avg(latency)=40 n=5"],
    ),
    (
        "parse 'user=*,' as u | filter u = 'eve' | display u",
        &["u=eve"],
    ),
    (
        "stats count(*) by bin(1m)",
        &[
            "bin(1m)=1970-01-01 00:00:00.000 count(*)=1",
            "bin(1m)=1970-01-01 00:01:00.000 count(*)=2",
            "bin(1m)=1970-01-01 00:02:00.000 count(*)=1",
            "bin(1m)=1970-01-01 00:03:00.000 count(*)=1",
        ],
    ),
    (
        "stats sum(ms), avg(ms), min(ms), max(ms), pct(ms, 50), count(ms), count_distinct(user.name) as u",
        &["sum(ms)=60 avg(ms)=20 min(ms)=10 max(ms)=30 pct(ms, 50)=20 count(ms)=3 u=2"],
    ),
    ("filter ispresent(ms) | stats stddev(ms) as s", &["s=8.165"]),
    (
        "filter ispresent(ms) | stats avg(ms) as m by user.name | sort m desc",
        &["user.name=bob m=30", "user.name=ann m=15"],
    ),
    (
        "filter ispresent(ms) | stats count(*) by user.name | sort count(*) desc | limit 1",
        &["user.name=ann count(*)=2"],
    ),
    (
        "stats latest(level) as l, earliest(level) as e",
        &["l=WARN e=INFO"],
    ),
    (
        "stats count(*) as n by bin(1m) as b | stats max(n) as most",
        &["most=2"],
    ),
    (
        "fields user.name | dedup user.name",
        &["user.name=ann", "user.name=bob"],
    ),
    (
        "fields @timestamp | sort @timestamp asc | limit 1",
        &["@timestamp=1970-01-01 00:00:01.000"],
    ),
    (
        "fields concat(toupper(level), '-', strlen(level)) as x | filter level = \"INFO\"",
        &["x=INFO-4"],
    ),
    (
        "fields substr('xyZfooxyZ', 3, 3) as a, trim('xyZfooxyZ', 'xyZ') as b, replace('foo', 'o', '0') as c | limit 1",
        &["a=foo b=foo c=f00"],
    ),
    (
        "fields 2 ^ 3 as a, 10 % 3 as b, -1 + 2 * 3 as c, abs(-2) as d, greatest(1, 3, 2) as e, strcontains('abc', 'b') as f | limit 1",
        &["a=8 b=1 c=5 d=2 e=3 f=1"],
    ),
    (
        "fields datefloor(@timestamp, 1m) as a, dateceil(@timestamp, 1h) as b | limit 1",
        &["a=1970-01-01 00:03:00.000 b=1970-01-01 01:00:00.000"],
    ),
    (
        "fields coalesce(nothing, level, 'none') as a, isempty(nothing) as b | sort a | limit 1",
        &["a=ERROR b=1"],
    ),
    (
        "# all\nfields `user.name` as n # the user\n| filter n = 'bob'",
        &["n=bob"],
    ),
    ("fields 1/0 as x, 7/2 as y | limit 1", &["y=3.5"]),
];

#[test]
fn queries() {
    for (text, expected) in QUERIES {
        assert_eq!(shown(text), *expected, "{text}");
    }
    let rows = run("limit 1").expect("ran");
    let names: Vec<&str> = rows[0].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["@timestamp", "@message", "@ptr"]);
}

#[test]
fn faults_are_refused() {
    let deep = format!("filter {}1{}", "(".repeat(200), ")".repeat(200));
    let minuses = format!("fields {}1", "-".repeat(200));
    for (text, words) in [
        ("", "a command"),
        ("select *", "a command"),
        ("pattern @message", "pattern"),
        ("filter", "an expression"),
        ("filter a =", "an expression"),
        ("filter a like /x", "not closed"),
        ("filter a like /(/", "not a regular expression"),
        ("filter a not b", "like or in"),
        ("fields a b", "a | or the end"),
        ("fields jsonparse(a)", "jsonparse"),
        ("fields abs(1, 2)", "does not take 2"),
        ("parse @message \"a*\"", "as and the names"),
        ("parse @message \"a*b*\" as x", "2 asterisks for 1"),
        ("parse @message /a(b)/", "names no group"),
        ("stats foo(a)", "a function of stats"),
        ("stats pct(a, 200)", "from 0 to 100"),
        ("limit 0", "from 1 to 10000"),
        ("limit x", "from 1 to 10000"),
        ("fields \"open", "not closed"),
        ("fields 5q", "a period"),
        (deep.as_str(), "nested deeper"),
        (minuses.as_str(), "nested deeper"),
    ] {
        let error = run(text).expect_err(text);
        assert!(error.message().contains(words), "{text}: {error}");
        assert_eq!(error.code(), Some("MalformedQueryException"), "{text}");
    }
}

#[test]
fn only_what_is_needed_is_held() {
    let mut run = Run::new(
        Program::parse("fields @message | sort @timestamp desc | limit 3", 1000).expect("read"),
    );
    for at_ms in 0..250_000_i64 {
        let event = Event {
            at_ms: at_ms * 7919 % 250_000,
            ingested_ms: 0,
            id: String::new(),
            stream: "s",
            log: "l",
            message: "m",
        };
        run.take(&event).expect("room");
    }
    assert_eq!(run.finish().expect("rows").len(), 3);
    let mut run = Run::new(Program::parse("stats count(*) by @timestamp", 1000).expect("read"));
    let mut take = |at_ms| {
        run.take(&Event {
            at_ms,
            ingested_ms: 0,
            id: String::new(),
            stream: "s",
            log: "l",
            message: "m",
        })
    };
    for at_ms in 0..MAX_HELD_ROWS as i64 {
        take(at_ms).expect("room");
    }
    assert!(take(-1).is_err());
}
