//! `job`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::{Value, json};

use crate::program::{Program, files, said};

const PLAYS: &str =
    "id,genre,ms\n1,rock,10\n2,a/b,20\n3,../x,30\n4,\"x=y z\",40\n5,é%41,50\n6,,60\n";

/// A job of Glue Studio's: CSV, types, Parquet by genre, the table `db.plays`.
fn exported() -> Value {
    let mapping = |name: &str, wanted: &str| json!({"ToKey": name, "FromPath": [name], "FromType": "string", "ToType": wanted});
    json!({
        "Name": "by-genre",
        "Description": "plays by genre",
        "Role": "arn:aws:iam::123456789012:role/glue-role",
        "JobMode": "VISUAL",
        "GlueVersion": "5.0",
        "WorkerType": "G.1X",
        "NumberOfWorkers": 2,
        "Command": {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://assets/by-genre.py"},
        "DefaultArguments": {"--job-bookmark-option": "job-bookmark-disable", "--job-language": "python"},
        "CodeGenConfigurationNodes": {
            "node-1": {"S3CsvSource": {
                "Name": "plays", "Paths": ["s3://lake/in/plays.csv"], "Separator": "comma",
                "QuoteChar": "quote", "WithHeader": true, "Recurse": true, "OptimizePerformance": false,
            }},
            "node-2": {"ApplyMapping": {"Name": "types", "Inputs": ["node-1"], "Mapping": [
                mapping("id", "bigint"), mapping("genre", "string"), mapping("ms", "bigint"),
            ]}},
            "node-3": {"S3GlueParquetTarget": {
                "Name": "warehouse", "Inputs": ["node-2"], "Path": "s3://lake/out/",
                "Compression": "snappy", "PartitionKeys": [["genre"]],
                "SchemaChangePolicy": {
                    "EnableUpdateCatalog": true, "UpdateBehavior": "UPDATE_IN_DATABASE",
                    "Database": "db", "Table": "plays",
                },
            }},
        },
    })
}

fn plays() -> Program {
    let program = Program::with_bucket("lake");
    program.put("s3://lake/in/plays.csv", PLAYS);
    program
}

/// The newest run.
fn last_run(program: &Program) -> Value {
    program.json(&["job", "runs"])[0].clone()
}

#[test]
fn an_exported_job_is_imported_run_and_goes_back() {
    let program = plays();
    program.file("exported.json", exported().to_string());
    let said = program.run(&["job", "import", "exported.json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains("imported job \"by-genre\""),
        "{}",
        said.err
    );
    assert_eq!(program.json(&["job", "ls"])[0]["Name"], "by-genre");

    let run = program.json(&["job", "run", "by-genre"]);
    assert_eq!(run["JobRunState"], "SUCCEEDED");
    assert!(last_run(&program)["Took"].as_f64() > Some(0.0), "seconds");
    assert_eq!(run["Steps"][0]["rows"], 6);
    assert_eq!(run["Steps"][2]["files_written"], 6);
    // Values that no folder can have are escaped, as Hive does, and come back.
    assert_eq!(
        program.csv("db", "SELECT id, ms, genre FROM plays ORDER BY id"),
        [
            "\"id\",\"ms\",\"genre\"",
            "\"1\",\"10\",\"rock\"",
            "\"2\",\"20\",\"a/b\"",
            "\"3\",\"30\",\"../x\"",
            "\"4\",\"40\",\"x=y z\"",
            "\"5\",\"50\",\"é%41\"",
            "\"6\",\"60\",",
        ]
    );
    assert_eq!(
        program.csv("db", "SELECT id FROM plays WHERE genre = '../x'"),
        ["\"id\"", "\"3\""]
    );
    let partitions = program.json(&["catalog", "partitions", "db.plays"]);
    assert_eq!(partitions.as_array().map(Vec::len), Some(6));

    let written = program.ok(&["job", "export", "by-genre"]);
    let value: Value = serde_json::from_str(&written).expect("JSON");
    assert_eq!(value, exported());
    program.ok(&["job", "export", "by-genre", "-o", "back.yaml"]);
    program.ok(&["job", "import", "back.yaml", "--name", "again"]);
    program.ok(&["job", "export", "again", "-o", "again.json"]);
    let again = std::fs::read_to_string(program.path("again.json")).expect("written");
    let again: Value = serde_json::from_str(&again).expect("JSON");
    assert_eq!(
        again["CodeGenConfigurationNodes"],
        exported()["CodeGenConfigurationNodes"]
    );
    program.ok(&["job", "rm", "by-genre"]);
    let error = program.fails(1, &["job", "run", "by-genre"]);
    assert!(error.contains("job \"by-genre\" does not exist"), "{error}");
}

#[test]
fn a_job_that_is_wrong_is_not_imported() {
    let program = plays();
    for (from, to, message) in [
        (
            "\"node-2\"]",
            "\"node-9\"]",
            "node \"warehouse\" (node-3), Inputs[0]: there is no node \"node-9\"",
        ),
        (
            "S3GlueParquetTarget",
            "S3IcebergDirectTarget",
            "the node type S3IcebergDirectTarget is not supported",
        ),
        (
            "\"node-1\"]",
            "\"node-3\"]",
            "\"warehouse\" is a target: nothing follows it",
        ),
        ("PartitionKeys", "PartitonKeys", "PartitonKeys"),
    ] {
        program.file("wrong.json", exported().to_string().replacen(from, to, 1));
        let error = program.fails(1, &["job", "import", "wrong.json"]);
        assert!(
            error.starts_with("error: wrong.json: ") && error.contains(message),
            "{error}"
        );
    }
    program.file("broken.json", &exported().to_string()[..300]);
    let error = program.fails(1, &["job", "import", "broken.json"]);
    assert!(
        error.contains("broken.json: the job file is not JSON: line 1, column "),
        "{error}"
    );
    assert_eq!(program.json(&["job", "ls"]), json!([]));
    // What placeholders stand for is not known before a run.
    let text = exported()
        .to_string()
        .replace("s3://lake/in/", "s3://${bucket}/in/");
    program.file("open.json", text.replace("PartitionKeys", "PartitonKeys"));
    program.ok(&["job", "import", "open.json"]);
    program.fails(1, &["job", "run", "by-genre", "--arg", "bucket=lake"]);
    program.file("open.json", text);
    program.ok(&["job", "import", "open.json"]);
    let error = program.fails(1, &["job", "run", "by-genre"]);
    assert!(
        error.contains("the argument \"bucket\" is not given"),
        "{error}"
    );
    program.ok(&["job", "run", "by-genre", "--arg", "bucket=lake"]);
}

#[test]
fn a_job_is_drawn_and_told_as_sql() {
    let program = plays();
    program.file("job.json", exported().to_string());
    let drawn = program.ok(&["job", "graph", "job.json"]);
    let nodes = ["plays", "types", "warehouse"];
    let lines: Vec<&str> = drawn
        .lines()
        .filter(|line| nodes.iter().any(|name| line.contains(name)))
        .collect();
    assert_eq!(lines.len(), 3, "{drawn}");
    let script = program.ok(&["job", "script", "job.json"]);
    assert!(
        script.starts_with(
            "-- warehouse: appends parquet (snappy) to s3://lake/out/, partitioned by genre"
        ),
        "{script}"
    );
    assert!(
        script.contains("read_csv('s3://lake/in/plays.csv')"),
        "{script}"
    );
    assert!(
        script.contains("CAST(\"ms\" AS bigint) AS \"ms\""),
        "{script}"
    );
    assert_eq!(program.json(&["job", "runs"]), json!([]), "nothing was run");
}

#[test]
fn a_failed_run_tells_why_and_leaves_nothing() {
    let program = plays();
    program.put(
        "s3://lake/in/plays.csv",
        "id,genre,ms\n1,rock,10\n2,\"open\n",
    );
    program.file("job.json", exported().to_string());
    let error = program.fails(1, &["job", "run", "job.json"]);
    let message = "target \"warehouse\": s3://lake/in/plays.csv, line 3: a quote is opened and never closed: 2,\"open";
    assert!(
        error.starts_with(&format!("error: {message}\n  hint: ")),
        "{error}"
    );
    let run = last_run(&program);
    assert_eq!(
        (&run["State"], &run["Error"]),
        (&"FAILED".into(), &message.into())
    );
    let id = run["Run"].as_str().expect("an id");
    let shown = program.ok(&["job", "show", &id[..12]]);
    assert!(
        shown.contains("state    FAILED") && shown.contains("hint     mend the file"),
        "{shown}"
    );
    assert_eq!(
        program.json(&["job", "show", id])["Error"]["kind"],
        "Invalid"
    );
    assert_nothing_written(&program);
    for (from, to, message) in [
        (
            "in/plays.csv",
            "in/none.csv",
            "there is nothing to read at s3://lake/in/none.csv",
        ),
        (
            "s3://lake/out/",
            "s3://none/out/",
            "bucket \"none\" does not exist",
        ),
        ("[\"ms\"]", "[\"sm\"]", "\"sm\""),
    ] {
        program.file("job.json", exported().to_string().replacen(from, to, 1));
        let error = program.fails(1, &["job", "run", "job.json"]);
        assert!(error.contains(message), "{error}");
    }
    program.fails(1, &["job", "run", "none.yaml"]);
    program.fails(1, &["job", "show", "none"]);
    program.fails(2, &["job", "run", "job.json", "--arg", "novalue"]);
    assert_nothing_written(&program);
}

#[test]
fn bad_records_are_set_aside_where_the_job_says_so() {
    let program = plays();
    program.put(
        "s3://lake/in/plays.csv",
        "id,genre,ms\n1,rock,10\n2,pop\n\"3\n\",jazz,30,40\n4,folk,50\n",
    );
    let mut job = exported();
    let source = &mut job["CodeGenConfigurationNodes"]["node-1"]["S3CsvSource"];
    source["BadRows"] = "reject".into();
    source["RejectsPath"] = "s3://lake/rejects/".into();
    program.file("job.json", job.to_string());
    let run = program.json(&["job", "run", "job.json"]);
    assert_eq!(run["Steps"][0]["rows_rejected"], 2);
    assert_eq!(
        program.csv("db", "SELECT id FROM plays ORDER BY id"),
        ["\"id\"", "\"1\"", "\"4\""]
    );
    let rejected = files(&program.home().join("buckets/lake/rejects"));
    assert_eq!(rejected.len(), 1);
    assert_eq!(
        String::from_utf8_lossy(&rejected[0].1),
        "file,line,column,reason,record\n\
         s3://lake/in/plays.csv,3,,too few fields: 2 instead of 3,\"2,pop\"\n\
         s3://lake/in/plays.csv,4,,too many fields: 4 instead of 3,\"\"\"3\\n\"\",jazz,30,40\"\n"
    );
}

#[test]
fn an_interrupted_run_is_stopped_at_once() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let program = endless();
        let child = program.start(&["job", "run", "endless.json"]);
        let id = until_it_writes(&program);
        send(&child, signal);
        let told = said(&child.wait_with_output().expect("ended"));
        assert_eq!(told.code, Some(code), "{}", told.err);
        assert!(
            told.err.contains(&format!("{id} STOPPED in ")),
            "{}",
            told.err
        );
        let run = program.json(&["job", "show", &id]);
        assert_eq!(run["JobRunState"], "STOPPED");
        assert_eq!(run["Error"], Value::Null);
        assert!(run["CompletedOn"].is_string(), "{run}");
        let log = run["log"].to_string();
        assert!(
            log.contains("stopped: nothing of its output is visible"),
            "{log}"
        );
        assert_nothing_written(&program);
    }
}

