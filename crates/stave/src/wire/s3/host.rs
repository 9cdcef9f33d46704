//! Virtual hosts: `bucket.localhost` names a bucket, any other host none.

use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

/// The base domains below which a host names a bucket.
#[derive(Debug, Clone)]
pub(super) struct Hosts {
    /// The longest first, so that `b.s3.localhost` is a bucket of `s3.localhost`.
    domains: Vec<String>,
}

impl Hosts {
    /// Hosts below `domains`.
    pub(super) fn new(domains: &[String]) -> Self {
        let mut domains: Vec<String> = domains
            .iter()
            .map(|domain| domain.trim_matches('.').to_ascii_lowercase())
            .filter(|domain| !domain.is_empty())
            .collect();
        domains.sort_by_key(|domain| std::cmp::Reverse(domain.len()));
        Self { domains }
    }

    /// The bucket that `host` (with or without a port) names.
    pub(super) fn bucket<'a>(&self, host: &'a str) -> Option<&'a str> {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        let lower = name.to_ascii_lowercase();
        for domain in &self.domains {
            if lower == *domain {
                return None;
            }
            let below = lower.strip_suffix(domain.as_str());
            let bucket = below.and_then(|below| below.strip_suffix('.'));
            if let Some(bucket) = bucket.filter(|bucket| !bucket.is_empty()) {
                return name.get(..bucket.len());
            }
        }
        None
    }
}

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let plain = VirtualHost::new(host);
        Ok(match self.bucket(host) {
            Some(bucket) => plain.with_bucket(bucket.to_ascii_lowercase()),
            None => plain,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_buckets_below_the_domains() {
        let domains = ["localhost", "s3.localhost", "s3.localhost.localstack.cloud"];
        let hosts = Hosts::new(&domains.map(str::to_owned));
        for (host, expected) in [
            ("localhost:4566", None),
            ("s3.localhost", None),
            ("lake.localhost:4566", Some("lake")),
            ("lake.s3.localhost", Some("lake")),
            ("a.b.localhost:80", Some("a.b")),
            ("Lake.LOCALHOST", Some("Lake")),
            ("lake.s3.localhost.localstack.cloud:1", Some("lake")),
            ("127.0.0.1:4566", None),
            ("example.com", None),
            ("notlocalhost", None),
            (".localhost", None),
        ] {
            assert_eq!(hosts.bucket(host), expected, "{host}");
        }
    }
}
