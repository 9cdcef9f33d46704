//! What is asked: who, which action, on what, under which circumstances.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::principal::Principal;

/// A request that policies decide.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// The action: `s3:GetObject`.
    pub action: &'a str,
    /// The ARN of the resource, or `*` for an action without one.
    pub resource: &'a str,
    /// The account that owns the resource (S3's ARNs don't say).
    pub resource_account: &'a str,
    /// The condition keys of the request.
    pub context: &'a Context,
}

impl Request<'_> {
    /// Whether who asks and what is asked for belong to one account.
    pub(super) fn is_same_account(&self) -> bool {
        self.principal.account() == Some(self.resource_account)
    }
}

/// The condition keys of a request: names without case, each with one or more values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// The keys that follow from who asks: `aws:PrincipalArn`, `aws:username`, `aws:userid` …
    pub fn of(principal: &Principal) -> Self {
        let mut context = Self::new();
        for (key, value) in principal.keys() {
            context.set(key, value);
        }
        context
    }

    /// Sets `key` to one value.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_all(key, [value]);
    }

    /// Sets `key` to many values (`aws:TagKeys`).
    pub fn set_all(&mut self, key: &str, values: impl IntoIterator<Item = impl Into<String>>) {
        self.0.insert(
            key.to_lowercase(),
            values.into_iter().map(Into::into).collect(),
        );
    }

    /// The same, to be chained.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.set(key, value);
        self
    }

    /// The same, to be chained.
    pub fn with_all(
        mut self,
        key: &str,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.set_all(key, values);
        self
    }

    /// Sets all keys of `other`.
    pub fn extend(&mut self, other: &Self) {
        let keys = other
            .0
            .iter()
            .map(|(key, values)| (key.clone(), values.clone()));
        self.0.extend(keys);
    }

    /// Sets `aws:CurrentTime` and `aws:EpochTime`.
    pub fn at(self, now: Timestamp) -> Self {
        self.with(
            "aws:CurrentTime",
            now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        )
        .with("aws:EpochTime", now.as_second().to_string())
    }

    /// The values of `key`; none when the request does not have it.
    pub fn values(&self, key: &str) -> Option<&[String]> {
        self.0.get(&key.to_lowercase()).map(Vec::as_slice)
    }

    /// The value of `key` if it has exactly one: only such a key can be a policy variable.
    pub fn single(&self, key: &str) -> Option<&str> {
        match self.values(key) {
            Some([value]) => Some(value),
            _ => None,
        }
    }
}
