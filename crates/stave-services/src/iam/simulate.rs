//! What the policies would decide: nothing is done, no resource is looked at.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html>

use std::collections::BTreeMap;

use stave_core::iam::{
    Context, DocumentKind, Grant, Grants, NamedPolicy, PolicyDocument, Principal, Request,
    ResourcePolicy, evaluate,
};
use stave_core::{Arn, Caller, Error, Result};
use stave_store::iam::{Entity, EntityKind, Rows};

use super::errors::{invalid_input, malformed, no_such_entity, validation};
use super::simulation::{Outcome, Simulated, Simulation};
use super::{Iam, Page, PageRequest};

impl Iam {
    /// Simulates policies that nobody needs to have.
    pub fn simulate_custom_policy(
        &self,
        caller: &Caller,
        simulation: &Simulation,
        page: &PageRequest,
    ) -> Result<Page<Simulated>> {
        self.permit(caller, "iam:SimulateCustomPolicy", "*", &Context::new())?;
        let principal = match &simulation.caller_arn {
            Some(arn) => self.store().iam_read(|rows| self.named_user(rows, arn))?,
            None => self.somebody(),
        };
        let context = simulation.given_context(None);
        self.simulate(&principal, Grants::default(), &context, simulation, page)
    }

    /// Simulates the policies of a user, group or role, with those of the simulation.
    pub fn simulate_principal_policy(
        &self,
        caller: &Caller,
        source_arn: &str,
        simulation: &Simulation,
        page: &PageRequest,
    ) -> Result<Page<Simulated>> {
        self.permit(
            caller,
            "iam:SimulatePrincipalPolicy",
            source_arn,
            &Context::new(),
        )?;
        let (principal, grants) = self.store().iam_read(|rows| {
            let entity = self.entity_of(rows, source_arn)?;
            let principal = match &simulation.caller_arn {
                Some(arn) => self.named_user(rows, arn)?,
                None => self.principal_of(&entity),
            };
            Ok((principal, self.grants(rows, &entity)?))
        })?;
        let context = simulation.given_context(Some(&principal));
        self.simulate(&principal, grants, &context, simulation, page)
    }

    /// The condition keys that policies name (`GetContextKeysForCustomPolicy`).
    pub fn context_keys_for_custom_policy(
        &self,
        caller: &Caller,
        policies: &[String],
    ) -> Result<Vec<String>> {
        self.permit(
            caller,
            "iam:GetContextKeysForCustomPolicy",
            "*",
            &Context::new(),
        )?;
        let grants = Grants {
            identity: self.inputs("PolicyInputList", policies)?,
            ..Grants::default()
        };
        Ok(keys(&grants, None))
    }

    /// The condition keys that the policies of a user, group or role name, with `policies`
    /// besides (`GetContextKeysForPrincipalPolicy`).
    pub fn context_keys_for_principal_policy(
        &self,
        caller: &Caller,
        source_arn: &str,
        policies: &[String],
    ) -> Result<Vec<String>> {
        let action = "iam:GetContextKeysForPrincipalPolicy";
        self.permit(caller, action, source_arn, &Context::new())?;
        let mut grants = self.store().iam_read(|rows| {
            let entity = self.entity_of(rows, source_arn)?;
            self.grants(rows, &entity)
        })?;
        grants
            .identity
            .extend(self.inputs("PolicyInputList", policies)?);
        Ok(keys(&grants, None))
    }

    fn simulate(
        &self,
        principal: &Principal,
        mut grants: Grants,
        context: &Context,
        simulation: &Simulation,
        page: &PageRequest,
    ) -> Result<Page<Simulated>> {
        simulation.check()?;
        grants
            .identity
            .extend(self.inputs("PolicyInputList", &simulation.policies)?);
        let boundaries =
            self.inputs("PermissionsBoundaryPolicyInputList", &simulation.boundaries)?;
        grants.boundary = boundaries.into_iter().next().or(grants.boundary);
        let of_resource = simulation.resource_policy.as_deref();
        let of_resource = of_resource
            .map(|text| PolicyDocument::parse(text, DocumentKind::Resource).map_err(malformed))
            .transpose()?;
        let mut missing = keys(&grants, of_resource.as_ref());
        missing.retain(|key| context.values(key).is_none());
        let policy = match &of_resource {
            None => ResourcePolicy::None,
            Some(document) => ResourcePolicy::Attached(NamedPolicy {
                name: "ResourcePolicy",
                document,
            }),
        };
        let any = ["*".to_owned()];
        let resources: &[String] = if simulation.resources.is_empty() {
            &any
        } else {
            &simulation.resources
        };
        let mut results = Vec::new();
        for action in &simulation.actions {
            for resource in resources {
                let request = Request {
                    principal,
                    action,
                    resource,
                    resource_account: simulation.owner().unwrap_or(self.account()),
                    context,
                };
                let outcome = decide(&request, &grants, policy);
                results.push(Simulated {
                    action: action.clone(),
                    resource: resource.clone(),
                    verdict: outcome.verdict,
                    matched: outcome.matched,
                    missing_context: missing.clone(),
                    boundary_allows: outcome.boundary_allows,
                });
            }
        }
        cut(results, page)
    }

