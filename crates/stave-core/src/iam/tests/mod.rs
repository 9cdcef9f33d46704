//! IAM's rules as tables.

mod conditions;
mod documents;
mod elements;
mod evaluation;
mod principals;
mod statements;
mod wildcards;

use super::*;

const ACCOUNT: &str = "123456789012";
const OTHER: &str = "999988887777";

fn user(name: &str) -> Principal {
    user_of(ACCOUNT, name)
}

fn user_of(account: &str, name: &str) -> Principal {
    Principal::User {
        account: account.to_owned(),
        path: "/".to_owned(),
        name: name.to_owned(),
        id: format!("AIDA{:A>16}", name.to_uppercase()),
    }
}

fn session(role: &str, session: &str) -> Principal {
    Principal::AssumedRole {
        account: ACCOUNT.to_owned(),
        path: "/service-role/".to_owned(),
        role: role.to_owned(),
        role_id: format!("AROA{:A>16}", role.to_uppercase()),
        session: session.to_owned(),
    }
}

fn root(account: &str) -> Principal {
    Principal::Root {
        account: account.to_owned(),
    }
}

fn service(name: &str) -> Principal {
    Principal::Service {
        name: name.to_owned(),
    }
}

/// A document of `kind` with these statements, each given as JSON.
fn document(kind: DocumentKind, statements: &str) -> PolicyDocument {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    PolicyDocument::parse(&text, kind).unwrap_or_else(|error| {
        panic!("{statements}: {error} ({:?})", error.hint_text());
    })
}

fn identity(statements: &str) -> PolicyDocument {
    document(DocumentKind::Identity, statements)
}

/// Whether a user `ann` whose only policy is `statement` may do `action` on `resource`.
fn may(statement: &str, action: &str, resource: &str, context: &Context) -> Verdict {
    let document = identity(statement);
    let ann = user("ann");
    let policy = NamedPolicy {
        name: "p",
        document: &document,
    };
    let request = Request {
        principal: &ann,
        action,
        resource,
        resource_account: ACCOUNT,
        context,
    };
    let policies = Policies {
        identity: &[policy],
        ..Policies::default()
    };
    evaluate(&request, &policies).verdict
}
