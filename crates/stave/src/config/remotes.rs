//! Remote buckets, with what the AWS variables add to them.

use stave_store::RemoteConfig;

use super::{Environment, Origin};

const ENDPOINT: &[&str] = &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];
const REGION: &[&str] = &["AWS_REGION", "AWS_DEFAULT_REGION"];
/// Names buckets that live where the AWS variables point, so that these suffice.
const BUCKETS: &str = "STAVE_REMOTE_BUCKETS";

/// A remote and where each of its values comes from.
#[derive(Debug, Clone)]
pub struct Remote {
    /// What the store is given.
    pub config: RemoteConfig,
    /// Where the whole of it comes from.
    pub origin: Origin,
    /// The fields that came from elsewhere.
    pub filled: Vec<(&'static str, Origin)>,
}

impl Remote {
    /// Where the field `name` comes from.
    pub fn origin_of(&self, name: &str) -> &Origin {
        let filled = self.filled.iter().find(|(field, _)| *field == name);
        filled.map_or(&self.origin, |(_, origin)| origin)
    }

    fn fill(mut self, environment: &Environment) -> Self {
        let config = &mut self.config;
        let mut note = |field: &'static str, variable: &str| {
            self.filled
                .push((field, Origin::Environment(variable.to_owned())));
        };
        if config.endpoint.is_none()
            && let Some((variable, value)) = environment.first(ENDPOINT)
        {
            config.endpoint = Some(value.to_owned());
            note("endpoint", variable);
        }
        if config.region.is_none()
            && let Some((variable, value)) = environment.first(REGION)
        {
            config.region = Some(value.to_owned());
            note("region", variable);
        }
        // A key is one thing: its parts never come from two places.
        if config.access_key_id.is_none()
            && config.secret_access_key.is_none()
            && config.session_token.is_none()
        {
            for (field, variable, place) in [
                (
                    "access_key_id",
                    "AWS_ACCESS_KEY_ID",
                    &mut config.access_key_id,
                ),
                (
                    "secret_access_key",
                    "AWS_SECRET_ACCESS_KEY",
                    &mut config.secret_access_key,
                ),
                (
                    "session_token",
                    "AWS_SESSION_TOKEN",
                    &mut config.session_token,
                ),
            ] {
                if let Some(value) = environment.get(variable) {
                    *place = Some(value.to_owned());
                    note(field, variable);
                }
            }
        }
        self
    }
}

/// The remotes of the file, after that of the environment.
pub(super) fn resolve(file: Vec<RemoteConfig>, environment: &Environment) -> Vec<Remote> {
    let named = environment.get(BUCKETS).map(|buckets| Remote {
        config: RemoteConfig {
            buckets: buckets
                .split(',')
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect(),
            ..RemoteConfig::default()
        },
        origin: Origin::Environment(BUCKETS.to_owned()),
        filled: Vec::new(),
    });
    let file = file.into_iter().map(|config| Remote {
        config,
        origin: Origin::File,
        filled: Vec::new(),
    });
    named
        .into_iter()
        .chain(file)
        .map(|remote| remote.fill(environment))
        .collect()
}
