//! Functions, versions, aliases, layers, tags: the rows.

use super::*;

const CODE: &str = "def lambda_handler(event, context):\n    return 1\n";
const OTHER: &str = "def lambda_handler(event, context):\n    return 2\n";

fn zip(code: &str) -> Bytes {
    zipped(&[("lambda_function.py", code)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_made_read_changed_and_removed() {
    let world = world();
    let (functions, root) = (&world.functions, &world.root);
    let made = world.make("one", CODE).await;
    assert_eq!(
        (made.version.as_str(), made.last_modified().as_str()),
        ("$LATEST", "2026-11-21T10:00:00.000+0000")
    );
    assert_eq!(made.definition.code.sha256_base64().len(), 44);
    assert_eq!(
        functions.code_zip(root, "one", None).expect("read"),
        zip(CODE)
    );
    let taken = functions
        .create_function(root, new_function("one", zip(CODE), Settings::default()))
        .await;
    assert_eq!(fault(taken), TAKEN);

    let settings = Settings {
        timeout_seconds: Some(900),
        description: Some("d".to_owned()),
        ..Settings::default()
    };
    let first = made.definition.revision.clone();
    let changed = functions
        .update_configuration(root, "one", settings.clone(), Some(&first))
        .await
        .expect("changed");
    assert_eq!(changed.definition.timeout_seconds, 900);
    assert_ne!(changed.definition.revision, first);
    assert_eq!(changed.definition.update, UpdateStatus::Successful);
    assert_eq!(
        fault(
            functions
                .update_configuration(root, "one", settings, Some(&first))
                .await
        ),
        STALE
    );
    assert_eq!(body(&world.invoke("one", json!({})).await), json!(1));
    let update = CodeUpdate {
        code: CodeSource::Zip(zip(OTHER)),
        architecture: None,
        publish: false,
        dry_run: true,
        revision: None,
    };
    functions
        .update_code(root, "one", update.clone())
        .await
        .expect("would do");
    assert_eq!(body(&world.invoke("one", json!({})).await), json!(1));
    let update = CodeUpdate {
        dry_run: false,
        ..update
    };
    functions
        .update_code(root, "one", update)
        .await
        .expect("changed");
    assert_eq!(body(&world.invoke("one", json!({})).await), json!(2));

    for name in ["two", "three"] {
        world.make(name, CODE).await;
    }
    let page = PageRequest {
        max_items: Some(2),
        marker: None,
    };
    let page = functions
        .list_functions(root, false, &page)
        .expect("listed");
    let names: Vec<&str> = page.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["one", "three"]);
    let next = PageRequest {
        marker: page.marker,
        max_items: None,
    };
    let rest = functions
        .list_functions(root, false, &next)
        .expect("listed");
    assert_eq!((rest.items.len(), rest.marker), (1, None));
    functions
        .delete_function(root, "one", None)
        .expect("removed");
    assert_eq!(fault(functions.get_configuration(root, "one", None)), GONE);
    assert_eq!(fault(functions.delete_function(root, "one", None)), GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_does_not_take_is_refused_in_its_words() {
    let world = world();
    let refused = |settings: Settings| {
        let new = new_function("f", zip(CODE), settings);
        world.functions.create_function(&world.root, new)
    };
    let environment = |name: &str, value: String| Settings {
        environment: Some(BTreeMap::from([(name.to_owned(), value)])),
        ..Settings::default()
    };
    let with = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        settings
    };
    for (settings, said) in [
        (
            with(|s| s.timeout_seconds = Some(901)),
            "Value '901' at 'timeout'",
        ),
        (
            with(|s| s.memory_mb = Some(127)),
            "Value '127' at 'memorySize'",
        ),
        (
            with(|s| s.handler = Some("a b".to_owned())),
            "Value 'a b' at 'handler'",
        ),
        (
            with(|s| s.runtime = Some("cobol".to_owned())),
            "Value cobol at 'runtime'",
        ),
        (
            with(|s| s.role = Some("arn:aws:iam::123456789012:role/nobody".to_owned())),
            "cannot be assumed by Lambda",
        ),
        (
            with(|s| {
                s.layers = Some(vec![
                    "arn:aws:lambda:us-east-1:123456789012:layer:x:1".to_owned(),
                ]);
            }),
            "does not exist",
        ),
        (
            environment("AWS_REGION", "x".to_owned()),
            "Reserved keys used in this request: AWS_REGION",
        ),
        (
            environment("big", "x".repeat(4097)),
            "exceeded the 4KB limit.",
        ),
    ] {
        let error = refused(settings).await.expect_err("refused");
        assert!(error.message().contains(said), "{error}");
        assert_eq!(
            error.code(),
            Some("InvalidParameterValueException"),
            "{error}"
        );
    }
    let java = Settings {
        runtime: Some("java21".to_owned()),
        ..Settings::default()
    };
    let error = refused(java).await.expect_err("refused");
    assert_eq!(
        (error.kind(), error.message()),
        (
            ErrorKind::Unsupported,
            "the runtime java21 is not implemented"
        )
    );
    for name in ["", "a b", "a:b", &"x".repeat(65)] {
        let new = new_function(name, zip(CODE), Settings::default());
        assert_eq!(
            fault(world.functions.create_function(&world.root, new).await),
            WRONG,
            "{name}"
        );
    }
    // An interpreter that is not there is said by the state.
    let settings = Settings {
        runtime: Some("python3.15".to_owned()),
        ..Settings::default()
    };
    let made = world.make_with("future", CODE, settings).await;
    if made.definition.state == State::Failed {
        let reason = made.definition.state_reason.expect("a reason");
        assert_eq!(reason.code, "InvalidRuntime");
        assert!(
            reason.message.contains("no Python 3.15"),
            "{}",
            reason.message
        );
        let asked = world
            .functions
            .invoke(&world.root, request("future", &json!({})))
            .await;
        assert_eq!(fault(asked), TAKEN);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_stay_and_aliases_point() {
    let world = world();
    let (functions, root) = (&world.functions, &world.root);
    world.make("f", CODE).await;
    let publish = || functions.publish_version(root, "f", None, None, None);
    let first = publish().expect("published");
    assert_eq!(first.version, "1");
    assert!(first.arn.ends_with(":function:f:1"), "{}", first.arn);
    assert_eq!(
        publish().expect("the same").version,
        "1",
        "nothing has changed"
    );
    assert_eq!(
        fault(functions.publish_version(root, "f", None, Some("x"), None)),
        WRONG
    );
    let update = CodeUpdate {
        code: CodeSource::Zip(zip(OTHER)),
        architecture: None,
        publish: true,
        dry_run: false,
        revision: None,
    };
    let second = functions
        .update_code(root, "f", update)
        .await
        .expect("changed");
    assert_eq!(second.version, "2");
    assert_eq!(body(&world.invoke("f:1", json!({})).await), json!(1));
    assert_eq!(body(&world.invoke("f:2", json!({})).await), json!(2));

    let new = NewAlias {
        name: "live".to_owned(),
        version: Some("1".to_owned()),
        ..NewAlias::default()
    };
    let alias = functions
        .create_alias(root, "f", new.clone())
        .expect("made");
    assert_eq!(
        (alias.version.as_str(), alias.arn.as_str()),
        ("1", "arn:aws:lambda:us-east-1:123456789012:function:f:live")
    );
    assert_eq!(fault(functions.create_alias(root, "f", new.clone())), TAKEN);
    let invoked = world.invoke("f:live", json!({})).await;
    assert_eq!(
        (body(&invoked), invoked.version.as_deref()),
        (json!(1), Some("1"))
    );
    assert_eq!(
        fault(functions.delete_function(root, "f", Some("1"))),
        TAKEN
    );
    let all = NewAlias {
        weights: Some(BTreeMap::from([("2".to_owned(), 1.0)])),
        version: None,
        ..new.clone()
    };
    functions
        .update_alias(root, "f", all, Some(&alias.revision))
        .expect("changed");
    assert_eq!(
        body(&world.invoke("f:live", json!({})).await),
        json!(2),
        "all of it goes to 2"
    );
    let to = |version: &str| NewAlias {
        version: Some(version.to_owned()),
        ..new.clone()
    };
    assert_eq!(
        fault(functions.update_alias(root, "f", to("2"), Some(&alias.revision))),
        STALE
    );
    assert_eq!(
        fault(functions.update_alias(root, "f", to("9"), None)),
        GONE
    );
    let listed = functions
        .list_versions(root, "f", &PageRequest::default())
        .expect("listed");
    let names: Vec<&str> = listed
        .items
        .iter()
        .map(|item| item.version.as_str())
        .collect();
    assert_eq!(names, ["$LATEST", "1", "2"]);
    let aliases = functions
        .list_aliases(root, "f", Some("1"), &PageRequest::default())
        .expect("listed");
    assert_eq!(aliases.items.len(), 1);
    functions.delete_alias(root, "f", "live").expect("removed");
    functions
        .delete_function(root, "f", Some("1"))
        .expect("removed");
    assert_eq!(
        fault(functions.invoke(root, request("f:1", &json!({}))).await),
        GONE
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_are_laid_over_one_another() {
    let world = world();
    let (functions, root) = (&world.functions, &world.root);
    let layer = |files: &[(&str, &str)]| NewLayer {
        name: "shared".to_owned(),
        content: CodeSource::Zip(zipped(files)),
        description: "d".to_owned(),
        runtimes: vec!["python3.8".to_owned()],
        architectures: Vec::new(),
        license: None,
    };
    let lower = layer(&[
        ("python/shared/__init__.py", ""),
        ("python/shared/a.py", "v = 'a'"),
        ("python/shared/b.py", "v = 'low'"),
    ]);
    let upper = NewLayer {
        name: "upper".to_owned(),
        ..layer(&[("python/shared/b.py", "v = 'high'"), ("data.txt", "x")])
    };
    let lower = functions
        .publish_layer(root, lower)
        .await
        .expect("published");
    let upper = functions
        .publish_layer(root, upper)
        .await
        .expect("published");
    assert_eq!(
        (lower.version, lower.version_arn.as_str()),
        (1, "arn:aws:lambda:us-east-1:123456789012:layer:shared:1")
    );
    let code =
        "from shared import a, b\ndef lambda_handler(event, context):\n    return [a.v, b.v]\n";
    let settings = Settings {
        layers: Some(vec![lower.version_arn.clone(), upper.version_arn.clone()]),
        ..Settings::default()
    };
    world.make_with("uses", code, settings).await;
    // A layer that is gone goes on where it is used.
    functions.delete_layer(root, "shared", 1).expect("removed");
    assert_eq!(fault(functions.get_layer(root, "shared", 1)), GONE);
    let said = world.invoke("uses", json!({})).await;
    assert_eq!(body(&said), json!(["a", "high"]), "{}", tail(&said));
    let again = functions
        .publish_layer(root, layer(&[("python/x.py", "")]))
        .await
        .expect("published");
    assert_eq!(again.version, 2, "a number is not given twice");
    assert_eq!(
        functions
            .get_layer_by_arn(root, &upper.version_arn)
            .expect("read")
            .name,
        "upper"
    );
    let listed = functions
        .list_layers(root, &LayerFilter::default(), &PageRequest::default())
        .expect("listed");
    assert_eq!(listed.items.len(), 2);
    let listed = functions
        .list_layer_versions(
            root,
            "shared",
            &LayerFilter::default(),
            &PageRequest::default(),
        )
        .expect("listed");
    assert_eq!(listed.items[0].version, 2);
    let wanted = LayerFilter {
        runtime: Some("python3.12".to_owned()),
        architecture: None,
    };
    let page = PageRequest::default();
    let found = functions.list_layer_versions(root, "shared", &wanted, &page);
    assert_eq!(found.expect("listed").items, []);
    let newer = NewLayer {
        runtimes: vec!["python3.12".to_owned()],
        ..layer(&[("python/y.py", "")])
    };
    functions
        .publish_layer(root, newer)
        .await
        .expect("published");
    let newest = layer(&[("python/z.py", "")]);
    functions
        .publish_layer(root, newest)
        .await
        .expect("published");
    let found = functions.list_layers(root, &wanted, &page).expect("listed");
    let found: Vec<_> = found.items.iter().map(|layer| layer.version).collect();
    assert_eq!(found, [3], "the newest that is for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_code_holds_ten_minutes() {
    let world = world();
    world.make("f", CODE).await;
    let (functions, root) = (&world.functions, &world.root);
    let word = functions.link_code(root, "f", None).expect("linked");
    let path = functions.linked_zip(&word).expect("found");
    let zip = functions.code_zip(root, "f", None).expect("read");
    assert_eq!(std::fs::read(path).expect("there"), zip);
    assert_eq!(fault(functions.linked_zip("0")), DENIED);
    assert_eq!(fault(functions.link_code(root, "g", None)), GONE);
    world.turn(601);
    assert_eq!(fault(functions.linked_zip(&word)), DENIED);
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_set_and_removed() {
    let world = world();
    let arn = world.make("f", CODE).await.arn;
    let (functions, root) = (&world.functions, &world.root);
    let tags = Tags::from([
        ("a".to_owned(), "1".to_owned()),
        ("b".to_owned(), "2".to_owned()),
    ]);
    functions.tag(root, &arn, tags).expect("set");
    functions
        .untag(root, &arn, &["a".to_owned()])
        .expect("removed");
    let left = functions.list_tags(root, &arn).expect("read");
    assert_eq!(left, Tags::from([("b".to_owned(), "2".to_owned())]));
    let reserved = Tags::from([("aws:x".to_owned(), String::new())]);
    assert_eq!(fault(functions.tag(root, &arn, reserved)), WRONG);
    assert_eq!(fault(functions.list_tags(root, "f")), WRONG);
}
