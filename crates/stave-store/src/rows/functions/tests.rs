//! Functions' rows and files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use stave_core::{Clock as _, ErrorKind, ManualClock, SequentialIds};
use tempfile::TempDir;

use super::*;
use crate::store::StoreOptions;

fn store() -> (TempDir, Arc<ManualClock>, Store) {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let ids = Arc::new(SequentialIds::default());
    let options = StoreOptions { fsync: false };
    let store = Store::open_with(dir.path(), Arc::clone(&clock) as _, ids, options);
    (dir, clock, store.expect("a store"))
}

fn wait(clock: &ManualClock, seconds: i64) {
    let later = clock
        .now()
        .saturating_add(SignedDuration::from_secs(seconds));
    clock.set(later.expect("in range"));
}

fn queue(store: &Store, id: &str, function: &str) {
    let new = NewInvocation {
        id,
        function,
        qualifier: None,
        payload: b"{}",
        trace: Some("t"),
    };
    store
        .functions_write(|rows| rows.queue(&new))
        .expect("queued");
}

fn keep(store: &Store, sha256: &str) -> std::path::PathBuf {
    let draft = store.function_code_draft().expect("a draft");
    fs::write(draft.zip(), "zip").expect("written");
    fs::create_dir(draft.files().join("deep")).expect("made");
    fs::write(draft.files().join("deep/a.py"), "1").expect("written");
    let code = StoredCode {
        sha256: sha256.to_owned(),
        zip_bytes: 3,
        unzipped_bytes: 1,
    };
    store.keep_function_code(draft, &code).expect("kept");
    store.function_files(sha256)
}

#[test]
fn functions_and_versions_come_in_order() {
    let (_dir, _, store) = store();
    let pages = store.functions_write(|rows| {
        for name in ["b", "a"] {
            rows.add_function(name, &Tags::from([("k".to_owned(), "v".to_owned())]))?;
            rows.put_version(name, LATEST, "latest", &["x"])?;
            rows.put_version(name, 1, "first", &["x", "y"])?;
        }
        let taken = rows.add_function("a", &Tags::new()).expect_err("taken");
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
        Ok((
            rows.all_versions(None, false, 10)?,
            rows.all_versions(Some(("a", 0)), true, 2)?,
            rows.versions("a", Some(0), 10)?,
            rows.versions_saying("irs")?.len(),
        ))
    });
    let (latest, all, after, saying) = pages.expect("written");
    let row = |name: &str, version, text: &str| (name.to_owned(), version, text.to_owned());
    assert_eq!(latest, [row("a", 0, "latest"), row("b", 0, "latest")]);
    assert_eq!(all, [row("a", 1, "first"), row("b", 0, "latest")]);
    assert_eq!((after, saying), (vec![row("a", 1, "first")], 2));
    store
        .functions_write(|rows| {
            let mut function = rows.function("a")?.expect("there");
            function.reserved = Some(3);
            rows.replace_function(&function)?;
            assert_eq!((rows.reserved_but("b")?, rows.reserved_but("a")?), (3, 0));
            assert!(rows.remove_function("a")?);
            assert!(!rows.remove_function("a")?);
            assert_eq!(rows.versions("a", None, 10)?, []);
            assert_eq!(rows.count_functions()?, 1);
            Ok(())
        })
        .expect("written");
}

#[test]
fn a_layers_number_is_given_once() {
    let (_dir, _, store) = store();
    let listed = store.functions_write(|rows| {
        assert_eq!(rows.add_layer_version("l", "x", "1")?, 1);
        assert_eq!(rows.add_layer_version("l", "x", "2")?, 2);
        assert!(rows.remove_layer_version("l", 2)?);
        assert_eq!(rows.add_layer_version("l", "x", "3")?, 3);
        assert_eq!(rows.add_layer_version("m", "x", "1")?, 1);
        let newest = rows.layers("", 10)?;
        let newest: Vec<(String, u64)> = newest.into_iter().map(|l| (l.layer, l.version)).collect();
        assert_eq!(newest, [("l".to_owned(), 3), ("m".to_owned(), 1)]);
        rows.layer_versions("l", None, 10)
    });
    let numbers: Vec<u64> = listed
        .expect("listed")
        .iter()
        .map(|layer| layer.version)
        .collect();
    assert_eq!(numbers, [3, 1]);
}

#[test]
fn an_invocation_has_one_owner_at_a_time() {
    let (_dir, clock, store) = store();
    for (id, function) in [("1", "a"), ("2", "b"), ("3", "a")] {
        queue(&store, id, function);
    }
    let take = |owner: &str, but: &[&str], max| {
        let but: Vec<String> = but.iter().map(ToString::to_string).collect();
        let taken = store.functions_write(|rows| rows.take_due(owner, &but, max));
        taken.expect("taken")
    };
    let ids =
        |taken: &[Invocation]| -> Vec<String> { taken.iter().map(|i| i.id.clone()).collect() };
    let first = take("me", &["b"], 1);
    assert_eq!(ids(&first), ["1"]);
    assert_eq!(ids(&take("you", &["b"], 10)), ["3"]);
    assert_eq!(ids(&take("you", &[], 10)), ["2"]);
    assert!(take("me", &[], 10).is_empty());
    let mut again = first[0].clone();
    again.attempts = 1;
    let due = clock
        .now()
        .saturating_add(SignedDuration::from_secs(60))
        .expect("in range");
    let put = |owner: &str| store.functions_write(|rows| rows.put_back(owner, &again, due));
    assert!(!put("you").expect("asked"), "it is not yours");
    assert!(put("me").expect("put back"));
    assert!(take("me", &[], 10).is_empty(), "it is not due");
    assert_eq!(
        store
            .functions_read(|rows| {
                let read = rows.next_due()?;
                Ok(read)
            })
            .expect("read"),
        Some(due)
    );
    wait(&clock, 60);
    let back = take("you", &[], 10);
    assert_eq!((ids(&back), back[0].attempts), (vec!["1".to_owned()], 1));
    assert!(
        !store
            .functions_write(|rows| rows.done("me", back[0].seq))
            .expect("asked")
    );
    assert!(
        store
            .functions_write(|rows| rows.done("you", back[0].seq))
            .expect("done")
    );
    assert_eq!(
        store
            .functions_read(|rows| rows.count_queued(None))
            .expect("counted"),
        2
    );
}

