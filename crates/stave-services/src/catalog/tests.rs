//! What the service adds to the rows: names in any case.

use std::sync::Arc;

use jiff::Timestamp;
use stave_core::catalog::{Column, Parameters, Partition, StorageDescriptor, Table};
use stave_core::{ErrorKind, ManualClock, SequentialIds};
use stave_store::OnExisting;

use super::*;

fn database(name: &str) -> Database {
    Database {
        name: name.to_owned(),
        description: None,
        location: None,
        parameters: Parameters::new(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn table(database: &str, name: &str) -> Table {
    Table {
        database: database.to_owned(),
        name: name.to_owned(),
        description: None,
        owner: None,
        table_type: "EXTERNAL_TABLE".to_owned(),
        storage: StorageDescriptor::default(),
        partition_keys: vec![Column::new("year", "string")],
        parameters: Parameters::new(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        version: 0,
    }
}

#[tokio::test]
async fn names_are_the_same_in_any_case() {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let store = Store::open(dir.path(), clock, Arc::new(SequentialIds::default())).expect("opened");
    let (catalog, caller) = (Catalog::new(store, "us-east-1"), Caller::default());
    let made = catalog
        .create_database(&caller, database("Spotify"))
        .await
        .expect("made");
    assert_eq!(made.name, "spotify");
    let made = catalog
        .create_table(&caller, table("SPOTIFY", "Songs"))
        .await
        .expect("made");
    assert_eq!(
        (made.database.as_str(), made.name.as_str()),
        ("spotify", "songs")
    );
    let found = catalog
        .get_table(&caller, "spotify", "SONGS")
        .await
        .expect("found");
    let changed = catalog
        .update_table(&caller, found.clone(), 0)
        .await
        .expect("updated");
    assert_eq!(changed.version, 1);
    let late = catalog
        .update_table(&caller, found, 0)
        .await
        .expect_err("late");
    assert_eq!(late.kind(), ErrorKind::Conflict);

    let year = |year: &str| Partition {
        values: vec![year.to_owned()],
        storage: StorageDescriptor::default(),
        parameters: Parameters::new(),
        created_at: Timestamp::UNIX_EPOCH,
    };
    let written = catalog
        .create_partitions(
            &caller,
            "Spotify",
            "Songs",
            vec![year("2022"), year("2023")],
            OnExisting::Keep,
        )
        .await
        .expect("made");
    assert_eq!(written, 2);
    let after = Some(vec!["2022".to_owned()]);
    let rest = catalog
        .list_partitions(&caller, "spotify", "songs", after, 9)
        .await
        .expect("listed");
    assert_eq!(rest[0].values, ["2023"]);
    let versions = catalog
        .list_table_versions(&caller, "spotify", "songs")
        .await;
    assert_eq!(versions.expect("listed").len(), 2);
    catalog
        .delete_table(&caller, "spotify", "songs")
        .await
        .expect("deleted");
    assert!(
        catalog
            .list_tables(&caller, "spotify", None, 9)
            .await
            .expect("listed")
            .is_empty()
    );
    catalog
        .delete_database(&caller, "SPOTIFY", false)
        .await
        .expect("deleted");
}
