//! Walks the tree: lists, operators, ids, and the functions by name.

use super::parse::{Node, Operator};
use super::{
    Inputs, MAX_SERIES, SearchCall, Value, arrays, fault, functions, gaps, operators, pick,
};
use crate::error::{Error, Result};

/// Functions of CloudWatch that Stave does not have.
const NOT_IMPLEMENTED: &[&str] = &[
    "ANOMALY_DETECTION_BAND",
    "DB_PERF_INSIGHTS",
    "INSIGHT_RULE_METRIC",
    "LAMBDA",
    "SELECT",
    "SERVICE_QUOTA",
];

/// Refuses, before anything is evaluated, functions that there are not.
pub(super) fn check(root: &Node) -> Result<()> {
    let mut found = Ok(());
    root.visit(&mut |node| {
        if let (Node::Call(name, arguments), Ok(())) = (node, &found) {
            found = check_call(name, arguments);
        }
    });
    found
}

fn check_call(name: &str, arguments: &[Node]) -> Result<()> {
    if NOT_IMPLEMENTED.contains(&name) {
        return Err(Error::unsupported(format!(
            "{name} in metric math is not implemented"
        )));
    }
    if name == "SEARCH" && search_call(arguments).is_none() {
        return Err(fault(
            "SEARCH takes a search expression, a statistic and a period",
        ));
    }
    let known = name == "SEARCH"
        || name == "METRICS"
        || name == "IF"
        || name == "FILL"
        || functions::is_known(name)
        || arrays::is_known(name)
        || pick::is_known(name);
    if known {
        Ok(())
    } else {
        Err(fault(format!("there is no function {name}")))
    }
}

/// The arguments of `SEARCH`.
pub(super) fn search_call(arguments: &[Node]) -> Option<SearchCall> {
    let (search, statistic, period) = match arguments {
        [Node::Text(search), Node::Text(statistic)] => (search, statistic, None),
        [
            Node::Text(search),
            Node::Text(statistic),
            Node::Number(period),
        ] => (
            search,
            statistic,
            Some(*period as i64).filter(|period| *period > 0),
        ),
        _ => return None,
    };
    Some(SearchCall {
        search: search.clone(),
        statistic: statistic.clone(),
        period,
    })
}

pub(super) fn evaluate(node: &Node, inputs: &Inputs) -> Result<Value> {
    match node {
        Node::Number(number) => Ok(Value::Scalar(*number)),
        Node::Id(id) => inputs
            .values
            .get(id)
            .cloned()
            .ok_or_else(|| fault(format!("the id \"{id}\" is not in the request"))),
        Node::Text(_) | Node::Word(_) => Err(fault("text stands where a value is expected")),
        Node::List(nodes) => list(nodes, inputs),
        Node::Negated(inner) => {
            let inner = evaluate(inner, inputs)?;
            operators::binary(Operator::Multiply, &Value::Scalar(-1.0), &inner)
        }
        Node::Binary(operator, left, right) => {
            let (left, right) = (evaluate(left, inputs)?, evaluate(right, inputs)?);
            operators::binary(*operator, &left, &right)
        }
        Node::Call(name, arguments) => call(name, arguments, inputs),
    }
}

fn list(nodes: &[Node], inputs: &Inputs) -> Result<Value> {
    let mut all = Vec::new();
    for node in nodes {
        match evaluate(node, inputs)? {
            Value::Series(series) => all.push(series),
            Value::Many(many) => all.extend(many),
            Value::Scalar(_) => return Err(fault("a list holds a number and not a time series")),
        }
        if all.len() > MAX_SERIES {
            return Err(Error::limit_exceeded(format!(
                "the expression comes to more than {MAX_SERIES} time series"
            )));
        }
    }
    Ok(Value::Many(all))
}

fn call(name: &str, arguments: &[Node], inputs: &Inputs) -> Result<Value> {
    match name {
        "METRICS" => return metrics(arguments, inputs),
        "SEARCH" => {
            let found = search_call(arguments).and_then(|call| inputs.searches.get(&call));
            return Ok(Value::Many(found.cloned().unwrap_or_default()));
        }
        "IF" => return gaps::if_else(arguments, inputs),
        "FILL" => return gaps::fill(arguments, inputs),
        _ => {}
    }
    if pick::is_known(name) {
        return pick::call(name, arguments, inputs);
    }
    let [argument] = arguments else {
        return Err(fault(format!("{name} takes one argument")));
    };
    let argument = evaluate(argument, inputs)?;
    if arrays::is_known(name) {
        arrays::call(name, &argument)
    } else {
        functions::call(name, &argument, inputs)
    }
}

/// The metrics of the request, or those whose id contains a text.
fn metrics(arguments: &[Node], inputs: &Inputs) -> Result<Value> {
    let part = match arguments {
        [] => "",
        [Node::Text(part)] => part,
        _ => return Err(fault("METRICS takes nothing, or a text")),
    };
    let wanted = inputs.metrics.iter().filter(|id| id.contains(part));
    let found = wanted.filter_map(|id| match inputs.values.get(id) {
        Some(Value::Series(series)) => Some(series.clone()),
        _ => None,
    });
    Ok(Value::Many(found.collect()))
}
