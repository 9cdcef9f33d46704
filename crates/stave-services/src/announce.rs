//! What services say of what has come to its end, and what they count of it, without knowing who
//! listens.

use stave_core::events::NewEvent;

/// A figure that was measured just now, under the names that AWS's services give it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// `AWS/Events`.
    pub namespace: &'static str,
    /// `Invocations`.
    pub name: &'static str,
    /// What it is a figure of: names and values.
    pub dimensions: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
    /// `Count`.
    pub unit: &'static str,
}

/// Who is told.
pub trait Announce: std::fmt::Debug + Send + Sync {
    /// Takes what is said. Where that fails nobody hears of it, as with AWS's own services: what
    /// it is about has happened all the same. Blocking.
    fn announce(&self, said: NewEvent);

    /// Takes figures. Where that fails nobody hears of it either. Blocking.
    fn measure(&self, figures: &[Figure]);
}

/// Nobody is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Announce for Silent {
    fn announce(&self, _said: NewEvent) {}

    fn measure(&self, _figures: &[Figure]) {}
}