    /// Policies that are given as text, called by their place in the list.
    fn inputs(&self, list: &str, policies: &[String]) -> Result<Vec<Grant>> {
        let numbered = policies.iter().zip(1..);
        numbered
            .map(|(text, number)| {
                let document = self.0.documents.read(text, DocumentKind::Identity);
                Ok(Grant {
                    name: format!("{list}.{number}"),
                    document: document.map_err(|error| match malformed(error) {
                        error if error.code() == Some("MalformedPolicyDocument") => {
                            invalid_input(format!("Invalid policy {list}.{number}"))
                                .caused_by(error)
                        }
                        error => error,
                    })?,
                })
            })
            .collect()
    }

    /// The user, group or role of an ARN.
    fn entity_of(&self, rows: &Rows<'_>, arn: &str) -> Result<Entity> {
        let (kind, name) = parse(arn)?;
        let entity = rows.entity(kind, &name)?;
        entity
            .filter(|entity| self.entity_arn(entity) == arn)
            .ok_or_else(|| no_such_entity(kind, &name))
    }

    fn named_user(&self, rows: &Rows<'_>, arn: &str) -> Result<Principal> {
        let user = self.entity_of(rows, arn)?;
        if user.kind != EntityKind::User {
            return Err(invalid_input("CallerArn must be the ARN of a user."));
        }
        Ok(self.principal(&user))
    }

    fn principal_of(&self, entity: &Entity) -> Principal {
        match entity.kind {
            EntityKind::User => self.principal(entity),
            EntityKind::Group => self.somebody(),
            EntityKind::Role => Principal::AssumedRole {
                account: self.account().to_owned(),
                path: entity.path.clone(),
                role: entity.name.clone(),
                role_id: entity.id.clone(),
                session: "simulation".to_owned(),
            },
        }
    }

    /// A user who is nobody in particular.
    fn somebody(&self) -> Principal {
        Principal::User {
            account: self.account().to_owned(),
            path: "/".to_owned(),
            name: "simulation".to_owned(),
            id: "AIDAAAAAAAAAAAAAAAAAA".to_owned(),
        }
    }
}

fn decide(request: &Request, grants: &Grants, policy: ResourcePolicy<'_>) -> Outcome {
    grants.with(policy, |policies| {
        let boundary_allows = policies.boundary.map(|boundary| {
            let alone = stave_core::iam::Policies {
                identity: &[boundary],
                ..stave_core::iam::Policies::default()
            };
            evaluate(request, &alone).is_allowed()
        });
        Outcome::of(&evaluate(request, policies), boundary_allows)
    })
}

/// The condition keys that policies name, each once.
fn keys(grants: &Grants, of_resource: Option<&PolicyDocument>) -> Vec<String> {
    let grants = grants.identity.iter().chain(&grants.boundary);
    let documents = grants.map(|grant| &*grant.document).chain(of_resource);
    let mut keys = BTreeMap::new();
    for key in documents.flat_map(PolicyDocument::context_keys) {
        keys.entry(key.to_lowercase())
            .or_insert_with(|| key.to_owned());
    }
    keys.into_values().collect()
}

/// A page of results, whose order is that of the request.
fn cut(results: Vec<Simulated>, page: &PageRequest) -> Result<Page<Simulated>> {
    let numbered = results.into_iter().enumerate().collect();
    let page = page.cut(numbered, |(number, _)| format!("{number:06}"))?;
    Ok(page.map(|(_, result)| result))
}

fn parse(arn: &str) -> Result<(EntityKind, String)> {
    let wrong = || validation(format!("{arn} is not the ARN of a user, group or role"));
    let parsed: Arn = arn
        .parse()
        .map_err(|error: Error| wrong().caused_by(error))?;
    let (kind, rest) = parsed.typed_resource();
    let kind = match kind {
        "user" => EntityKind::User,
        "group" => EntityKind::Group,
        "role" => EntityKind::Role,
        _ => return Err(wrong()),
    };
    let name = rest.rsplit('/').next().unwrap_or(rest);
    Ok((kind, name.to_owned()))
}
