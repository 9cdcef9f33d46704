//! Users as the API shows them.

use serde_json::{Value, json};

use super::{COUNTRY, View, images};
use crate::sandbox::world::User;
use crate::sandbox::world::draw::{fold, mix};
use crate::sandbox::world::ids::base62;

impl View<'_> {
    /// Who added an entry: an id and no name.
    pub(super) fn user_reference(&self, id: &str) -> Value {
        json!({
            "external_urls": { "spotify": format!("https://open.spotify.com/user/{id}") },
            "href": self.href(&format!("/users/{id}")),
            "id": id,
            "type": "user",
            "uri": format!("spotify:user:{id}"),
        })
    }

    /// The owner of a playlist.
    pub(super) fn simple_user(&self, user: &User) -> Value {
        let mut value = json!({ "display_name": user.display_name });
        super::music::merge(&mut value, self.user_reference(&user.id));
        value
    }

    /// A user's public profile.
    pub(in crate::sandbox) fn user(&self, user: &User) -> Value {
        let mut value = self.simple_user(user);
        value["followers"] = json!({ "href": null, "total": user.followers });
        value["images"] = if fold(&user.id).is_multiple_of(3) {
            json!([])
        } else {
            images(fold(&user.id))
        };
        value
    }

    /// The profile of who calls, with what the scopes open.
    pub(in crate::sandbox) fn own_profile(&self) -> Value {
        let user = self.world.user_named(self.me());
        let mut value = self.user(&user);
        let account = mix(fold(&user.id) ^ self.world.seed.0);
        value["account_id"] = json!(base62(u128::from(account) << 60 | u128::from(mix(account))));
        if self.has_scope("user-read-private") {
            value["country"] = json!(COUNTRY);
            value["explicit_content"] = json!({ "filter_enabled": false, "filter_locked": false });
            value["product"] = json!("premium");
        }
        if self.has_scope("user-read-email") {
            value["email"] = json!(format!("{}@example.com", user.id));
        }
        value
    }
}
