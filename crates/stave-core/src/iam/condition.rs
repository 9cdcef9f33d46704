//! Conditions: whether a request's keys are what a statement wants them to be.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::compare::{Range, moment, numbers};
use super::document::Effect;
use super::operator::{Operator, Quantifier, Test};
use super::pattern::Template;
use super::request::Context;

/// One key of one operator: `"StringLike": {"s3:prefix": ["home/*"]}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub operator: Operator,
    pub key: String,
    pub values: Vec<Template>,
}

impl Condition {
    /// Whether the condition holds for a statement of `effect`.
    pub fn holds(&self, context: &Context, effect: Effect) -> bool {
        let requested = context.values(&self.key);
        if self.operator.test == Test::Null {
            let absent = requested.is_none_or(<[_]>::is_empty);
            return self.wants_absence(context, absent);
        }
        let Some(requested) = requested.filter(|values| !values.is_empty()) else {
            return self.holds_without_key();
        };
        // AWS leaves open what a negated operator makes of a variable that has no value. It must
        // not open a door: an allow does not hold, a deny does.
        if self.operator.negated && effect == Effect::Allow && self.has_unknown(context) {
            return false;
        }
        let passes = |value: &String| self.matches_any(context, value) != self.operator.negated;
        // Without a quantifier a key with many values counts as its set: one of them must
        // match, or none may.
        let every = match self.operator.quantifier {
            Some(quantifier) => quantifier == Quantifier::All,
            None => self.operator.negated,
        };
        if every {
            requested.iter().all(passes)
        } else {
            requested.iter().any(passes)
        }
    }

    fn holds_without_key(&self) -> bool {
        self.operator.if_exists
            || match self.operator.quantifier {
                Some(Quantifier::All) => true,
                Some(Quantifier::Any) => false,
                None => self.operator.negated,
            }
    }

    fn wants_absence(&self, context: &Context, absent: bool) -> bool {
        let wanted = if absent { "true" } else { "false" };
        self.values.iter().any(|value| {
            value
                .fill_literal(context)
                .is_some_and(|value| value.eq_ignore_ascii_case(wanted))
        })
    }

    fn has_unknown(&self, context: &Context) -> bool {
        self.values
            .iter()
            .any(|value| value.fill(context).is_none())
    }

    fn matches_any(&self, context: &Context, requested: &str) -> bool {
        self.values
            .iter()
            .any(|value| matches(self.operator.test, value, context, requested).unwrap_or(false))
    }
}

/// Whether `requested` is what the policy's `value` says; `None` when one of them can't be read.
fn matches(test: Test, value: &Template, context: &Context, requested: &str) -> Option<bool> {
    if matches!(test, Test::TextLike | Test::Arn) {
        return Some(value.fill(context)?.matches(requested));
    }
    let wanted = value.fill_literal(context)?;
    Some(match test {
        Test::Text => wanted == requested,
        Test::TextIgnoringCase => wanted.to_lowercase() == requested.to_lowercase(),
        Test::Bool => wanted.eq_ignore_ascii_case(requested),
        Test::Number(relation) => relation.holds(numbers(requested, &wanted)?),
        Test::Date(relation) => relation.holds(moment(requested)?.cmp(&moment(&wanted)?)),
        Test::Binary => STANDARD.decode(&wanted).ok()? == STANDARD.decode(requested).ok()?,
        Test::Ip => Range::parse(&wanted)?.contains(requested.parse().ok()?),
        Test::TextLike | Test::Arn | Test::Null => return None,
    })
}
