//! A form whose names are paths: `Tags.member.1.Key=team`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stave_core::{Error, Result};

use crate::wire::shape::{Kind, Member, Shape, TimestampFormat};
use crate::wire::text;
use crate::wire::value::Value;

/// The most parameters of a request.
const MAX_PARAMETERS: usize = 20_000;
/// The deepest path of a name.
const MAX_DEPTH: usize = 32;

/// What stands under a name, and under the names that begin with it.
#[derive(Debug, Default)]
pub(super) struct Form {
    text: Option<String>,
    under: BTreeMap<String, Form>,
}

fn malformed(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("MalformedInput")
}

/// What a list or map is called in the form: its items' name, if it stands without a frame.
fn wire_name(member: &Member) -> &'static str {
    match member.shape.kind {
        Kind::List {
            item,
            flattened: true,
            ..
        } if item != "member" => item,
        _ => member.wire,
    }
}

impl Form {
    /// Reads the parameters of all `parts`.
    pub fn read(parts: &[&[u8]]) -> Result<Self> {
        let mut form = Self::default();
        let pairs = parts.iter().flat_map(|part| form_urlencoded::parse(part));
        for (number, (name, value)) in pairs.enumerate() {
            if number == MAX_PARAMETERS {
                return Err(malformed(format!(
                    "The request has more than {MAX_PARAMETERS} parameters"
                )));
            }
            form.put(&name, value.into_owned())?;
        }
        Ok(form)
    }

    fn put(&mut self, name: &str, value: String) -> Result<()> {
        let mut at = self;
        for (depth, step) in name.split('.').enumerate() {
            if depth == MAX_DEPTH {
                return Err(malformed(format!(
                    "The name of a parameter has more than {MAX_DEPTH} parts"
                )));
            }
            at = at.under.entry(step.to_owned()).or_default();
        }
        if at.text.is_some() {
            return Err(malformed(format!("The parameter {name} is given twice")));
        }
        at.text = Some(value);
        Ok(())
    }

    /// The text under a name of one part.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.under.get(name)?.text.as_deref()
    }

    /// The structure whose members stand here.
    pub fn structure(&self, shape: &Shape) -> Result<Value> {
        let members = shape.members().iter().map(|member| {
            let found = self.under.get(wire_name(member));
            found.map_or(Ok(None), |form| form.value(member.shape, member.name))
        });
        Ok(Value::Structure(members.collect::<Result<_>>()?))
    }

    fn value(&self, shape: &Shape, name: &str) -> Result<Option<Value>> {
        match &shape.kind {
            Kind::Structure(_) if self.text.is_some() => Err(malformed(format!(
                "{name} is a structure, and a text is given"
            ))),
            Kind::Structure(_) => self.structure(shape).map(Some),
            Kind::List {
                of,
                item,
                flattened,
            } => self.list(of, item, *flattened, name).map(Some),
            Kind::Map {
                value,
                names,
                flattened,
                ..
            } => self.map(value, *names, *flattened, name).map(Some),
            _ => self.scalar(shape, name),
        }
    }

    /// The entries that stand under 1, 2, 3 …, here or under `frame`.
    fn numbered(&self, frame: &str, flattened: bool, name: &str) -> Result<Vec<&Self>> {
        if self.text.as_deref().is_some_and(|text| !text.is_empty()) {
            return Err(malformed(format!("{name} is a list, and a text is given")));
        }
        let within = if flattened {
            Some(self)
        } else {
            if let Some(other) = self.under.keys().find(|key| *key != frame) {
                return Err(malformed(format!(
                    "{name}.{other} is not understood: write {name}.{frame}.1"
                )));
            }
            self.under.get(frame)
        };
        let mut numbered = BTreeMap::new();
        for (key, form) in within.into_iter().flat_map(|form| &form.under) {
            let number: u32 = key
                .parse()
                .map_err(|_| malformed(format!("{name} has an item {key}, which is no number")))?;
            numbered.insert(number, form);
        }
        Ok(numbered.into_values().collect())
    }

    fn list(&self, of: &Shape, item: &str, flattened: bool, name: &str) -> Result<Value> {
        let mut items = Vec::new();
        for form in self.numbered(item, flattened, name)? {
            items.extend(form.value(of, name)?);
        }
        Ok(Value::List(items))
    }

    fn map(
        &self,
        of: &Shape,
        (key, value): (&str, &str),
        flattened: bool,
        name: &str,
    ) -> Result<Value> {
        let mut entries = Vec::new();
        for form in self.numbered("entry", flattened, name)? {
            let Some(key) = form.text(key) else {
                return Err(malformed(format!("{name} has an entry without {key}")));
            };
            let found = form.under.get(value);
            let found = found.map_or(Ok(None), |form| form.value(of, name))?;
            let Some(value) = found else {
                return Err(malformed(format!("{name} has an entry without {value}")));
            };
            entries.push((key.to_owned(), value));
        }
        Ok(Value::Map(entries))
    }

    fn scalar(&self, shape: &Shape, name: &str) -> Result<Option<Value>> {
        if !self.under.is_empty() {
            return Err(malformed(format!(
                "{name} is a text, and a list or a structure is given"
            )));
        }
        let Some(text) = self.text.as_deref() else {
            return Ok(None);
        };
        if matches!(shape.kind, Kind::String) {
            return Ok(Some(Value::Text(text.to_owned())));
        }
        if text.is_empty() {
            return Ok(None);
        }
        scalar(shape, text)
            .map(Some)
            .ok_or_else(|| malformed(format!("{name} is \"{text}\", which it cannot be")))
    }
}

/// The value that `text` says.
fn scalar(shape: &Shape, text: &str) -> Option<Value> {
    Some(match &shape.kind {
        Kind::Boolean => Value::Boolean(match text {
            "true" => true,
            "false" => false,
            _ => return None,
        }),
        Kind::Integer(32) => Value::Integer(text.parse::<i32>().ok()?.into()),
        Kind::Integer(_) => Value::Integer(text.parse().ok()?),
        Kind::Float => Value::Float(text.parse().ok()?),
        Kind::Timestamp(format) => {
            let format = format.unwrap_or(TimestampFormat::Iso8601);
            Value::Time(text::parse_time(text, format)?)
        }
        Kind::Blob => Value::Blob(STANDARD.decode(text).ok()?.into()),
        _ => return None,
    })
}
