//! `PostObject`: a form of a browser becomes an object.

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use s3s::{Body, S3Result};
use stave_core::iam::Context;
use stave_core::sigv4::{CLOCK_SKEW_SECONDS, MAX_EXPIRES_SECONDS, Refusal, Scope, SigningKey};
use stave_core::{Caller, Error, Result};
use stave_services::iam::KnownKey;
use stave_services::{Buckets, Iam};
use stave_store::{
    ChecksumAlgorithm, ContentHeaders, CreatedBy, ExpectedBody, PutBody, WriteOptions,
};

use super::authenticate::{anonymous, parse_date, request_keys};
use super::convert::{bucket, key};
use super::door::{Origin, base_of};
use super::errors::{from_refusal, from_service, invalid_argument, not_implemented, s3_error};
use super::form::Form;
use super::post_policy::PostPolicy;
use super::version_2::{is_signed, known_key};
use super::write::content_type;

/// Fields that are refused, as their headers are.
const REFUSED: [&str; 4] = [
    "x-amz-server-side-encryption-",
    "x-amz-object-lock-",
    "x-amz-website-redirect-location",
    "tagging",
];

/// What a form is answered with.
pub(super) struct Poster<'a> {
    pub(super) iam: &'a Iam,
    pub(super) buckets: &'a Buckets,
    pub(super) region: &'a str,
}

impl Poster<'_> {
    /// Writes the file of a form into the bucket `name`.
    pub(super) async fn post(
        &self,
        parts: &Parts,
        name: &str,
        body: Body,
        origin: &Origin,
    ) -> S3Result<Response<Body>> {
        let bucket = bucket(name)?;
        let header = parts.headers.get("content-type");
        let header = header.and_then(|value| value.to_str().ok());
        let form = Form::read(header.unwrap_or_default(), body).await?;
        let now = self.buckets.now();
        let keys =
            request_keys(&parts.headers, origin, self.iam.account()).with("s3:authType", "POST");
        let policy = form.field("policy").map(PostPolicy::read).transpose()?;
        let caller = match &policy {
            None => anonymous(self.iam.account(), &keys.at(now)),
            Some(_) => self.signer(&form, now)?.with_keys(&keys.at(now)),
        };
        if let Some(policy) = &policy {
            policy.check(&form, name, now)?;
        }
        check_fields(&form)?;
        let key = form
            .field("key")
            .ok_or_else(|| invalid_argument("Bucket POST must contain a field named 'key'."))?;
        let key = key_of(key, &form.file_name)?;
        let options = options(&form);
        let answer = Answer::new(&form, origin.is_tls);
        let (least, most) = policy.map_or((0, u64::MAX), |policy| policy.length());
        let body = PutBody::Stream(measured(form.file, least, most));
        let written = self
            .buckets
            .write(&caller, &bucket, &key, body, options)
            .await;
        let details = written.map_err(from_service)?;
        let etag = details.info.etag.unwrap_or_default();
        answer.write(parts, name, key.as_str(), &etag)
    }

    /// Who has signed the form's policy. Blocking, for no longer than a look at the database.
    fn signer(&self, form: &Form, now: Timestamp) -> S3Result<Caller> {
        let field = |name: &str| {
            form.field(name).ok_or_else(|| {
                invalid_argument(format!("Bucket POST must contain a field named '{name}'."))
            })
        };
        let token = form.field("x-amz-security-token");
        let text = form.field("policy").unwrap_or_default();
        if let (None, Some(signature)) = (form.field("x-amz-signature"), form.field("signature")) {
            let key = known_key(self.iam, field("awsaccesskeyid")?, token)?;
            return self.signed_by(&key, is_signed(key.secret(), text.as_bytes(), signature));
        }
        if field("x-amz-algorithm")? != stave_core::sigv4::ALGORITHM {
            return Err(from_refusal(&Refusal::Mechanism));
        }
        let (date, signature) = (field("x-amz-date")?, field("x-amz-signature")?);
        let (id, scope) = self.credential(field("x-amz-credential")?, date)?;
        let at =
            parse_date(date).ok_or_else(|| from_refusal(&Refusal::Date(Some(date.to_owned()))))?;
        let age = now.as_second() - at.as_second();
        if age < -CLOCK_SKEW_SECONDS {
            return Err(from_refusal(&Refusal::NotYetValid));
        }
        if age > MAX_EXPIRES_SECONDS {
            return Err(from_refusal(&Refusal::Expired));
        }
        let key = known_key(self.iam, id, token)?;
        let signing = SigningKey::derive(key.secret(), &scope);
        self.signed_by(&key, signing.verify(text.as_bytes(), signature))
    }

    fn signed_by(&self, key: &KnownKey, is_right: bool) -> S3Result<Caller> {
        if !is_right {
            return Err(from_refusal(&Refusal::Mismatch));
        }
        if let Some(used) = self.iam.use_of(key, "s3", self.region) {
            // When a key was last used may be lost.
            let _ = self.iam.note_use(&used);
        }
        Ok(key.clone().into_caller(&Context::new()))
    }

    /// `AKIA…/20151229/us-east-1/s3/aws4_request`.
    fn credential<'a>(&self, text: &'a str, date: &str) -> S3Result<(&'a str, Scope)> {
        let malformed = || {
            s3_error(
                "AuthorizationQueryParametersError",
                400,
                format!(
                    "The field X-Amz-Credential is not <key>/{}/{}/s3/aws4_request",
                    date.get(..8).unwrap_or("yyyymmdd"),
                    self.region
                ),
            )
        };
        let parts: Vec<&str> = text.split('/').collect();
        let [id, day, region, "s3", "aws4_request"] = parts[..] else {
            return Err(malformed());
        };
        if date.get(..8) != Some(day) || region != self.region {
            return Err(malformed());
        }
        let scope = Scope {
            date: day.to_owned(),
            region: region.to_owned(),
            service: "s3".to_owned(),
        };
        Ok((id, scope))
    }
}

