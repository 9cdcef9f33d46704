//! The names of actions, where one request needs several or one of two.

/// What reading an object asks for.
pub(super) const GET: [&str; 2] = ["s3:GetObject", "s3:GetObjectVersion"];
/// What reading the tags of an object asks for.
pub(super) const GET_TAGS: [&str; 2] = ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"];
/// What changing the tags of an object asks for.
pub(super) const PUT_TAGS: [&str; 2] = ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"];
/// What removing the tags of an object asks for.
pub(super) const DELETE_TAGS: [&str; 2] =
    ["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"];
/// What deleting an object asks for.
pub(super) const DELETE: [&str; 2] = ["s3:DeleteObject", "s3:DeleteObjectVersion"];
/// What `GetObjectAttributes` asks for, besides [`GET`].
pub(super) const ATTRIBUTES: [&str; 2] =
    ["s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"];
/// What writing an object asks for.
pub(super) const PUT: &str = "s3:PutObject";

/// The second of the two for who names a version.
pub(super) fn of<'a>(actions: [&'a str; 2], version_id: Option<&str>) -> &'a str {
    actions[usize::from(version_id.is_some())]
}
