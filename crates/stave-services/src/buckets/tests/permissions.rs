//! Each operation asks for the action and resource that AWS names, and nothing else lets it
//! through.

use futures::future::BoxFuture;
use stave_core::Credential;
use stave_core::iam::{DocumentKind, Grant, Grants, PolicyDocument, Principal};
use stave_store::{
    BucketSetting, CompleteRequest, CopyOptions, CopySource, DeleteRequest, ExpectedBody,
    Publication, PutBody, PutOptions, ReadConditions, ReadOptions, Tags, UploadListRequest,
    UploadOptions, VersionListRequest, Versioning, WriteOptions,
};

use super::*;

const BUCKET: &str = "arn:aws:s3:::lake";
const OBJECT: &str = "arn:aws:s3:::lake/a";

/// A user with one identity policy of `statements`.
pub(super) fn user(statements: &str) -> Caller {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    let document = PolicyDocument::parse(&text, DocumentKind::Identity).expect("a policy");
    let grants = Grants {
        identity: vec![Grant {
            name: "p".to_owned(),
            document: Arc::new(document),
        }],
        ..Grants::default()
    };
    let principal = Principal::User {
        account: stave_core::caller::DEFAULT_ACCOUNT.to_owned(),
        path: "/".to_owned(),
        name: "ann".to_owned(),
        id: "AIDAANNANNANNANNANNA".to_owned(),
    };
    Caller::new(
        stave_core::caller::DEFAULT_ACCOUNT,
        principal,
        grants,
        Credential::LongTerm,
    )
}

fn allow(action: &str, resource: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}"#)
}

