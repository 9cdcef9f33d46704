//! Stave.
fn main() {}
