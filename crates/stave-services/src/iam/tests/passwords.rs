//! Passwords: what they must be, the forced change, and how often one may guess.

use super::*;

const FIRST: &str = "First-password-1";
const SECOND: &str = "Second-password-2";

fn with_login(must_change: bool) -> World {
    let world = world();
    world.user("maya");
    world
        .iam
        .create_login_profile(&world.root, Some("maya"), FIRST, must_change)
        .expect("made");
    world
}

fn strict() -> PasswordPolicy {
    PasswordPolicy {
        minimum_length: 10,
        require_symbols: true,
        require_numbers: true,
        require_uppercase: true,
        require_lowercase: true,
        ..PasswordPolicy::default()
    }
}

#[test]
fn without_a_policy_aws_own_holds() {
    let world = world();
    world.user("maya");
    let make = |password: &str| {
        world
            .iam
            .create_login_profile(&world.root, Some("maya"), password, false)
    };
    for weak in [
        "Short-1",
        "alllowercase",
        "lower-case",
        "UPPER1234",
        ACCOUNT,
    ] {
        assert_eq!(fault(make(weak)), WEAK, "{weak}");
    }
    for wrong in [
        "",
        "Snow-\u{2603}-man1",
        &format!("Aa1-{}", "x".repeat(125)),
    ] {
        assert_eq!(fault(make(wrong)), INVALID, "{wrong}");
    }
    make("lower-case-1").expect("three classes");
    assert_eq!(fault(make("lower-case-1")), EXISTS);
}

#[test]
fn the_accounts_policy_takes_its_place() {
    let world = with_login(false);
    let (iam, root) = (&world.iam, &world.root);
    assert_eq!(fault(iam.get_password_policy(root)), NO_SUCH);
    for wrong in [
        PasswordPolicy {
            minimum_length: 5,
            ..strict()
        },
        PasswordPolicy {
            minimum_length: 129,
            ..strict()
        },
        PasswordPolicy {
            max_age_days: Some(0),
            ..strict()
        },
        PasswordPolicy {
            max_age_days: Some(1096),
            ..strict()
        },
        PasswordPolicy {
            reuse_prevention: Some(25),
            ..strict()
        },
    ] {
        assert_eq!(
            fault(iam.update_password_policy(root, &wrong)),
            INVALID,
            "{wrong:?}"
        );
    }
    iam.update_password_policy(root, &strict())
        .expect("updated");
    assert_eq!(iam.get_password_policy(root).expect("there"), strict());
    let set = |password: &str| iam.update_login_profile(root, "maya", Some(password), None);
    for weak in [
        "Short-1",
        "lower-case-1",
        "UPPER-CASE-1",
        "No-numbers-x",
        "NoSymbols12",
    ] {
        assert_eq!(fault(set(weak)), WEAK, "{weak}");
    }
    set("All-four-of-4").expect("strong");
    iam.update_password_policy(root, &PasswordPolicy::default())
        .expect("updated");
    set("simple").expect("six letters will do now");
    iam.delete_password_policy(root).expect("deleted");
    assert_eq!(fault(iam.delete_password_policy(root)), NO_SUCH);
    assert_eq!(fault(set("simple")), WEAK);
}

#[test]
fn the_profile_says_whether_it_must_change() {
    let world = with_login(true);
    let (iam, root) = (&world.iam, &world.root);
    let profile = iam.get_login_profile(root, Some("maya")).expect("there");
    assert!(profile.must_change);
    assert_eq!(profile.created_at, world.clock.now());
    assert_eq!(
        iam.sign_in(ACCOUNT, "maya", FIRST).expect("right"),
        SignIn::MustChange
    );
    iam.update_login_profile(root, "maya", None, Some(false))
        .expect("updated");
    assert!(matches!(
        iam.sign_in(ACCOUNT, "maya", FIRST),
        Ok(SignIn::Done(_))
    ));
    iam.update_login_profile(root, "maya", Some(SECOND), Some(true))
        .expect("updated");
    assert_eq!(
        iam.sign_in(ACCOUNT, "maya", SECOND).expect("right"),
        SignIn::MustChange
    );
    iam.delete_login_profile(root, Some("maya"))
        .expect("deleted");
    assert_eq!(fault(iam.sign_in(ACCOUNT, "maya", SECOND)), DENIED);
    assert_eq!(fault(iam.get_login_profile(root, Some("maya"))), NO_SUCH);
    assert_eq!(
        fault(iam.update_login_profile(root, "maya", None, None)),
        NO_SUCH
    );
}

