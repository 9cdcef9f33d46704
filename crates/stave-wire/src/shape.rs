//! What goes over the wire, described: the codecs and the validation are written once and are
//! guided by this.
//!
//! Must not know: any protocol, any service.

use super::pattern::Pattern;

/// A value's form and the rules for it.
#[derive(Debug)]
pub struct Shape {
    /// What it is.
    pub kind: Kind,
    /// What a request must hold to.
    pub rules: Rules,
}

/// What a value is.
#[derive(Debug)]
pub enum Kind {
    /// Members of different shapes.
    Structure(&'static [Member]),
    /// Values of one shape.
    List {
        /// Theirs.
        of: &'static Shape,
        /// What one is called where lists need a name: `member`.
        item: &'static str,
        /// Whether it stands without a frame of its own.
        flattened: bool,
    },
    /// Values of one shape by texts.
    Map {
        /// The shape of the texts.
        key: &'static Shape,
        /// The shape of the values.
        value: &'static Shape,
        /// What both are called where maps need names.
        names: (&'static str, &'static str),
        /// Whether it stands without a frame of its own.
        flattened: bool,
    },
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A whole number of so many bits.
    Integer(u32),
    /// A number.
    Float,
    /// A moment, in this form or in that of the protocol.
    Timestamp(Option<TimestampFormat>),
    /// Bytes.
    Blob,
    /// Any JSON.
    Document,
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2026-11-21T12:00:00Z`.
    Iso8601,
    /// Seconds since 1970, with a fraction.
    UnixTimestamp,
    /// `Sat, 21 Nov 2026 12:00:00 GMT`.
    Rfc822,
}

/// What a request's value must hold to.
#[derive(Debug)]
pub struct Rules {
    /// The least length, or the least value of a number.
    pub min: Option<f64>,
    /// The greatest length, or the greatest value of a number.
    pub max: Option<f64>,
    /// What a text must match.
    pub pattern: Option<&'static Pattern>,
    /// What a text may be; any, if there is none.
    pub one_of: &'static [&'static str],
    /// Whether no message may show the value.
    pub is_secret: bool,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name in the model.
    pub name: &'static str,
    /// Its name on the wire.
    pub wire: &'static str,
    /// Its shape.
    pub shape: &'static Shape,
    /// Whether it must be there.
    pub is_required: bool,
    /// Where it stands.
    pub location: Location,
}

/// Where a member stands in an HTTP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the document that the body is.
    Body,
    /// It is the body.
    Payload,
    /// A part of the path.
    Uri,
    /// A parameter of the query.
    Query,
    /// A header.
    Header,
    /// All headers that begin so.
    Headers,
    /// The status.
    Status,
}

/// A text without rules.
pub static STRING: Shape = Shape::string();
/// True or false.
pub static BOOLEAN: Shape = Shape::boolean();
/// A whole number of 32 bits.
pub static INTEGER: Shape = Shape::integer();
/// A whole number of 64 bits.
pub static LONG: Shape = Shape::long();
/// A number.
pub static FLOAT: Shape = Shape::float();
/// A number.
pub static DOUBLE: Shape = Shape::double();
/// A moment, in the protocol's form.
pub static TIMESTAMP: Shape = Shape::timestamp();
/// Bytes.
pub static BLOB: Shape = Shape::blob();
/// Any JSON.
pub static DOCUMENT: Shape = Shape::of(Kind::Document);

impl Shape {
    const fn of(kind: Kind) -> Self {
        Self {
            kind,
            rules: Rules {
                min: None,
                max: None,
                pattern: None,
                one_of: &[],
                is_secret: false,
            },
        }
    }

    /// A structure of these members.
    pub const fn structure(members: &'static [Member]) -> Self {
        Self::of(Kind::Structure(members))
    }

    /// A list.
    pub const fn list(of: &'static Self) -> Self {
        Self::of(Kind::List {
            of,
            item: "member",
            flattened: false,
        })
    }

    /// A map from texts.
    pub const fn map(key: &'static Self, value: &'static Self) -> Self {
        Self::of(Kind::Map {
            key,
            value,
            names: ("key", "value"),
            flattened: false,
        })
    }

    /// A text.
    pub const fn string() -> Self {
        Self::of(Kind::String)
    }

    /// True or false.
    pub const fn boolean() -> Self {
        Self::of(Kind::Boolean)
    }

    /// A whole number of 32 bits.
    pub const fn integer() -> Self {
        Self::of(Kind::Integer(32))
    }

    /// A whole number of 64 bits.
    pub const fn long() -> Self {
        Self::of(Kind::Integer(64))
    }

    /// A number.
    pub const fn float() -> Self {
        Self::of(Kind::Float)
    }

    /// A number.
    pub const fn double() -> Self {
        Self::of(Kind::Float)
    }

    /// A moment, in the protocol's form.
    pub const fn timestamp() -> Self {
        Self::of(Kind::Timestamp(None))
    }

    /// Bytes.
    pub const fn blob() -> Self {
        Self::of(Kind::Blob)
    }

    /// With another name of a list's items.
    pub const fn item(mut self, name: &'static str) -> Self {
        if let Kind::List { item, .. } = &mut self.kind {
            *item = name;
        }
        self
    }

    /// With other names of a map's keys and values.
    pub const fn entry(mut self, key: &'static str, value: &'static str) -> Self {
        if let Kind::Map { names, .. } = &mut self.kind {
            *names = (key, value);
        }
        self
    }

    /// Without a frame of its own.
    pub const fn flattened(mut self) -> Self {
        if let Kind::List { flattened, .. } | Kind::Map { flattened, .. } = &mut self.kind {
            *flattened = true;
        }
        self
    }

    /// In another form than the protocol's.
    pub const fn format(mut self, format: TimestampFormat) -> Self {
        self.kind = Kind::Timestamp(Some(format));
        self
    }

    /// With a least length or value.
    pub const fn min(mut self, min: f64) -> Self {
        self.rules.min = Some(min);
        self
    }

    /// With a greatest length or value.
    pub const fn max(mut self, max: f64) -> Self {
        self.rules.max = Some(max);
        self
    }

    /// With a pattern to match.
    pub const fn pattern(mut self, pattern: &'static Pattern) -> Self {
        self.rules.pattern = Some(pattern);
        self
    }

    /// With the texts that it may be.
    pub const fn one_of(mut self, texts: &'static [&'static str]) -> Self {
        self.rules.one_of = texts;
        self
    }

    /// Not to be shown.
    pub const fn secret(mut self) -> Self {
        self.rules.is_secret = true;
        self
    }

    /// The members of a structure; none of anything else.
    pub fn members(&self) -> &'static [Member] {
        match self.kind {
            Kind::Structure(members) => members,
            _ => &[],
        }
    }
}

impl Member {
    /// A member in the body, under its own name.
    pub const fn new(name: &'static str, shape: &'static Shape) -> Self {
        Self {
            name,
            wire: name,
            shape,
            is_required: false,
            location: Location::Body,
        }
    }

    /// With another name on the wire.
    pub const fn wire(mut self, name: &'static str) -> Self {
        self.wire = name;
        self
    }

    /// That must be there.
    pub const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Elsewhere than in the body.
    pub const fn at(mut self, location: Location) -> Self {
        self.location = location;
        self
    }
}
