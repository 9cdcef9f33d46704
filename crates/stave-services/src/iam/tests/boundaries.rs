//! Permissions boundaries.

use super::*;

#[test]
fn a_boundary_bounds() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    world.let_user("maya", "*");
    let arn = world.policy("OnlyS3", "s3:*").arn;
    let user = EntityKind::User;
    iam.put_boundary(root, user, "maya", &arn).expect("put");
    let maya = world.caller("maya");
    maya.may("s3:GetObject", "arn:aws:s3:::b/k")
        .expect("within");
    let error = maya.may("glue:GetJob", "*").expect_err("beyond");
    assert!(
        error
            .message()
            .ends_with("because no permissions boundary allows the glue:GetJob action"),
        "{error}"
    );
    assert_eq!(iam.get_policy(root, &arn).expect("there").boundaries, 1);
    assert_eq!(fault(iam.delete_policy(root, &arn)), IN_USE);
    let details = iam.get_user(root, Some("maya")).expect("there");
    assert_eq!(details.boundary.as_deref(), Some(arn.as_str()));
    iam.delete_boundary(root, user, "maya").expect("deleted");
    world
        .caller("maya")
        .may("glue:GetJob", "*")
        .expect("free again");
    assert_eq!(fault(iam.delete_boundary(root, user, "maya")), NO_SUCH);
    let none = "arn:aws:iam::123456789012:policy/none";
    assert_eq!(fault(iam.put_boundary(root, user, "maya", none)), NO_SUCH);
    iam.create_group(root, "team", None).expect("made");
    assert_eq!(
        fault(iam.put_boundary(root, EntityKind::Group, "team", &arn)),
        INVALID
    );
    iam.delete_policy(root, &arn).expect("no longer in use");
}
