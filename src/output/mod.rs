//! Decisions become bytes: manifests, failure text, admission responses, reports, tables.

pub mod admission;
pub mod applications;
pub mod apply_text;
pub mod blast_radius;
pub mod cannot;
pub mod counts;
pub mod exceptions;
pub mod failure;
pub mod finding;
pub mod github;
pub mod json;
pub mod junit;
pub mod log;
pub mod manifests;
pub mod places;
pub mod prometheus;
pub mod redact;
pub mod report;
pub mod reports;
pub mod sarif;
pub mod summary;
pub mod table;
pub mod test_results;
mod xml;
