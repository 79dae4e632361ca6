//! Typed reading: serde over [`super::Value`], with the path of every error.
