//! The one integration test binary: linked once, however many modules there are.
//!
//! Tests that need the shared corpus say so on stderr and pass when it is absent.

#![allow(clippy::print_stderr, reason = "a test that does not run says so on stderr")]
#![allow(clippy::unwrap_used, reason = "a test may fail by a panic, in its helpers too")]

#[cfg(feature = "webhook")]
mod admission_recorded;
mod any_object;
mod argocd_pack;
mod bad_input;
mod cleanup;
#[cfg(feature = "cmp")]
mod cmp;
mod confined;
mod denial_recorded;
mod dependencies;
mod deploy;
mod documents;
#[cfg(feature = "webhook")]
mod doors_agree;
mod engine_cases;
mod failure_text;
mod feature_table;
mod fuzz_corpus;
mod gate;
mod gate_settings;
mod jmespath_probes;
mod kyverno_flags;
mod layering;
#[cfg(feature = "webhook")]
mod no_drift;
#[path = "../oracle/mod.rs"]
mod oracle;
mod pod_security_conformance;
mod policy_corpus;
mod recorded;
mod renderers;
mod secrets;
#[cfg(any(feature = "cmp", feature = "webhook"))]
mod server_process;
mod starter_set;
mod suites;
mod supplied_values;
mod test_output;
mod threats;
mod trust;
#[cfg(feature = "webhook")]
mod webhook_process;
mod yaml_corpus;
