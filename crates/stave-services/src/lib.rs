//! Stave.