#[test]
fn a_second_interrupt_ends_it_whatever_it_is_at() {
    let program = endless();
    let child = program.start(&["job", "run", "endless.json"]);
    until_it_writes(&program);
    send(&child, "-INT");
    send(&child, "-INT");
    let told = said(&child.wait_with_output().expect("ended"));
    assert_eq!(told.code, Some(130), "{}", told.err);
    // Whether or not it had the time to say so itself, it is no run that is at work.
    let state = last_run(&program)["State"].clone();
    assert!(state == "STOPPED" || state == "FAILED", "{state}");
    assert_nothing_written(&program);
}

/// A small table, joined with itself on what is the same everywhere: work for hours.
fn endless() -> Program {
    let program = Program::with_bucket("lake");
    let mut rows = "key,row\n".to_owned();
    for row in 0..50_000 {
        writeln!(rows, "same,{row}").expect("written");
    }
    program.put("s3://lake/in/rows.csv", rows);
    let source = |name: &str| {
        json!({"S3CsvSource": {
            "Name": name, "Paths": ["s3://lake/in/rows.csv"], "Separator": "comma", "QuoteChar": "quote",
            "WithHeader": true,
        }})
    };
    let job = json!({
        "left": source("left"),
        "right": source("right"),
        "join": {"Join": {"Name": "join", "Inputs": ["left", "right"], "JoinType": "equijoin", "Columns": [
            {"From": "left", "Keys": [["key"]]}, {"From": "right", "Keys": [["key"]]},
        ]}},
        "out": {"S3GlueParquetTarget": {
            "Name": "out", "Inputs": ["join"], "Path": "s3://lake/out/", "Compression": "snappy",
            "PartitionKeys": [],
        }},
    });
    program.file("endless.json", job.to_string());
    program
}

