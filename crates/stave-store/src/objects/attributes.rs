//! Content type and user metadata as object_store has them.

use object_store::{Attribute, Attributes};

use super::UserMetadata;

/// In object_store's form.
pub(crate) fn to_attributes(content_type: String, user_metadata: UserMetadata) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, content_type.into());
    for (name, value) in user_metadata {
        attributes.insert(Attribute::Metadata(name.into()), value.into());
    }
    attributes
}

/// What there is of both; other attributes are not kept.
pub(crate) fn from_attributes(attributes: &Attributes) -> (Option<String>, UserMetadata) {
    let mut content_type = None;
    let mut user_metadata = UserMetadata::new();
    for (name, value) in attributes {
        match name {
            Attribute::ContentType => content_type = Some(value.to_string()),
            Attribute::Metadata(name) => {
                user_metadata.insert(name.to_string(), value.to_string());
            }
            _ => {}
        }
    }
    (content_type, user_metadata)
}
