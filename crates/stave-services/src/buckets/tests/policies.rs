//! Bucket policies: who comes in by them, whom they keep out, and what keeps them from being
//! public.

use stave_core::Credential;
use stave_core::caller::DEFAULT_ACCOUNT;
use stave_core::iam::{Context, Grants, Principal};
use stave_store::BucketSetting;

use super::permissions::user;
use super::*;

fn anonymous() -> Caller {
    let keys = Context::new().with("aws:SourceIp", "127.0.0.1");
    let grants = Grants::default();
    let nobody = Caller::new(
        DEFAULT_ACCOUNT,
        Principal::Anonymous,
        grants,
        Credential::LongTerm,
    );
    nobody.with_keys(&keys)
}

fn nobody() -> Caller {
    user(r#"{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}"#)
}

fn policy(effect: &str, principal: &str, action: &str, rest: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "{effect}",
            "Principal": {principal}, "Action": "{action}",
            "Resource": ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"] {rest}}}]}}"#
    )
}

const ANN: &str = r#"{"AWS": "arn:aws:iam::123456789012:user/ann"}"#;

#[tokio::test]
async fn a_policy_lets_in_and_keeps_out() {
    let (_dir, buckets, root, lake) = service().await;
    let ann = nobody();
    let read = |caller: Caller| {
        let (buckets, lake) = (buckets.clone(), lake.clone());
        async move { buckets.head(&caller, &lake, &key("a")).await.map(|_| ()) }
    };
    let denied = |outcome: Result<()>| outcome.expect_err("denied").kind() == ErrorKind::Denied;
    assert!(denied(read(ann.clone()).await));
    let allow = policy("Allow", ANN, "s3:GetObject", "");
    buckets.set_policy(&root, &lake, &allow).await.expect("set");
    read(ann.clone()).await.expect("let in by the bucket");
    assert!(denied(read(anonymous()).await));
    let put = buckets.put_bytes(&ann, &lake, &key("a"), "x").await;
    assert!(denied(put.map(|_| ())));
    // Root is kept out too, but not from the policy itself.
    let deny = policy("Deny", "\"*\"", "s3:*", "");
    buckets.set_policy(&root, &lake, &deny).await.expect("set");
    assert!(denied(read(root.clone()).await));
    let all = user(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#);
    assert!(denied(read(all.clone()).await));
    let text = buckets.setting(&root, &lake, BucketSetting::Policy).await;
    assert_eq!(text.expect("read").as_deref(), Some(deny.as_str()));
    let removed = buckets.set_setting(&all, &lake, BucketSetting::Policy, None);
    assert!(denied(removed.await));
    let removed = buckets.set_setting(&root, &lake, BucketSetting::Policy, None);
    removed.await.expect("removed");
    read(root.clone()).await.expect("root again");
}

#[tokio::test]
async fn a_bucket_is_public_only_when_nothing_prevents_it() {
    let (_dir, buckets, root, lake) = service().await;
    let public = policy("Allow", "\"*\"", "s3:GetObject", "");
    let error = buckets.set_policy(&root, &lake, &public).await;
    assert_eq!(error.expect_err("prevented").kind(), ErrorKind::Denied);
    let default = buckets
        .public_access_block(&root, &lake)
        .await
        .expect("read");
    assert_eq!(default, Some(PublicAccessBlock::default()));
    buckets
        .set_public_access_block(&root, &lake, None)
        .await
        .expect("removed");
    let removed = buckets
        .public_access_block(&root, &lake)
        .await
        .expect("read");
    assert_eq!(removed, None);
    buckets
        .set_policy(&root, &lake, &public)
        .await
        .expect("set");
    assert_eq!(
        buckets.is_public(&root, &lake).await.expect("asked"),
        Some(true)
    );
    let head = buckets.head(&anonymous(), &lake, &key("a")).await;
    assert_eq!(head.expect("public").size, 1);
    let list = buckets
        .list(&anonymous(), &lake, &ListRequest::all(""))
        .await;
    assert_eq!(list.expect_err("not listed").kind(), ErrorKind::Denied);
    // Put back, it shuts the bucket whatever the policy says.
    buckets
        .set_public_access_block(&root, &lake, Some(PublicAccessBlock::default()))
        .await
        .expect("set");
    let head = buckets.head(&anonymous(), &lake, &key("a")).await;
    assert_eq!(head.expect_err("shut").kind(), ErrorKind::Denied);
    buckets
        .head(&nobody(), &lake, &key("a"))
        .await
        .expect("signed");
}

#[tokio::test]
async fn a_policy_is_checked_before_it_is_kept() {
    let (_dir, buckets, root, lake) = service().await;
    let other = policy("Allow", ANN, "s3:GetObject", "").replace("lake", "pond");
    for wrong in [
        "{",
        r#"{"Version": "2012-10-17", "Statement": []}"#,
        &other,
        &policy(
            "Allow",
            ANN,
            "s3:GetObject",
            r#", "Condition": {"Sometimes": {"a": "b"}}"#,
        ),
    ] {
        let error = buckets.set_policy(&root, &lake, wrong).await;
        let error = error.expect_err("refused");
        assert_eq!(error.code(), Some("MalformedPolicy"), "{wrong}: {error}");
    }
}