#[test]
fn the_dead_are_found_and_buried_and_the_living_are_not() {
    let (_dir, _, store) = store();
    for id in ["1", "2"] {
        queue(&store, id, "a");
    }
    let living = store.function_worker().expect("a worker");
    store
        .functions_write(|rows| rows.take_due(living.id(), &[], 1))
        .expect("taken");
    store
        .functions_write(|rows| rows.take_due("dead", &[], 1))
        .expect("taken");
    let left = store.home().function_workers().join("dead");
    fs::create_dir(&left).expect("made");
    fs::write(left.join("x"), "").expect("written");
    let dead = store.dead_function_workers().expect("found");
    let wanted = DeadWorker {
        id: "dead".to_owned(),
        folder: left.clone(),
    };
    assert_eq!(dead, std::slice::from_ref(&wanted));
    assert_eq!(store.bury_function_worker(&wanted).expect("buried"), 1);
    assert!(!left.exists());
    assert_eq!(store.dead_function_workers().expect("found"), []);
    let alive = DeadWorker {
        id: living.id().to_owned(),
        folder: living.folder().to_owned(),
    };
    assert_eq!(store.bury_function_worker(&alive).expect("left alone"), 0);
    assert!(living.folder().is_dir());
    let again = store
        .functions_write(|rows| rows.take_due("next", &[], 9))
        .expect("taken");
    assert_eq!(again.len(), 1);
}

#[test]
fn code_is_whole_read_only_and_swept() {
    let (_dir, clock, store) = store();
    let files = keep(&store, "abc");
    let mode = |path: &str| {
        let metadata = fs::metadata(files.join(path)).expect("there");
        metadata.permissions().mode() & 0o222
    };
    assert_eq!((mode(""), mode("deep"), mode("deep/a.py")), (0, 0, 0));
    assert_eq!(store.function_zip("abc").expect("read"), b"zip");
    store
        .functions_write(|rows| {
            rows.add_function("f", &Tags::new())?;
            rows.put_version("f", LATEST, "", &["abc"])?;
            rows.put_version("f", 1, "", &["abc"])
        })
        .expect("written");
    assert_eq!(
        store
            .functions_read(|rows| {
                let read = rows.code_bytes()?;
                Ok(read)
            })
            .expect("read"),
        6
    );
    wait(&clock, 7200);
    assert_eq!(store.sweep_function_code().expect("swept"), 0, "it is used");
    store
        .functions_write(|rows| rows.remove_function("f"))
        .expect("removed");
    assert!(
        store
            .functions_write(|rows| rows.touch_code("abc"))
            .expect("touched")
    );
    assert_eq!(
        store.sweep_function_code().expect("swept"),
        0,
        "it is about to be used"
    );
    // What a killed process left has no row.
    fs::create_dir(store.function_code("left")).expect("made");
    assert_eq!(store.sweep_function_code().expect("swept"), 1);
    wait(&clock, 7200);
    assert_eq!(store.sweep_function_code().expect("swept"), 1);
    assert!(!files.exists());
    assert_eq!(keep(&store, "abc"), files);
}

#[test]
fn a_setting_goes_with_its_alias() {
    let (_dir, _, store) = store();
    let alias = Alias {
        function: "f".to_owned(),
        name: "live".to_owned(),
        version: 1,
        definition: "d".to_owned(),
    };
    let setting = Setting {
        qualifier: "live".to_owned(),
        revision: "r".to_owned(),
        updated_at: Timestamp::UNIX_EPOCH,
        document: "d".to_owned(),
    };
    store
        .functions_write(|rows| {
            rows.add_function("f", &Tags::new())?;
            rows.add_alias(&alias)?;
            assert_eq!(
                rows.add_alias(&alias).expect_err("taken").kind(),
                ErrorKind::AlreadyExists
            );
            rows.put_setting("f", "policy", &setting)?;
            assert_eq!(rows.setting("f", "policy", "live")?, Some(setting.clone()));
            assert_eq!(rows.setting("f", "events", "live")?, None);
            assert_eq!(
                rows.settings("f", "policy", Some(""), 9)?,
                std::slice::from_ref(&setting)
            );
            assert_eq!(rows.aliases("f", Some(2), "", 9)?, []);
            assert!(rows.remove_alias("f", "live")?);
            assert_eq!(rows.setting("f", "policy", "live")?, None);
            Ok(())
        })
        .expect("written");
}
