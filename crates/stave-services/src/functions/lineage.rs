//! The trace header, and in it how often each function has come to itself.
//!
//! AWS's SDKs hand the header of an invocation on with every request that its function makes
//! (`_X_AMZN_TRACE_ID`, `X-Amzn-Trace-Id`), and what S3 tells of an object carries that of the
//! request which put it. So the chain of invocations is in the header, in its field `Lineage`:
//! eight hexadecimal digits of each function's name with how often it was invoked in the chain,
//! `Lineage=1a2b3c4d:3|5e6f7a8b:2`. A function that comes to itself more often than it may is
//! stopped.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>

use sha2::{Digest as _, Sha256};
use stave_core::{Error, ErrorKind, Result};

use super::Functions;
use super::code::hex;

/// The longest header that is handed on, in bytes.
const MAX_BYTES: usize = 2048;
/// The most functions of one chain that are counted.
const MAX_FUNCTIONS: usize = 32;

/// The header of an invocation of `arn` whose request came with `before`. `root` and `parent` are
/// for a chain that begins; a chain of more than `max` rounds is refused.
fn advance(
    before: Option<&str>,
    arn: &str,
    max: u32,
    new_root: &str,
    parent: &str,
) -> Result<String> {
    let before = before.filter(|header| header.len() <= MAX_BYTES && header.is_ascii());
    let field = |name: &str| {
        let mut fields = before.unwrap_or_default().split(';').map(str::trim);
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    };
    let own = hex(&Sha256::digest(arn.as_bytes())[..4]);
    let mut chain: Vec<(String, u32)> = field("Lineage")
        .unwrap_or_default()
        .split('|')
        .filter_map(|link| {
            let (hash, count) = link.split_once(':')?;
            Some((hash.to_owned(), count.parse().ok()?))
        })
        .take(MAX_FUNCTIONS)
        .collect();
    let mut rounds = 1;
    if let Some((_, count)) = chain.iter_mut().find(|(hash, _)| *hash == own) {
        *count = count.saturating_add(1);
        rounds = *count;
    } else {
        chain.push((own, rounds));
    }
    if rounds > max {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "Lambda has detected {arn} being invoked in a recursive loop with other AWS \
                 resources and stopped it after {max} rounds"
            ),
        )
        .coded("RecursiveInvocationException")
        .hint("a function that puts objects where its own trigger looks starts itself: write to another prefix"));
    }
    let links: Vec<String> = chain
        .iter()
        .map(|(hash, count)| format!("{hash}:{count}"))
        .collect();
    let sampled = field("Sampled")
        .filter(|sampled| *sampled == "1")
        .unwrap_or("0");
    Ok(format!(
        "Root={};Parent={parent};Sampled={sampled};Lineage={}",
        field("Root").unwrap_or(new_root),
        links.join("|")
    ))
}

impl Functions {
    /// The trace header of an invocation of a function whose request came with `before`.
    pub(super) fn advance_lineage(&self, before: Option<&str>, function: &str) -> Result<String> {
        let bits = format!("{:032x}", self.store().function_id());
        let root = format!("1-{:08x}-{}", self.now().as_second(), &bits[..24]);
        let parent = format!("{:032x}", self.store().function_id());
        let (arn, max) = (self.function_arn(function), self.options().max_rounds);
        advance(before, &arn, max, &root, &parent[16..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_counted_and_stopped() {
        let mut header: Option<String> = Some("Root=1-5-a;Parent=b;Sampled=1".to_owned());
        for _ in 0..16 {
            let next = advance(header.as_deref(), "arn:a", 16, "new", "p").expect("goes on");
            let other = advance(Some(&next), "arn:b", 16, "new", "p");
            header = Some(other.expect("goes on"));
        }
        let last = header.expect("there");
        assert!(
            last.starts_with("Root=1-5-a;Parent=p;Sampled=1;Lineage="),
            "{last}"
        );
        assert!(last.contains(":16|"), "{last}");
        let error = advance(Some(&last), "arn:a", 16, "new", "p").expect_err("stopped");
        assert_eq!(error.code(), Some("RecursiveInvocationException"));
        assert!(advance(Some(&last), "arn:c", 16, "new", "p").is_ok());
    }

    #[test]
    fn a_new_chain_has_a_root() {
        let header = advance(None, "arn:a", 16, "1-2-3", "p").expect("made");
        assert!(
            header.starts_with("Root=1-2-3;Parent=p;Sampled=0;Lineage="),
            "{header}"
        );
        assert_eq!(
            advance(Some("nonsense;;=:|"), "arn:a", 16, "1-2-3", "p").expect("made"),
            header
        );
    }
}
