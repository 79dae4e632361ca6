//! Wire types: what users write, field by field, and nothing more. Unknown fields are errors.
//!
//! Schemaless parts (patterns, preconditions, patches, data) stay [`crate::document::Value`];
//! `lower` gives everything its meaning.

pub mod cleanup;
pub mod context;
pub mod exception;
pub mod generate;
pub mod matching;
pub mod meta;
pub mod mutate;
pub mod policy;
pub mod rule;
pub mod validate;
pub mod verify_images;