/// Waits until a run has written something aside; says its id.
fn until_it_writes(program: &Program) -> String {
    let staging = program.home().join("tmp/staging");
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect()
    };
    for _ in 0..6000 {
        for run in entries(&staging).iter().filter(|path| path.is_dir()) {
            let files = entries(&run.join("out"));
            let written = files.iter().filter_map(|file| file.metadata().ok());
            if written.map(|file| file.len()).sum::<u64>() > 0 {
                return run
                    .file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned();
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("nothing was written");
}

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.expect("sent").success());
}

/// Nothing is visible, and nothing is left aside once the next command has looked.
fn assert_nothing_written(program: &Program) {
    let objects = program.json(&["ls", "--recursive", "s3://lake"]);
    let keys = objects.as_array().expect("objects").iter();
    let out = keys.filter(|object| !object["Key"].to_string().starts_with("\"in/"));
    assert_eq!(out.count(), 0, "{objects}");
    assert_eq!(files(&program.home().join("tmp/staging")), []);
}

#[test]
fn a_bookmark_is_kept_paused_and_reset() {
    let program = Program::with_bucket("lake");
    program.put("s3://lake/in/a.json", "{\"n\": 1}");
    program.file(
        "copy.yaml",
        "in: {S3JsonSource: {Name: in, Paths: [s3://lake/in/]}}\n\
         out: {S3DirectTarget: {Name: out, Inputs: [in], Path: s3://lake/out/, Format: json}}\n",
    );
    let run = |words: &[&str]| {
        let said = program.run(&[&["job", "run", "copy.yaml"], words].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
        !said.err.contains("nothing new to read")
    };
    let enable = ["--bookmark", "enable"];
    assert!(run(&["--bookmark", "pause"]));
    assert!(run(&enable));
    assert!(!run(&enable));
    assert!(!run(&["--bookmark", "pause"]));
    assert!(run(&["--bookmark", "disable"]));
    assert!(run(&[]), "the default is Glue's: everything");
    assert!(run(&["--bookmark", "enable", "--reset"]));
    let shown = program.json(&["job", "bookmark", "show", "copy"]);
    assert_eq!(shown[0]["Object"], "s3://lake/in/a.json");
    assert_eq!(shown[0]["Source"], "in");
    let said = program.run(&["job", "bookmark", "reset", "copy"]);
    assert!(said.err.contains("has forgotten 1 object"), "{}", said.err);
    assert!(run(&enable));
}
