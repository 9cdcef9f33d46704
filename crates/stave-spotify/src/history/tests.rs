//! Exports of both eras, whole and broken.
