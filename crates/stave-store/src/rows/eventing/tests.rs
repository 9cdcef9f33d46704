//! Documents come back; a firing and a delivery are one process's, whoever else is there.

use std::sync::Arc;

use stave_core::{ErrorKind, ManualClock, SequentialIds};
use tempfile::TempDir;

use super::*;
use crate::store::StoreOptions;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
}

fn open(dir: &TempDir, clock: &Arc<ManualClock>) -> Store {
    let ids = Arc::new(SequentialIds::default());
    let options = StoreOptions { fsync: false };
    Store::open_with(dir.path(), Arc::clone(clock) as _, ids, options).expect("a store")
}

fn world() -> (TempDir, Arc<ManualClock>, Store) {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(ManualClock::new(at(0)));
    let store = open(&dir, &clock);
    (dir, clock, store)
}

fn delivery(id: &str) -> NewDelivery {
    NewDelivery {
        id: id.to_owned(),
        source: "arn:rule".to_owned(),
        target: "arn:function".to_owned(),
        role: None,
        payload: "{}".to_owned(),
        details: None,
        max_attempts: 3,
        expires_at: at(3600),
    }
}

// A method's path is not general enough in its lifetimes.
fn generation(rows: &Rows<'_>) -> Result<i64> {
    rows.generation()
}

fn next_delivery(rows: &Rows<'_>) -> Result<Option<Timestamp>> {
    rows.next_delivery()
}

fn count(rows: &Rows<'_>) -> Result<u64> {
    rows.count_deliveries()
}

#[test]
fn documents_come_back_by_parent_and_name() {
    let (_dir, clock, store) = world();
    store
        .eventing_write(|rows| {
            for (parent, name) in [
                ("default", "a1"),
                ("default", "a2"),
                ("default", "b"),
                ("other", "a3"),
            ] {
                rows.add_document(Kind::Rule, parent, name, "{}")?;
            }
            rows.add_document(Kind::Target, "default/a1", "t", "1")?;
            rows.add_document(Kind::Target, "default/b", "t", "2")
        })
        .expect("added");
    let before = store.eventing_read(generation).expect("told");
    clock.set(at(5));
    let twice = store.eventing_write(|rows| rows.add_document(Kind::Rule, "default", "b", "{}"));
    assert_eq!(twice.expect_err("there").kind(), ErrorKind::AlreadyExists);
    store
        .eventing_write(|rows| rows.put_document(Kind::Rule, "default", "b", "new"))
        .expect("replaced");
    store
        .eventing_read(|rows| {
            assert_eq!(rows.generation()?, before + 1);
            let b = rows.document(Kind::Rule, "default", "b")?.expect("there");
            assert_eq!(
                (b.text.as_str(), b.created_at, b.updated_at),
                ("new", at(0), at(5))
            );
            assert!(rows.document(Kind::Bus, "default", "b")?.is_none());
            let names = |prefix, after| -> Result<Vec<String>> {
                let found = rows.documents(Kind::Rule, "default", prefix, after, 10)?;
                Ok(found.into_iter().map(|document| document.name).collect())
            };
            assert_eq!(names("", "")?, ["a1", "a2", "b"]);
            assert_eq!(names("a", "a1")?, ["a2"]);
            let under = rows.documents_under(Kind::Target, "default/", ("", ""), 10)?;
            assert_eq!(under.len(), 2);
            let rest = rows.documents_under(Kind::Target, "default/", ("default/a1", "t"), 10)?;
            assert_eq!(rest[0].parent, "default/b");
            assert_eq!(rows.count_documents(Kind::Rule, "default")?, 3);
            Ok(())
        })
        .expect("read");
    let removed =
        |name| store.eventing_write(|rows| rows.remove_document(Kind::Rule, "default", name));
    assert!(removed("b").expect("removed"));
    assert!(!removed("b").expect("not there"));
}

#[test]
fn timers_are_due_in_their_order() {
    let (_dir, _clock, store) = world();
    let timer = |owner: &str, due: i64| Timer {
        owner: owner.to_owned(),
        anchor_at: at(0),
        due_at: at(due),
        fire_at: at(due),
    };
    store
        .eventing_write(|rows| {
            for (owner, due) in [("a", 30), ("b", 10), ("c", 20), ("a", 15)] {
                rows.set_timer(&timer(owner, due))?;
            }
            assert_eq!(rows.next_timer()?, Some(at(10)));
            let due = rows.due_timers(at(15), 10)?;
            assert_eq!(due, [timer("b", 10), timer("a", 15)]);
            rows.clear_timer("b")?;
            rows.clear_timer("b")?;
            assert_eq!(rows.timer("a")?, Some(timer("a", 15)));
            assert_eq!(rows.timer("b")?, None);
            assert_eq!(rows.next_timer()?, Some(at(15)));
            Ok(())
        })
        .expect("kept");
}

