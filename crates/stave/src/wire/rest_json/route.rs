//! From method and path to the operation.

use http::{Method, Uri};

use crate::wire::model::{Operation, Service};
use crate::wire::text::percent_decoded;

/// What stands in the places of a path: `{FunctionName}`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Labels(Vec<(&'static str, String)>);

impl Labels {
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(label, _)| *label == name);
        found.map(|(_, text)| text.as_str())
    }
}

/// The operation that a request leads to, and what stands in the places of its path: of several
/// the one that leaves the least open.
pub(super) fn route(
    service: &'static Service,
    method: &Method,
    uri: &Uri,
) -> Option<(&'static Operation, Labels)> {
    let of_method = service
        .all()
        .filter(|operation| operation.method == method.as_str());
    let matching = of_method.filter_map(|operation| {
        let (path, query) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
        if !asks_for(uri.query().unwrap_or_default(), query) {
            return None;
        }
        let labels = labels(path, uri.path())?;
        let fixed = path
            .split('/')
            .filter(|step| !step.starts_with('{'))
            .count();
        Some(((fixed, query.len()), operation, labels))
    });
    let best = matching.max_by_key(|(fixed, ..)| *fixed);
    best.map(|(_, operation, labels)| (operation, labels))
}

/// Whether `query` has all that an operation's query has.
fn asks_for(query: &str, template: &str) -> bool {
    let mut wanted = template.split('&').filter(|wanted| !wanted.is_empty());
    wanted.all(|wanted| {
        let mut given = query.split('&');
        given.any(|given| given.strip_suffix('=').unwrap_or(given) == wanted)
    })
}

fn labels(template: &'static str, path: &str) -> Option<Labels> {
    let mut labels = Labels::default();
    // A slash at the end makes no difference.
    let template = template.strip_suffix('/').unwrap_or(template);
    let mut rest = path.strip_suffix('/').unwrap_or(path).strip_prefix('/')?;
    let mut steps = template.strip_prefix('/')?.split('/').peekable();
    while let Some(step) = steps.next() {
        let label = step
            .strip_prefix('{')
            .and_then(|step| step.strip_suffix('}'));
        let greedy = label.and_then(|label| label.strip_suffix('+'));
        let (here, after) = match (greedy, steps.peek()) {
            (Some(_), None) => (rest, None),
            // What follows a greedy label is one literal step.
            (Some(_), Some(_)) => {
                let (here, after) = rest.rsplit_once('/')?;
                (here, Some(after))
            }
            (None, _) => match rest.split_once('/') {
                Some((here, after)) => (here, Some(after)),
                None => (rest, None),
            },
        };
        match greedy.or(label) {
            Some(_) if here.is_empty() => return None,
            Some(name) => labels.0.push((name, percent_decoded(here)?)),
            None if here == step => {}
            None => return None,
        }
        match (after, steps.peek()) {
            (Some(after), Some(_)) => rest = after,
            (None, None) => return Some(labels),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    static OTHERS: &[Operation] = &[
        Operation::new("List").http("GET", "/2015-03-31/functions/"),
        Operation::new("Get").http("GET", "/2015-03-31/functions/{FunctionName}"),
        Operation::new("Invoke").http("POST", "/2015-03-31/functions/{FunctionName}/invocations"),
        Operation::new("Special").http("GET", "/2015-03-31/functions/special"),
        Operation::new("Tags").http("GET", "/tags/{Resource+}"),
        Operation::new("Last").http("GET", "/deep/{Path+}/last"),
        Operation::new("Asked").http("GET", "/x?mode=full"),
        Operation::new("Plain").http("GET", "/x"),
    ];
    static SERVICE: Service = Service {
        id: "Lambda",
        signing_name: "lambda",
        version: "2015-03-31",
        protocols: &[],
        operations: &[],
        others: OTHERS,
        errors: &[],
    };

    #[test]
    fn paths_lead_to_operations() {
        for (request, expected) in [
            ("GET /2015-03-31/functions", "List"),
            ("GET /2015-03-31/functions/", "List"),
            ("GET /2015-03-31/functions/etl", "Get FunctionName=etl"),
            (
                "POST /2015-03-31/functions/arn%3Aaws%3Alambda/invocations?Qualifier=1",
                "Invoke FunctionName=arn:aws:lambda",
            ),
            ("GET /2015-03-31/functions/special", "Special"),
            ("GET /tags/a/b%2Fc", "Tags Resource=a/b/c"),
            ("GET /deep/a/b/last", "Last Path=a/b"),
            ("GET /x?mode=full&y=1", "Asked"),
            ("GET /x?mode=half", "Plain"),
            ("PUT /x", ""),
            ("GET /2015-03-31/functions/a/b", ""),
            ("POST /2015-03-31/functions//invocations", ""),
            ("GET /tags/%ff", ""),
        ] {
            let (method, uri) = request.split_once(' ').expect("two words");
            let method = method.parse().expect("a method");
            let uri = uri.parse().expect("a path");
            let found = route(&SERVICE, &method, &uri).map(|(operation, labels)| {
                let labels = labels.0.into_iter();
                labels.fold(operation.name.to_owned(), |text, (name, value)| {
                    format!("{text} {name}={value}")
                })
            });
            assert_eq!(found.unwrap_or_default(), expected, "{request}");
        }
    }
}
