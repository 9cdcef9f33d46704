//! Zips: what is refused, and what is kept.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

async fn refused(world: &World, zip: Bytes) -> String {
    let new = new_function("f", zip, Settings::default());
    let made = world.functions.create_function(&world.root, new).await;
    let error = made.expect_err("refused");
    assert_eq!(
        error.code(),
        Some("InvalidParameterValueException"),
        "{error}"
    );
    format!(
        "{}: {}",
        error.message(),
        error.hint_text().unwrap_or_default()
    )
}

fn links(entries: &[(&str, &str)]) -> Bytes {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("lambda_function.py", options)
        .expect("begun");
    zip.write_all(b"def lambda_handler(e, c):\n    return open('link').read()\n")
        .expect("written");
    zip.start_file("data/real", options).expect("begun");
    zip.write_all(b"found").expect("written");
    for (name, target) in entries {
        zip.add_symlink(*name, *target, options).expect("linked");
    }
    Bytes::from(zip.finish().expect("finished").into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leads_out_or_is_none_is_refused() {
    let world = world();
    for (zip, said) in [
        (Bytes::from_static(b"no zip"), "Could not unzip"),
        (Bytes::new(), "non-empty"),
        (zipped(&[("../out.py", "")]), "leads out"),
        (zipped(&[("/etc/cron.d/x", "")]), "leads out"),
        (zipped(&[("a/../../x", "")]), "leads out"),
        (links(&[("link", "/etc/passwd")]), "leads out"),
        (links(&[("link", "../../x")]), "leads out"),
        (
            links(&[("data/up", ".."), ("data/up2", "up/../..")]),
            "leads out",
        ),
    ] {
        let message = refused(&world, zip).await;
        assert!(message.contains(said), "{message}");
    }
    let left =
        std::fs::read_dir(world.dir.path().join("functions/code")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing of it is kept");
    let inside = links(&[("link", "data/real")]);
    world.make_zip("linked", inside, Settings::default()).await;
    assert_eq!(
        body(&world.invoke("linked", json!({})).await),
        json!("found")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn code_is_kept_once_read_only_and_swept_when_unused() {
    let world = world();
    let code = "def lambda_handler(event, context):\n    try:\n        open('made', 'w')\n    except OSError as error:\n        return error.errno\n";
    let one = world.make("one", code).await;
    let two = world.make("two", code).await;
    assert_eq!(one.definition.code, two.definition.code);
    let store = world.functions.store().clone();
    let files = store.function_files(&one.definition.code.sha256);
    let mode = std::fs::metadata(&files)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o222, 0, "{mode:o}");
    let (functions, root) = (&world.functions, &world.root);
    functions
        .delete_function(root, "one", None)
        .expect("removed");
    world.turn(3700);
    assert_eq!(
        store.sweep_function_code().expect("swept"),
        0,
        "two uses it"
    );
    functions
        .delete_function(root, "two", None)
        .expect("removed");
    assert_eq!(store.sweep_function_code().expect("swept"), 1);
    assert!(!files.exists());
    world.make("again", code).await;
    assert!(files.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn code_comes_from_a_bucket() {
    let world = world();
    let zip = zipped(&[(
        "lambda_function.py",
        "def lambda_handler(e, c):\n    return 7\n",
    )]);
    world
        .kept
        .objects
        .lock()
        .unwrap()
        .insert("code/f.zip".to_owned(), zip);
    let source = |key: &str| CodeSource::Object {
        bucket: "code".to_owned(),
        key: key.to_owned(),
        version: None,
    };
    let new = |key| NewFunction {
        code: source(key),
        ..new_function("f", Bytes::new(), Settings::default())
    };
    let missing = world
        .functions
        .create_function(&world.root, new("none.zip"))
        .await;
    assert_eq!(fault(missing), WRONG);
    world
        .functions
        .create_function(&world.root, new("f.zip"))
        .await
        .expect("made");
    assert_eq!(body(&world.invoke("f", json!({})).await), json!(7));
}
