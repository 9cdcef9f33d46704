//! The first steps of the batch pipeline: a user of one's own for it, who must change the
//! password, works with S3, Glue and Athena, and nothing else.

use stave_core::BucketName;

use super::*;
use crate::buckets::Buckets;

const POLICY: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Lake", "Effect": "Allow", "Action": ["s3:*", "glue:*", "athena:*"], "Resource": "*"}
    ]
}"#;

#[tokio::test]
async fn a_data_engineer_signs_in_for_the_first_time() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let buckets = Buckets::new(stave_store::Buckets::new(world.store.buckets(), Vec::new()));
    let lake = BucketName::new("spotify-lake").expect("a name");
    buckets.create(root, &lake).await.expect("made");

    // The account's owner makes the user, as the console does it.
    world.user("data-engineer");
    let policy = iam
        .create_policy(
            root,
            NewPolicy {
                name: "SpotifyPipeline".to_owned(),
                document: POLICY.to_owned(),
                ..NewPolicy::default()
            },
        )
        .expect("made");
    for arn in [
        policy.arn.as_str(),
        "arn:aws:iam::aws:policy/IAMUserChangePassword",
    ] {
        iam.attach_policy(root, EntityKind::User, "data-engineer", arn)
            .expect("attached");
    }
    iam.create_login_profile(root, Some("data-engineer"), "Welcome-2026!", true)
        .expect("made");

    // The user signs in, must change the password, and is in.
    let first = iam
        .sign_in(ACCOUNT, "data-engineer", "Welcome-2026!")
        .expect("right");
    assert_eq!(first, SignIn::MustChange);
    iam.sign_in_changing(ACCOUNT, "data-engineer", "Welcome-2026!", "My-own-lake-1")
        .expect("changed");
    let again = iam
        .sign_in(ACCOUNT, "data-engineer", "My-own-lake-1")
        .expect("right");
    let SignIn::Done(engineer) = again else {
        panic!("the password was changed");
    };
    assert_eq!(
        fault(iam.sign_in(ACCOUNT, "data-engineer", "Welcome-2026!")),
        DENIED
    );

    // What the policy allows.
    let listed = buckets.list_buckets(&engineer).await.expect("allowed");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].name, lake);
    let job = "arn:aws:glue:us-east-1:123456789012:job/spotify";
    engineer.may("glue:StartJobRun", job).expect("allowed");
    let workgroup = "arn:aws:athena:us-east-1:123456789012:workgroup/primary";
    engineer
        .may("athena:StartQueryExecution", workgroup)
        .expect("allowed");

    // What it does not.
    let error = engineer
        .may("cloudwatch:ListMetrics", "*")
        .expect_err("not allowed");
    assert_eq!((error.kind(), error.code()), DENIED_AS_AWS);
    assert_eq!(
        error.message(),
        "User: arn:aws:iam::123456789012:user/data-engineer is not authorized to perform: \
         cloudwatch:ListMetrics on resource: * because no identity-based policy allows the \
         cloudwatch:ListMetrics action"
    );
    assert_eq!(fault(iam.list_users(&engineer, None, &NONE)), DENIED);
}

const DENIED_AS_AWS: (ErrorKind, Option<&str>) = (ErrorKind::Denied, Some("AccessDenied"));