#[test]
fn the_forced_change_needs_the_permission() {
    let world = with_login(true);
    let (iam, root) = (&world.iam, &world.root);
    let change = || iam.sign_in_changing(ACCOUNT, "maya", FIRST, SECOND);
    let error = change().expect_err("no policy allows it");
    assert!(
        error.message().starts_with("Either user is not authorized"),
        "{error}"
    );
    let may = "arn:aws:iam::aws:policy/IAMUserChangePassword";
    iam.attach_policy(root, EntityKind::User, "maya", may)
        .expect("attached");
    assert_eq!(
        fault(iam.sign_in_changing(ACCOUNT, "maya", FIRST, FIRST)),
        WEAK
    );
    assert_eq!(
        fault(iam.sign_in_changing(ACCOUNT, "maya", FIRST, "weak")),
        WEAK
    );
    assert_eq!(
        fault(iam.sign_in_changing(ACCOUNT, "maya", "wrong", SECOND)),
        DENIED
    );
    let caller = change().expect("changed");
    assert_eq!(
        caller.principal().arn(),
        "arn:aws:iam::123456789012:user/maya"
    );
    assert!(matches!(
        iam.sign_in(ACCOUNT, "maya", SECOND),
        Ok(SignIn::Done(_))
    ));
    assert_eq!(fault(iam.sign_in(ACCOUNT, "maya", FIRST)), DENIED);
    let user = iam.get_user(root, Some("maya")).expect("there");
    assert_eq!(user.password_used_at, Some(world.clock.now()));
}

