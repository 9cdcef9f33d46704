//! What apps of development mode don't get to see, object by object. The table
//! is Spotify's changelog of February 2026, `external_ids` back since March.

use serde_json::{Map, Value};

use crate::sandbox::options::Profile;
use crate::sandbox::world::draw::fold;

/// The members that went, by the `type` of the object.
const REMOVED: [(&str, &[&str]); 7] = [
    ("track", &["available_markets", "linked_from", "popularity"]),
    (
        "album",
        &["album_group", "available_markets", "label", "popularity"],
    ),
    ("artist", &["followers", "popularity"]),
    ("show", &["available_markets", "publisher"]),
    ("audiobook", &["available_markets", "publisher"]),
    ("episode", &["available_markets"]),
    (
        "user",
        &[
            "country",
            "email",
            "explicit_content",
            "followers",
            "product",
        ],
    ),
];

/// Takes away what an app of this class doesn't see, everywhere in an answer.
pub(in crate::sandbox) fn remove(profile: Profile, value: &mut Value) {
    if profile == Profile::Extended {
        return;
    }
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| remove(profile, value)),
        Value::Object(members) => {
            members_of(profile, members);
            members
                .values_mut()
                .for_each(|value| remove(profile, value));
        }
        _ => {}
    }
}

fn members_of(profile: Profile, members: &mut Map<String, Value>) {
    // Since November 2024, for both classes.
    if let Some(preview) = members.get_mut("preview_url") {
        *preview = Value::Null;
    }
    if profile != Profile::DevNew {
        return;
    }
    let Some(Value::String(kind)) = members.get("type").cloned() else {
        return;
    };
    for (of, names) in REMOVED {
        if of == kind {
            members.retain(|name, _| !names.contains(&name.as_str()));
        }
    }
    // Genres of artists are deprecated, and come for some only.
    if kind == "artist"
        && members
            .get("id")
            .and_then(Value::as_str)
            .is_some_and(|id| !fold(id).is_multiple_of(3))
    {
        members.remove("genres");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_go_everywhere_in_an_answer() {
        let full = json!({"items": [{"track": {
            "type": "track", "popularity": 1, "external_ids": {}, "preview_url": "x",
            "album": {"type": "album", "label": "x", "name": "n"},
        }}]});
        let mut new = full.clone();
        remove(Profile::DevNew, &mut new);
        assert_eq!(
            new,
            json!({"items": [{"track": {
                "type": "track", "external_ids": {}, "preview_url": null,
                "album": {"type": "album", "name": "n"},
            }}]})
        );
        let mut old = full.clone();
        remove(Profile::DevOld, &mut old);
        assert_eq!(old["items"][0]["track"]["popularity"], 1);
        assert!(old["items"][0]["track"]["preview_url"].is_null());
        let mut extended = full.clone();
        remove(Profile::Extended, &mut extended);
        assert_eq!(extended, full);
    }
}
