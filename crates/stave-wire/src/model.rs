//! A service's model: its operations, its errors, and the protocols that it speaks.
//!
//! Must not know: how anything is encoded, what an operation does.

use std::marker::PhantomData;

use super::shape::Shape;

/// A service of AWS.
#[derive(Debug)]
pub struct Service {
    /// Its name: `IAM`, `CloudWatch Logs`.
    pub id: &'static str,
    /// The name that requests to it are signed for.
    pub signing_name: &'static str,
    /// The version of its interface.
    pub version: &'static str,
    /// What it speaks; the first is what clients choose.
    pub protocols: &'static [Protocol],
    /// The operations that are served, by name.
    pub operations: &'static [&'static Operation],
    /// The operations that are known and not served, by name.
    pub others: &'static [Operation],
    /// The errors that it knows.
    pub errors: &'static [ErrorShape],
}

/// How requests and answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A form in, XML out.
    Query {
        /// The namespace of the XML.
        namespace: &'static str,
    },
    /// JSON, the operation in a header.
    Json {
        /// `1.0` or `1.1`.
        version: &'static str,
        /// What stands before the operation in that header.
        target: &'static str,
    },
    /// JSON, the operation in method and path.
    RestJson,
    /// CBOR, the operation in the path.
    Cbor {
        /// What the path calls the service.
        target: &'static str,
    },
}

/// An operation.
#[derive(Debug)]
pub struct Operation {
    /// Its name.
    pub name: &'static str,
    /// The shape of its input.
    pub input: Option<&'static Shape>,
    /// The shape of its output.
    pub output: Option<&'static Shape>,
    /// What frames its output in XML.
    pub wrapper: Option<&'static str>,
    /// The HTTP method.
    pub method: &'static str,
    /// The path and the query that lead to it, with places for members: `/users/{Name}`.
    pub uri: &'static str,
    /// The HTTP status when it is done.
    pub status: u16,
}

/// An operation with the types of its input and output.
#[derive(Debug)]
pub struct Op<I, O> {
    /// The operation.
    pub operation: Operation,
    types: PhantomData<fn(I) -> O>,
}

/// An error that a service knows.
#[derive(Debug)]
pub struct ErrorShape {
    /// Its code in the query protocol: `NoSuchEntity`.
    pub code: &'static str,
    /// Its name in the JSON protocols: `NoSuchEntityException`.
    pub name: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Whether the sender is at fault.
    pub is_senders: bool,
    /// The member that holds its message.
    pub message: &'static str,
}

impl Service {
    /// The error of that name, or else of that code: several errors may share a code.
    pub fn error(&self, code: &str) -> Option<&'static ErrorShape> {
        let named = self.errors.iter().find(|error| error.name == code);
        named.or_else(|| self.errors.iter().find(|error| error.code == code))
    }

    /// All operations, the served ones first.
    pub fn all(&self) -> impl Iterator<Item = &'static Operation> {
        self.operations.iter().copied().chain(self.others)
    }

    /// The operation of that name, served or not.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.all().find(|operation| operation.name == name)
    }
}

impl Operation {
    /// An operation that takes nothing and gives nothing.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            input: None,
            output: None,
            wrapper: None,
            method: "POST",
            uri: "/",
            status: 200,
        }
    }

    /// With an input.
    pub const fn input(mut self, shape: &'static Shape) -> Self {
        self.input = Some(shape);
        self
    }

    /// With an output.
    pub const fn output(mut self, shape: &'static Shape) -> Self {
        self.output = Some(shape);
        self
    }

    /// With a frame for its output in XML.
    pub const fn wrapper(mut self, name: &'static str) -> Self {
        self.wrapper = Some(name);
        self
    }

    /// With a method and a path.
    pub const fn http(mut self, method: &'static str, uri: &'static str) -> Self {
        self.method = method;
        self.uri = uri;
        self
    }

    /// With another status than 200.
    pub const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

impl<I, O> Op<I, O> {
    /// An operation of these types.
    pub const fn new(operation: Operation) -> Self {
        Self {
            operation,
            types: PhantomData,
        }
    }
}

impl ErrorShape {
    /// An error for which the sender is to blame.
    pub const fn new(code: &'static str, name: &'static str, status: u16) -> Self {
        Self {
            code,
            name,
            status,
            is_senders: true,
            message: "message",
        }
    }

    /// With another member for its message.
    pub const fn message(mut self, member: &'static str) -> Self {
        self.message = member;
        self
    }

    /// An error of the service itself.
    pub const fn of_server(mut self) -> Self {
        self.is_senders = false;
        self
    }
}