#[test]
fn a_delivery_is_taken_by_one_until_it_is_let_go() {
    let (dir, clock, store) = world();
    let other = open(&dir, &clock);
    let add = |id: &str| store.eventing_write(|rows| rows.add_delivery(&delivery(id)));
    assert!(add("1").expect("added"));
    assert!(!add("1").expect("there"));
    assert!(add("2").expect("added"));
    let take = |store: &Store, max| {
        let owner = store.process().expect("alive");
        store
            .eventing_note(|rows| {
                let until = rows.now() + jiff::SignedDuration::from_secs(60);
                rows.take_deliveries(&owner, until, max)
            })
            .expect("taken")
    };
    let first = take(&store, 1);
    assert_eq!((first[0].new.id.as_str(), first[0].attempt), ("1", 1));
    let second = take(&other, 10);
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].new, delivery("2"));
    assert!(take(&store, 10).is_empty());
    assert_eq!(
        store.eventing_read(next_delivery).expect("told"),
        Some(at(60))
    );

    // Who took the first hangs; what it says then does not count any more.
    clock.set(at(61));
    let again = take(&other, 1);
    assert_eq!((again[0].new.id.as_str(), again[0].attempt), ("1", 2));
    assert!(
        !store
            .eventing_note(|rows| rows.end_delivery(&first[0]))
            .expect("told")
    );
    assert!(
        !store
            .eventing_note(|rows| rows.retry_delivery(&first[0], at(0)))
            .expect("told")
    );
    assert!(
        other
            .eventing_note(|rows| rows.retry_delivery(&again[0], at(100)))
            .expect("told")
    );
    clock.set(at(99));
    assert!(
        take(&store, 10)
            .iter()
            .all(|delivery| delivery.new.id != "1")
    );
    clock.set(at(100));
    let third = take(&store, 1);
    assert_eq!(third[0].attempt, 3);
    assert!(
        store
            .eventing_note(|rows| rows.bury_delivery(&third[0], "no such function"))
            .expect("told")
    );
    assert!(
        !store
            .eventing_note(|rows| rows.bury_delivery(&third[0], "again"))
            .expect("told")
    );
    let dead = store
        .eventing_read(|rows| rows.dead_letters(None, 10))
        .expect("read");
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (dead[0].id.as_str(), dead[0].attempts, dead[0].failed_at),
        ("1", 3, at(100))
    );
    assert_eq!(dead[0].error, "no such function");
    assert_eq!(store.eventing_read(count).expect("told"), 1);
}

#[test]
fn of_many_takers_each_delivery_has_one() {
    let (dir, clock, store) = world();
    store
        .eventing_write(|rows| {
            for n in 0..200 {
                rows.add_delivery(&delivery(&n.to_string()))?;
            }
            Ok(())
        })
        .expect("added");
    let mut taken: Vec<u64> = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..4)
            .map(|_| {
                let store = open(&dir, &clock);
                scope.spawn(move || {
                    let mut mine = Vec::new();
                    loop {
                        let some = store
                            .eventing_note(|rows| rows.take_deliveries("one", at(60), 7))
                            .expect("taken");
                        if some.is_empty() {
                            return mine;
                        }
                        mine.extend(some.iter().map(|delivery| delivery.seq));
                    }
                })
            })
            .collect();
        takers
            .into_iter()
            .flat_map(|taker| taker.join().expect("ended"))
            .collect()
    });
    taken.sort_unstable();
    assert_eq!(taken.len(), 200);
    taken.dedup();
    assert_eq!(taken.len(), 200);
}

#[test]
fn what_the_dead_had_taken_is_taken_back() {
    let (dir, clock, store) = world();
    let add = |id: &str| store.eventing_write(|rows| rows.add_delivery(&delivery(id)));
    let take = |store: &Store| {
        let owner = store.process().expect("alive");
        let taken = store.eventing_note(|rows| rows.take_deliveries(&owner, at(60), 10));
        taken.expect("taken")
    };
    assert!(add("1").expect("added"));
    assert_eq!(take(&store).len(), 1);
    let other = open(&dir, &clock);
    assert!(add("2").expect("added"));
    assert_eq!(take(&other).len(), 1);
    assert_eq!(store.take_back_deliveries().expect("looked"), 0);
    drop(other);
    assert_eq!(store.take_back_deliveries().expect("looked"), 1);
    let again = take(&store);
    assert_eq!((again[0].new.id.as_str(), again[0].attempt), ("2", 2));
    assert_eq!(again.len(), 1);
    assert_eq!(store.take_back_deliveries().expect("looked"), 0);
}
