//! Decisions: `PolicySet` + [`Review`] + [`Facts`] → [`Decision`]; synchronous and deterministic.
//!
//! [`decide`] is the only loop. Doors build a [`Review`], answer [`Facts`], and print the
//! [`Decision`]; nothing else decides anything.

mod answer;
mod attestations;
mod attestors;
mod cleanup;
mod conditions;
mod context;
pub mod decision;
mod elements;
mod exceptions;
pub mod facts;
mod frame;
mod generate;
mod image_checks;
mod image_record;
mod images;
mod interrupt;
mod mutate_foreach;
mod mutate_targets;
mod mutating;
mod old_object;
mod pod_security;
pub mod registry;
mod request;
pub mod review;
mod rule_images;
mod run;
mod scope;
mod signed_manifests;
mod validate;
mod validate_foreach;
mod verify_images;
mod world;

pub use cleanup::would_delete;
pub use decision::{Decision, Outcome, Response, RuleResult, SkipReason};
pub use facts::{ApiCall, Backend, Fact, Facts, NoBackends};
pub use registry::Registry;
pub use review::{Numbers, OldObject, Operation, Review, SuppliedVariables, User, UserInfo};
pub use run::{Selection, decide, decide_selected};
