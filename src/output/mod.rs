//! Decisions become bytes: manifests, failure text, admission responses, reports, tables.

pub mod admission;