fn check_fields(form: &Form) -> S3Result<()> {
    for (name, value) in form.fields() {
        if REFUSED.iter().any(|start| name.starts_with(start)) {
            return Err(not_implemented(&format!("The form field {name}")));
        }
        let accepted: &[&str] = match name.as_str() {
            "acl" | "x-amz-acl" => &["private", "bucket-owner-full-control"],
            "x-amz-server-side-encryption" => &["AES256"],
            _ => continue,
        };
        if !accepted.contains(&value.as_str()) {
            return Err(not_implemented(&format!(
                "The form field {name} with this value"
            )));
        }
    }
    Ok(())
}

/// The key, in which `${filename}` stands for the last part of the file's name.
fn key_of(key_field: &str, file_name: &str) -> S3Result<stave_core::ObjectKey> {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    key(&key_field.replace("${filename}", name))
}

fn options(form: &Form) -> WriteOptions {
    let text = |name: &str| form.field(name).map(str::to_owned);
    let metadata = form.fields().iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("x-amz-meta-")?;
        Some((name.to_owned(), value.clone()))
    });
    WriteOptions {
        content_type: Some(content_type(form.field("content-type"))),
        headers: ContentHeaders {
            cache_control: text("cache-control"),
            content_disposition: text("content-disposition"),
            content_encoding: text("content-encoding"),
            content_language: text("content-language"),
            expires: text("expires"),
        },
        user_metadata: metadata.collect(),
        storage_class: text("x-amz-storage-class"),
        expected: ExpectedBody {
            algorithm: Some(ChecksumAlgorithm::Crc64Nvme),
            ..ExpectedBody::default()
        },
        by: CreatedBy::Post,
        ..WriteOptions::default()
    }
}

/// The file, as long as it has no more bytes than `most`, and no fewer than `least`.
fn measured(
    file: BoxStream<'static, Result<Bytes>>,
    least: u64,
    most: u64,
) -> BoxStream<'static, Result<Bytes>> {
    stream::try_unfold((file, 0), move |(mut file, size)| async move {
        let Some(bytes) = file.next().await.transpose()? else {
            if size < least {
                return Err(Error::invalid(
                    "Your proposed upload is smaller than the minimum allowed size",
                )
                .coded("EntityTooSmall"));
            }
            return Ok(None);
        };
        let size = size + bytes.len() as u64;
        if size > most {
            return Err(
                Error::invalid("Your proposed upload exceeds the maximum allowed size")
                    .coded("EntityTooLarge"),
            );
        }
        Ok(Some((bytes, (file, size))))
    })
    .boxed()
}

/// How the form wants to be answered.
struct Answer {
    status: StatusCode,
    redirect: Option<String>,
    is_tls: bool,
}

impl Answer {
    fn new(form: &Form, is_tls: bool) -> Self {
        let redirect = form.field("success_action_redirect");
        let redirect = redirect.or_else(|| form.field("redirect"));
        // What is no address is ignored, as in S3.
        let redirect = redirect.filter(|to| {
            let uri = to.parse::<http::Uri>();
            uri.is_ok_and(|uri| uri.scheme().is_some() && uri.authority().is_some())
        });
        Self {
            status: match form.field("success_action_status") {
                Some("200") => StatusCode::OK,
                Some("201") => StatusCode::CREATED,
                _ => StatusCode::NO_CONTENT,
            },
            redirect: redirect.map(str::to_owned),
            is_tls,
        }
    }

    fn write(self, parts: &Parts, bucket: &str, key: &str, etag: &str) -> S3Result<Response<Body>> {
        let url_of =
            |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        let location = format!("{}/{bucket}/{}", base_of(parts, self.is_tls), url_of(key));
        let mut response = Response::new(Body::empty());
        let target = if let Some(to) = &self.redirect {
            *response.status_mut() = StatusCode::SEE_OTHER;
            let separator = if to.contains('?') { '&' } else { '?' };
            format!(
                "{to}{separator}bucket={}&key={}&etag={}",
                url_of(bucket),
                url_of(key),
                url_of(&format!("\"{etag}\""))
            )
        } else {
            *response.status_mut() = self.status;
            location.clone()
        };
        if self.redirect.is_none() && self.status == StatusCode::CREATED {
            let escape = |text: &str| quick_xml::escape::escape(text).into_owned();
            *response.body_mut() = Body::from(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><PostResponse><Location>{}</Location>\
                 <Bucket>{}</Bucket><Key>{}</Key><ETag>&quot;{etag}&quot;</ETag></PostResponse>",
                escape(&location),
                escape(bucket),
                escape(key)
            ));
            let xml = HeaderValue::from_static("application/xml");
            response.headers_mut().insert("content-type", xml);
        }
        for (name, value) in [("location", target), ("etag", format!("\"{etag}\""))] {
            let value = HeaderValue::from_str(&value)
                .map_err(|_| invalid_argument("The address to redirect to is no header value"))?;
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }
}
