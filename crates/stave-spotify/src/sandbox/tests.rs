//! The sandbox, called in process.
