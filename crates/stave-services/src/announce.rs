//! What services say of what has come to its end, without knowing who listens.

use stave_core::events::NewEvent;

/// Who is told.
pub trait Announce: std::fmt::Debug + Send + Sync {
    /// Takes what is said. Where that fails nobody hears of it, as with AWS's own services: what
    /// it is about has happened all the same. Blocking.
    fn announce(&self, said: NewEvent);
}

/// Nobody is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Announce for Silent {
    fn announce(&self, _said: NewEvent) {}
}