fn everything_but(action: &str, resource: &str) -> Caller {
    let all = r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#;
    let deny = format!(r#"{{"Effect": "Deny", "Action": "{action}", "Resource": "{resource}"}}"#);
    user(&format!("{all}, {deny}"))
}

type Operation = for<'a> fn(&'a Buckets, &'a Caller, BucketName) -> BoxFuture<'a, Result<()>>;

/// An operation that says only whether it went well.
macro_rules! operation {
    (|$buckets:ident, $caller:ident, $lake:ident| $call:expr) => {
        (|$buckets, $caller, $lake| {
            Box::pin(async move {
                let _ = &$lake;
                $call.await.map(|_| ())
            })
        }) as Operation
    };
}

fn version(id: &str) -> ReadOptions {
    ReadOptions::version(id)
}

fn source() -> CopySource {
    CopySource {
        bucket: BucketName::new("lake").expect("a name"),
        key: key("a"),
        version_id: None,
        conditions: ReadConditions::default(),
    }
}

fn tags() -> Tags {
    Tags::from([("k".to_owned(), "v".to_owned())])
}

fn tagged() -> WriteOptions {
    WriteOptions {
        tags: tags(),
        ..WriteOptions::default()
    }
}

/// Operations, with each action and resource that they ask for.
#[allow(clippy::too_many_lines)]
fn operations() -> Vec<(Operation, &'static [(&'static str, &'static str)])> {
    vec![
        (
            operation!(|b, c, lake| b.create(c, &BucketName::new("new").expect("a name"))),
            &[("s3:CreateBucket", "arn:aws:s3:::new")],
        ),
        (
            operation!(|b, c, lake| b.remove(c, &lake, false)),
            &[("s3:DeleteBucket", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.list_buckets(c)),
            &[("s3:ListAllMyBuckets", "arn:aws:s3:::*")],
        ),
        (
            operation!(|b, c, lake| b.head_bucket(c, &lake)),
            &[("s3:ListBucket", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.locate(c, &lake)),
            &[("s3:GetBucketLocation", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.list(c, &lake, &ListRequest::all("a"))),
            &[("s3:ListBucket", BUCKET)],
        ),
        (
            operation!(|b, c, lake| async {
                b.pages(c, &lake, ListRequest::all(""))
                    .try_collect::<Vec<_>>()
                    .await
            }),
            &[("s3:ListBucket", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.head(c, &lake, &key("a"))),
            &[("s3:GetObject", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.get(c, &lake, &key("a"), None)),
            &[("s3:GetObject", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.exists(c, &lake, &key("a"))),
            &[("s3:GetObject", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.exists(c, &lake, &key("absent"))),
            &[
                ("s3:GetObject", "arn:aws:s3:::lake/absent"),
                ("s3:ListBucket", BUCKET),
            ],
        ),
        (
            operation!(|b, c, lake| b.open(c, &lake, &key("a"), ReadOptions::default())),
            &[("s3:GetObject", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.open(c, &lake, &key("a"), version("null"))),
            &[("s3:GetObjectVersion", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.describe(c, &lake, &key("a"), version("null"))),
            &[("s3:GetObjectVersion", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.attributes(c, &lake, &key("a"), None)),
            &[("s3:GetObject", OBJECT), ("s3:GetObjectAttributes", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.put(c, &lake, &key("a"), "x".into(), PutOptions::default())),
            &[("s3:PutObject", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.write(c, &lake, &key("a"), "x".into(), tagged())),
            &[("s3:PutObject", OBJECT), ("s3:PutObjectTagging", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.copy(c, (&lake, &key("a")), (&lake, &key("z")))),
            &[
                ("s3:GetObject", OBJECT),
                ("s3:PutObject", "arn:aws:s3:::lake/z"),
            ],
        ),
        (
            operation!(|b, c, lake| b.rename(c, (&lake, &key("a")), (&lake, &key("z")))),
            &[
                ("s3:DeleteObject", OBJECT),
                ("s3:GetObject", OBJECT),
                ("s3:PutObject", "arn:aws:s3:::lake/z"),
            ],
        ),
        (
            operation!(|b, c, lake| b.copy_version(
                c,
                source(),
                &lake,
                &key("z"),
                CopyOptions::default()
            )),
            &[
                ("s3:GetObject", OBJECT),
                ("s3:PutObject", "arn:aws:s3:::lake/z"),
            ],
        ),
        (
            operation!(|b, c, lake| b.delete(c, &lake, &key("a"))),
            &[("s3:DeleteObject", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.delete_version(
                c,
                &lake,
                DeleteRequest::version(key("a"), "null")
            )),
            &[("s3:DeleteObjectVersion", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.create_upload(c, &lake, &key("a"), UploadOptions::default())),
            &[("s3:PutObject", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.list_uploads(
                c,
                &lake,
                &UploadListRequest {
                    prefix: String::new(),
                    delimiter: None,
                    key_marker: None,
                    upload_id_marker: None,
                    max: 10,
                }
            )),
            &[("s3:ListBucketMultipartUploads", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.list_versions(c, &lake, &VersionListRequest::all("", 10))),
            &[("s3:ListBucketVersions", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.versioning(c, &lake)),
            &[("s3:GetBucketVersioning", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.set_versioning(c, &lake, Versioning::Enabled)),
            &[("s3:PutBucketVersioning", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.object_tags(c, &lake, &key("a"), None)),
            &[("s3:GetObjectTagging", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.set_object_tags(c, &lake, &key("a"), None, Some(tags()))),
            &[("s3:PutObjectTagging", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.set_object_tags(c, &lake, &key("a"), None, None)),
            &[("s3:DeleteObjectTagging", OBJECT)],
        ),
        (
            operation!(|b, c, lake| b.bucket_tags(c, &lake)),
            &[("s3:GetBucketTagging", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.set_bucket_tags(c, &lake, tags())),
            &[("s3:PutBucketTagging", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.setting(c, &lake, BucketSetting::Policy)),
            &[("s3:GetBucketPolicy", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.set_setting(c, &lake, BucketSetting::Policy, None)),
            &[("s3:DeleteBucketPolicy", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.set_setting(
                c,
                &lake,
                BucketSetting::Cors,
                Some("{}".to_owned())
            )),
            &[("s3:PutBucketCORS", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.setting(c, &lake, BucketSetting::Notification)),
            &[("s3:GetBucketNotification", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.public_access_block(c, &lake)),
            &[("s3:GetBucketPublicAccessBlock", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.set_public_access_block(c, &lake, None)),
            &[("s3:PutBucketPublicAccessBlock", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.lifecycle(c, &lake)),
            &[("s3:GetLifecycleConfiguration", BUCKET)],
        ),
        (
            operation!(|b, c, lake| b.set_lifecycle(c, &lake, Vec::new())),
            &[("s3:PutLifecycleConfiguration", BUCKET)],
        ),
    ]
}

#[tokio::test]
async fn operations_ask_for_what_aws_names() {
    for (at, (run, asked)) in operations().into_iter().enumerate() {
        let (_dir, buckets, root, lake) = service().await;
        if asked[0].0 == "s3:DeleteBucket" {
            let told = &mut |_: &_| ();
            let emptied = buckets.delete_prefix(&root, &lake, "", told).await;
            emptied.expect("emptied");
        }
        for (action, resource) in asked {
            let without = everything_but(action, resource);
            let outcome = run(&buckets, &without, lake.clone()).await;
            let error = outcome.expect_err("denied");
            assert_eq!(error.kind(), ErrorKind::Denied, "{at}: {action}: {error}");
            assert!(error.message().contains(action), "{at}: {error}");
            assert!(error.message().contains(resource), "{at}: {error}");
        }
        let statements: Vec<_> = asked
            .iter()
            .map(|(action, resource)| allow(action, resource))
            .collect();
        let only = user(&statements.join(", "));
        let outcome = run(&buckets, &only, lake).await;
        assert!(outcome.is_ok(), "{at}: {asked:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn uploads_in_parts_ask_at_each_step() {
    let (_dir, buckets, root, lake) = service().await;
    let key = key("big");
    let object = "arn:aws:s3:::lake/big";
    let begin = || buckets.create_upload(&root, &lake, &key, UploadOptions::default());
    let upload = begin().await.expect("begun").upload_id;
    let denied = everything_but("s3:PutObject", object);
    let body = || PutBody::from("x");
    let expected = ExpectedBody::default;
    let kinds = [
        buckets
            .upload_part(&denied, &lake, &key, &upload, 1, body(), expected())
            .await
            .map(|_| ()),
        buckets
            .upload_part_copy(&denied, source(), None, &lake, &key, &upload, 1)
            .await
            .map(|_| ()),
        buckets
            .upload_part_copy(
                &everything_but("s3:GetObject", OBJECT),
                source(),
                None,
                &lake,
                &key,
                &upload,
                1,
            )
            .await
            .map(|_| ()),
        buckets
            .complete_upload(&denied, &lake, &key, &upload, CompleteRequest::default())
            .await
            .map(|_| ()),
        buckets
            .abort_upload(
                &everything_but("s3:AbortMultipartUpload", object),
                &lake,
                &key,
                &upload,
            )
            .await,
        buckets
            .list_parts(
                &everything_but("s3:ListMultipartUploadParts", object),
                &lake,
                &key,
                &upload,
                0,
                10,
            )
            .await
            .map(|_| ()),
    ];
    for (at, outcome) in kinds.into_iter().enumerate() {
        let error = outcome.expect_err("denied");
        assert_eq!(error.kind(), ErrorKind::Denied, "{at}: {error}");
    }
}

#[tokio::test]
async fn listings_are_asked_about_by_prefix() {
    let (_dir, buckets, _, lake) = service().await;
    let ann = user(
        r#"{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
            "Condition": {"StringLike": {"s3:prefix": "b/*"}}}"#,
    );
    let under = |prefix: &str| ListRequest::all(prefix);
    buckets.list(&ann, &lake, &under("b/")).await.expect("hers");
    for prefix in ["", "a", "b"] {
        let error = buckets.list(&ann, &lake, &under(prefix)).await;
        assert_eq!(error.expect_err("denied").kind(), ErrorKind::Denied);
    }
}

#[tokio::test]
async fn deletions_are_asked_about_key_by_key() {
    let (_dir, buckets, root, lake) = service().await;
    let ann = everything_but("s3:DeleteObject", "arn:aws:s3:::lake/b/2");
    let error = buckets
        .delete_prefix(&ann, &lake, "b/", &mut |_| ())
        .await
        .expect_err("one is left");
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(
        error.message(),
        "1 of 3 objects of s3://lake could not be deleted: b/2"
    );
    assert_eq!(keys(&buckets, &root, &lake).await, ["a", "b/2", "d"]);
    let replace = Publication {
        run_id: "jr_1".to_owned(),
        replace: vec![(lake.clone(), "b/".to_owned())],
        ..Publication::default()
    };
    let error = buckets.publish(&ann, replace).await.expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(keys(&buckets, &root, &lake).await, ["a", "b/2", "d"]);
    let many = ["a", "b/2"].map(|name| DeleteRequest::object(key(name)));
    let done = buckets.delete_versions(&ann, &lake, many.to_vec()).await;
    let done: Vec<bool> = done.expect("asked").iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, false]);
}

#[tokio::test]
async fn who_may_not_list_does_not_learn_what_is_absent() {
    let (_dir, buckets, _, lake) = service().await;
    let reader = user(&allow("s3:GetObject", "*"));
    let lister = user(&format!(
        "{}, {}",
        allow("s3:GetObject", "*"),
        allow("s3:ListBucket", "*")
    ));
    let absent = key("absent");
    for (caller, expected) in [(&reader, ErrorKind::Denied), (&lister, ErrorKind::NotFound)] {
        let outcomes = [
            buckets.head(caller, &lake, &absent).await.map(|_| ()),
            buckets
                .describe(caller, &lake, &absent, ReadOptions::default())
                .await
                .map(|_| ()),
            buckets.get(caller, &lake, &absent, None).await.map(|_| ()),
        ];
        for outcome in outcomes {
            assert_eq!(outcome.expect_err("absent").kind(), expected);
        }
    }
}

#[tokio::test]
async fn tags_of_objects_decide_where_policies_look_at_them() {
    let (_dir, buckets, root, lake) = service().await;
    let ann = user(
        r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
           {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*",
            "Condition": {"StringEquals": {"s3:ExistingObjectTag/k": "v"}}}"#,
    );
    buckets.head(&ann, &lake, &key("a")).await.expect("no tag");
    let a = key("a");
    let set = buckets.set_object_tags(&root, &lake, &a, None, Some(tags()));
    set.await.expect("tagged");
    let error = buckets.head(&ann, &lake, &key("a")).await;
    assert_eq!(error.expect_err("denied").kind(), ErrorKind::Denied);
    // A copy takes the tags along, for which one must be let.
    let copier = everything_but("s3:GetObjectTagging", OBJECT);
    let copy = |options| buckets.copy_version(&copier, source(), &lake, &ZED, options);
    let error = copy(CopyOptions::default()).await.expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::Denied);
    let bare = CopyOptions {
        tags: Some(Tags::new()),
        ..CopyOptions::default()
    };
    copy(bare).await.expect("copied");
}

static ZED: std::sync::LazyLock<ObjectKey> = std::sync::LazyLock::new(|| key("z"));
