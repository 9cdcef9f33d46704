//! XML as the query protocol answers it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::wire::shape::{Kind, Shape, TimestampFormat};
use crate::wire::text;
use crate::wire::value::Value;

/// XML that grows.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// Opens a tag.
    pub fn open(&mut self, tag: &str) {
        self.0.push('<');
        self.0.push_str(tag);
        self.0.push('>');
    }

    /// Opens the tag that says the namespace.
    pub fn open_in(&mut self, tag: &str, namespace: &str) {
        self.0.push('<');
        self.0.push_str(tag);
        self.0.push_str(" xmlns=\"");
        self.escaped(namespace);
        self.0.push_str("\">\n");
    }

    /// Closes a tag.
    pub fn close(&mut self, tag: &str) {
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push_str(">\n");
    }

    /// A tag with a text.
    pub fn text(&mut self, tag: &str, text: &str) {
        self.open(tag);
        self.escaped(text);
        self.close(tag);
    }

    /// The document.
    pub fn finish(self) -> String {
        self.0
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\r' => self.0.push_str("&#xD;"),
                '\t' | '\n' => self.0.push(c),
                // XML has no way to say these.
                c if c.is_ascii_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                    self.0.push('\u{fffd}');
                }
                c => self.0.push(c),
            }
        }
    }

    /// The members of a structure, without a frame.
    pub fn members(&mut self, shape: &Shape, value: &Value) {
        let Value::Structure(values) = value else {
            return;
        };
        for (member, value) in shape.members().iter().zip(values) {
            if let Some(value) = value {
                self.value(member.wire, member.shape, value);
            }
        }
    }

    /// A value in a tag of its own.
    pub fn value(&mut self, tag: &str, shape: &Shape, value: &Value) {
        match (&shape.kind, value) {
            (
                Kind::List {
                    of,
                    item,
                    flattened,
                },
                Value::List(items),
            ) => self.list(tag, of, (item, *flattened), items),
            (
                Kind::Map {
                    key,
                    value: of,
                    names,
                    flattened,
                },
                Value::Map(entries),
            ) => {
                let entry = if *flattened { tag } else { "entry" };
                self.framed(tag, !flattened, |xml| {
                    for (name, value) in entries {
                        xml.open(entry);
                        xml.value(names.0, key, &Value::Text(name.clone()));
                        xml.value(names.1, of, value);
                        xml.close(entry);
                    }
                });
            }
            (Kind::Structure(_), value) => self.framed(tag, true, |xml| xml.members(shape, value)),
            (kind, value) => self.text(tag, &scalar(kind, value)),
        }
    }

    fn list(&mut self, tag: &str, of: &Shape, (item, flattened): (&str, bool), items: &[Value]) {
        let own = if flattened && item == "member" {
            tag
        } else {
            item
        };
        self.framed(tag, !flattened, |xml| {
            for value in items {
                xml.value(own, of, value);
            }
        });
    }

    fn framed(&mut self, tag: &str, has_frame: bool, write: impl FnOnce(&mut Self)) {
        if has_frame {
            self.open(tag);
        }
        write(self);
        if has_frame {
            self.close(tag);
        }
    }
}

fn scalar(kind: &Kind, value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Time(at) => {
            let format = match kind {
                Kind::Timestamp(format) => format.unwrap_or(TimestampFormat::Iso8601),
                _ => TimestampFormat::Iso8601,
            };
            text::time(*at, format)
        }
        Value::Blob(bytes) => STANDARD.encode(bytes),
        Value::Document(document) => document.to_string(),
        Value::Structure(_) | Value::List(_) | Value::Map(_) => String::new(),
    }
}