#[test]
fn all_may_change_if_the_account_says_so_unless_denied() {
    let world = with_login(true);
    let (iam, root) = (&world.iam, &world.root);
    let all_may = PasswordPolicy {
        allow_users_to_change: true,
        ..strict()
    };
    iam.update_password_policy(root, &all_may).expect("updated");
    let deny = statement(r#"{"Effect": "Deny", "Action": "iam:ChangePassword", "Resource": "*"}"#);
    iam.put_inline_policy(root, EntityKind::User, "maya", "never", &deny)
        .expect("put");
    assert_eq!(
        fault(iam.sign_in_changing(ACCOUNT, "maya", FIRST, SECOND)),
        DENIED
    );
    iam.delete_inline_policy(root, EntityKind::User, "maya", "never")
        .expect("deleted");
    let maya = iam
        .sign_in_changing(ACCOUNT, "maya", FIRST, SECOND)
        .expect("changed");
    assert_eq!(fault(iam.change_password(&maya, "wrong", FIRST)), DENIED);
    iam.change_password(&maya, SECOND, FIRST).expect("changed");
    let error = iam
        .change_password(root, FIRST, SECOND)
        .expect_err("root has none");
    assert_eq!(error.code(), Some("InvalidUserType"));
}

#[test]
fn earlier_passwords_are_not_taken_again() {
    let world = with_login(false);
    let (iam, root) = (&world.iam, &world.root);
    let policy = PasswordPolicy {
        allow_users_to_change: true,
        reuse_prevention: Some(3),
        ..strict()
    };
    iam.update_password_policy(root, &policy).expect("updated");
    let maya = world.caller("maya");
    iam.change_password(&maya, FIRST, SECOND).expect("changed");
    iam.change_password(&maya, SECOND, "Third-password-3")
        .expect("changed");
    for used in ["Third-password-3", SECOND, FIRST] {
        let again = iam.change_password(&maya, "Third-password-3", used);
        assert_eq!(fault(again), WEAK, "{used}");
    }
    iam.change_password(&maya, "Third-password-3", "Fourth-password-4")
        .expect("changed");
    iam.change_password(&maya, "Fourth-password-4", FIRST)
        .expect("four ago");
}

#[test]
fn a_password_expires() {
    let world = with_login(false);
    let (iam, root) = (&world.iam, &world.root);
    let policy = PasswordPolicy {
        allow_users_to_change: true,
        max_age_days: Some(30),
        ..strict()
    };
    iam.update_password_policy(root, &policy).expect("updated");
    world.wait(30 * 24 * 3600);
    assert!(matches!(
        iam.sign_in(ACCOUNT, "maya", FIRST),
        Ok(SignIn::Done(_))
    ));
    world.wait(1);
    assert_eq!(
        iam.sign_in(ACCOUNT, "maya", FIRST).expect("right"),
        SignIn::MustChange
    );
    let hard = PasswordPolicy {
        hard_expiry: true,
        ..policy
    };
    iam.update_password_policy(root, &hard).expect("updated");
    assert_eq!(fault(iam.sign_in(ACCOUNT, "maya", FIRST)), DENIED);
    assert_eq!(
        fault(iam.sign_in_changing(ACCOUNT, "maya", FIRST, SECOND)),
        DENIED
    );
    iam.update_login_profile(root, "maya", Some(SECOND), None)
        .expect("updated");
    assert!(matches!(
        iam.sign_in(ACCOUNT, "maya", SECOND),
        Ok(SignIn::Done(_))
    ));
}

#[test]
fn guessing_is_slowed_down_for_somebody_and_for_nobody() {
    let world = with_login(false);
    let iam = &world.iam;
    let slow = (ErrorKind::LimitExceeded, "Throttling");
    for name in ["maya", "nobody"] {
        for _ in 0..5 {
            let error = iam.sign_in(ACCOUNT, name, "wrong").expect_err("wrong");
            assert_eq!(
                error.message(),
                "Your authentication information is incorrect. Please try again."
            );
        }
        assert_eq!(fault(iam.sign_in(ACCOUNT, name, "wrong")), slow, "{name}");
    }
    assert_eq!(
        fault(iam.sign_in(ACCOUNT, "maya", FIRST)),
        slow,
        "even the right one"
    );
    world.wait(4);
    assert_eq!(fault(iam.sign_in(ACCOUNT, "maya", FIRST)), slow);
    world.wait(1);
    assert_eq!(fault(iam.sign_in(ACCOUNT, "maya", "wrong")), DENIED);
    world.wait(9);
    let error = iam
        .sign_in(ACCOUNT, "maya", FIRST)
        .expect_err("the wait has doubled");
    assert_eq!(
        error.message(),
        "Too many failed sign-ins: try again in 1 s"
    );
    world.wait(1);
    assert!(matches!(
        iam.sign_in(ACCOUNT, "maya", FIRST),
        Ok(SignIn::Done(_))
    ));
    for _ in 0..4 {
        assert_eq!(
            fault(iam.sign_in(ACCOUNT, "maya", "wrong")),
            DENIED,
            "counted anew"
        );
    }
    world.user("noor");
    assert_eq!(
        fault(iam.sign_in(ACCOUNT, "noor", FIRST)),
        DENIED,
        "she has no password"
    );
    assert_eq!(fault(iam.sign_in("999988887777", "noor", FIRST)), DENIED);
}

#[test]
fn the_alias_signs_in_too() {
    let world = with_login(false);
    world
        .iam
        .create_account_alias(&world.root, "lake")
        .expect("made");
    assert!(matches!(
        world.iam.sign_in("lake", "maya", FIRST),
        Ok(SignIn::Done(_))
    ));
    assert_eq!(fault(world.iam.sign_in("sea", "maya", FIRST)), DENIED);
}

#[test]
fn a_password_is_hashed_as_it_should_be() {
    let hash = PasswordCost::default().hash("a password").expect("hashed");
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert!(crate::iam::passwords::matches(&hash, "a password"));
    assert!(!crate::iam::passwords::matches(&hash, "a passwore"));
    assert!(!crate::iam::passwords::matches("nonsense", "a password"));
}
