//! Cross-origin requests of browsers: whether a bucket's rules let a page of another origin ask.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html>

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response};
use s3s::{Body, S3Error, S3Result};

use super::bucket_settings::{CorsRule, CorsRules, loaded};
use super::errors::s3_error;

/// What a browser says of who asks.
#[derive(Debug, Clone)]
pub(super) struct Crossing {
    origin: String,
    method: String,
    headers: Vec<String>,
    is_preflight: bool,
}

impl Crossing {
    /// What a request from another origin says; none for any other.
    pub(super) fn of(parts: &Parts) -> Option<Self> {
        let text = |name: &str| {
            let value = parts.headers.get(name);
            value
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let origin = text("origin")?;
        let is_preflight = parts.method == Method::OPTIONS;
        let asked = text("access-control-request-headers").unwrap_or_default();
        let names = asked
            .split(',')
            .map(|name| name.trim().to_ascii_lowercase());
        Some(Self {
            origin,
            method: if is_preflight {
                text("access-control-request-method")?
            } else {
                parts.method.to_string()
            },
            headers: names.filter(|name| !name.is_empty()).collect(),
            is_preflight,
        })
    }

    /// The headers by which a bucket's rules let it in; none when they do not.
    pub(super) fn allowed(&self, rules: Option<&str>) -> S3Result<Option<HeaderMap>> {
        let Some(text) = rules else {
            return Ok(None);
        };
        let rules: CorsRules = loaded(text)?;
        let rule = rules.rules.iter().find(|rule| self.matches(rule));
        Ok(rule.map(|rule| self.headers_by(rule)))
    }

    fn matches(&self, rule: &CorsRule) -> bool {
        let origin = rule.allowed_origins.iter();
        let allows = |name: &String| {
            let mut patterns = rule.allowed_headers.iter();
            patterns.any(|pattern| fits(&pattern.to_ascii_lowercase(), name))
        };
        rule.allowed_methods.contains(&self.method)
            && origin.clone().any(|pattern| fits(pattern, &self.origin))
            && self.headers.iter().all(allows)
    }

    fn headers_by(&self, rule: &CorsRule) -> HeaderMap {
        let is_any = rule.allowed_origins.iter().any(|origin| origin == "*");
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        if is_any {
            set("access-control-allow-origin", "*".to_owned());
        } else {
            set("access-control-allow-origin", self.origin.clone());
            set("access-control-allow-credentials", "true".to_owned());
        }
        set(
            "access-control-allow-methods",
            rule.allowed_methods.join(", "),
        );
        if self.is_preflight && !self.headers.is_empty() {
            set("access-control-allow-headers", self.headers.join(", "));
        }
        if let Some(seconds) = rule.max_age_seconds {
            set("access-control-max-age", seconds.to_string());
        }
        if !rule.expose_headers.is_empty() {
            set(
                "access-control-expose-headers",
                rule.expose_headers.join(", "),
            );
        }
        let vary = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";
        set("vary", vary.to_owned());
        headers
    }
}

/// The answer to a preflight.
pub(super) fn preflight(allowed: Option<HeaderMap>, has_rules: bool) -> S3Result<Response<Body>> {
    let Some(headers) = allowed else {
        return Err(forbidden(has_rules));
    };
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = headers;
    Ok(response)
}

fn forbidden(has_rules: bool) -> S3Error {
    let message = if has_rules {
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution \
         of Origin, request method / Access-Control-Request-Method or \
         Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
    } else {
        "CORSResponse: CORS is not enabled for this bucket."
    };
    s3_error("AccessForbidden", 403, message)
}

/// Whether `text` fits a pattern with at most one `*`.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"{"CORSRules": [
        {"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://*.example.com"],
         "AllowedHeaders": ["x-amz-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60},
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}"#;

    fn ask(method: &str, origin: &str, headers: &str) -> Option<HeaderMap> {
        let request = http::Request::builder()
            .method(Method::OPTIONS)
            .header("origin", origin)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", headers);
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let crossing = Crossing::of(&parts).expect("from elsewhere");
        crossing.allowed(Some(RULES)).expect("read")
    }

    #[test]
    fn rules_let_pages_ask() {
        let put = ask("PUT", "https://a.example.com", "X-Amz-Date, x-amz-acl").expect("let");
        assert_eq!(put["access-control-allow-origin"], "https://a.example.com");
        assert_eq!(put["access-control-allow-headers"], "x-amz-date, x-amz-acl");
        assert_eq!(put["access-control-expose-headers"], "ETag");
        assert_eq!(put["access-control-max-age"], "60");
        let get = ask("GET", "https://elsewhere.org", "").expect("let");
        assert_eq!(get["access-control-allow-origin"], "*");
        assert!(ask("PUT", "https://elsewhere.org", "").is_none());
        assert!(ask("PUT", "https://a.example.com", "authorization").is_none());
        assert!(ask("DELETE", "https://a.example.com", "").is_none());
    }
}
