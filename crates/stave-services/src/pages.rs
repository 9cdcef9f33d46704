//! Lists by pages: a page's token says behind which name the next begins.
//!
//! What AWS calls the token, how many a page holds, and what is said of a wrong one is each
//! service's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The token of the page that comes behind `name`.
pub(crate) fn token(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

/// The name that a page comes behind; none where no page gave that token.
pub(crate) fn name_behind(token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()
}

/// Cuts `items`, which are one more than `max` if there is a next page, to a page; the token of
/// the next.
pub(crate) fn cut<T>(
    items: &mut Vec<T>,
    max: usize,
    name: impl Fn(&T) -> String,
) -> Option<String> {
    let more = items.len() > max;
    items.truncate(max);
    let last = items.last().filter(|_| more);
    last.map(|last| token(&name(last)))
}
