//! Any sequence of deeds leaves what a naive model says.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::objects::{VersionListRequest, VersionPage, Versioning};

#[derive(Debug, Clone)]
enum Deed {
    Write(usize, u8),
    Delete(usize),
    /// Of the key's versions, newest first, that one.
    DeleteVersion(usize, usize),
    Drop(usize, u8),
    Version(bool),
}

const KEYS: [&str; 7] = ["a", "a/b", "a/b/c", "a-b", "b/", "b/é", "c"];

/// Per key, newest first: the version's id and text, none for a marker.
type Model = BTreeMap<&'static str, Vec<(String, Option<String>)>>;

fn deed() -> impl Strategy<Value = Deed> {
    let key = 0..KEYS.len();
    prop_oneof![
        4 => (key.clone(), any::<u8>()).prop_map(|(key, text)| Deed::Write(key, text)),
        2 => key.clone().prop_map(Deed::Delete),
        2 => (key.clone(), 0..4_usize).prop_map(|(key, at)| Deed::DeleteVersion(key, at)),
        1 => (key, any::<u8>()).prop_map(|(key, text)| Deed::Drop(key, text)),
        1 => any::<bool>().prop_map(Deed::Version),
    ]
}

fn replace_null(versions: &mut Vec<(String, Option<String>)>, text: Option<String>) {
    versions.retain(|(id, _)| id != "null");
    versions.insert(0, ("null".to_owned(), text));
}

async fn perform(all: &Fixture, model: &mut Model, enabled: &mut bool, deed: Deed) {
    match deed {
        Deed::Write(at, text) => {
            let text = text.to_string();
            let id = all.write(KEYS[at], &text).await.version_id.expect("an id");
            let versions = model.entry(KEYS[at]).or_default();
            if *enabled {
                versions.insert(0, (id, Some(text)));
            } else {
                replace_null(versions, Some(text));
            }
        }
        Deed::Delete(at) => {
            let id = all.remove(KEYS[at], None).await.0.expect("an id");
            let versions = model.entry(KEYS[at]).or_default();
            if *enabled {
                versions.insert(0, (id, None));
            } else {
                replace_null(versions, None);
            }
        }
        Deed::DeleteVersion(at, which) => {
            let versions = model.entry(KEYS[at]).or_default();
            if which < versions.len() {
                let (id, _) = versions.remove(which);
                all.remove(KEYS[at], Some(&id)).await;
            }
        }
        Deed::Drop(at, text) => {
            // By hand where no object is: over one, its bytes would be lost.
            let versions = model.entry(KEYS[at]).or_default();
            let current = versions.first().is_some_and(|(_, text)| text.is_some());
            let path = all.file(KEYS[at]);
            if current || KEYS[at].ends_with('/') || path.exists() {
                return;
            }
            let made = fs::create_dir_all(path.parent().expect("a folder"));
            if made.is_ok() && fs::write(path, text.to_string()).is_ok() {
                replace_null(versions, Some(text.to_string()));
                // What is aside under the same id is replaced when the next version comes.
                all.version_text(KEYS[at], None).await;
                all.write(KEYS[at], "over").await;
                versions.insert(0, (String::new(), None));
                let listed = all.listed().await;
                let newest = listed.iter().find(|one| one.key.as_str() == KEYS[at]);
                let id = newest.expect("there").version_id.clone();
                versions.remove(0);
                if *enabled {
                    versions.insert(0, (id, Some("over".to_owned())));
                } else {
                    replace_null(versions, Some("over".to_owned()));
                }
            }
        }
        Deed::Version(on) => {
            *enabled = on;
            all.version(if on {
                Versioning::Enabled
            } else {
                Versioning::Suspended
            });
        }
    }
}

/// What a list of versions answers, by definition.
fn expected(model: &Model, request: &VersionListRequest) -> (Vec<(String, String)>, Vec<String>) {
    let (mut versions, mut prefixes) = (Vec::new(), Vec::new());
    for (key, of_key) in model {
        let Some(rest) = key.strip_prefix(request.prefix.as_str()) else {
            continue;
        };
        if of_key.is_empty() {
            continue;
        }
        let delimiter = request.delimiter.as_deref();
        if let Some(at) = delimiter.and_then(|delimiter| rest.find(delimiter)) {
            prefixes.push(key[..=request.prefix.len() + at].to_owned());
        } else {
            let ids = of_key.iter().map(|(id, _)| ((*key).to_owned(), id.clone()));
            versions.extend(ids);
        }
    }
    prefixes.dedup();
    (versions, prefixes)
}

async fn by_pages(all: &Fixture, mut request: VersionListRequest) -> VersionPage {
    let mut whole = VersionPage::default();
    loop {
        let page = all.buckets.list_versions(&all.bucket, &request).await;
        let page = page.expect("listed");
        assert!(page.versions.len() + page.common_prefixes.len() <= request.max);
        whole.versions.extend(page.versions);
        whole.common_prefixes.extend(page.common_prefixes);
        let Some((key, id)) = page.next else {
            return whole;
        };
        (request.key_marker, request.version_id_marker) = (Some(key), id);
    }
}

async fn check(all: &Fixture, model: &Model) {
    let current: Vec<&str> = model
        .iter()
        .filter(|(_, versions)| versions.first().is_some_and(|(_, text)| text.is_some()))
        .map(|(key, _)| *key)
        .collect();
    assert_eq!(all.keys().await, current);
    for (key, versions) in model {
        for (at, (id, text)) in versions.iter().enumerate() {
            let text = text.as_deref().unwrap_or("†");
            assert_eq!(all.version_text(key, Some(id)).await, text, "{key} {id}");
            if at == 0 {
                assert_eq!(all.version_text(key, None).await, text);
            }
        }
    }
    for prefix in ["", "a", "a/", "b/", "x"] {
        for delimiter in [None, Some("/")] {
            for max in [1, 2, 3, 1000] {
                let request = VersionListRequest {
                    delimiter: delimiter.map(str::to_owned),
                    ..VersionListRequest::all(prefix, max)
                };
                let (versions, prefixes) = expected(model, &request);
                let page = by_pages(all, request).await;
                let latest: Vec<_> = page.versions.iter().filter(|one| one.is_latest).collect();
                for one in latest {
                    assert_eq!(model[one.key.as_str()][0].0, one.version_id);
                }
                let found: Vec<_> = page
                    .versions
                    .iter()
                    .map(|one| (one.key.to_string(), one.version_id.clone()))
                    .collect();
                assert_eq!(found, versions, "{prefix:?} {delimiter:?} by {max}");
                assert_eq!(page.common_prefixes, prefixes);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn versions_are_as_the_model_says(deeds in prop::collection::vec(deed(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let all = fixture();
            all.version(Versioning::Enabled);
            let (mut model, mut enabled) = (Model::new(), true);
            for deed in deeds {
                perform(&all, &mut model, &mut enabled, deed).await;
            }
            check(&all, &model).await;
            all.store.sweep_orphans().expect("swept");
            check(&all, &model).await;
        });
    }
}
