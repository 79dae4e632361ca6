//! Kyverno's command-line workflow without a command line: what `apply` and `test` share. Files
//! become policies, resources, values and a world; evaluating them gives decisions; test files say
//! what was expected.
//!
//! ```text
//!  files ── policies, resources, values, user_info, cluster   what a run is given (chapter 60 §3, §7)
//!  complete                                                   what Kyverno's command line adds to an object
//!  world                                                      those files as the engine's Facts
//!  evaluate                                                   policies x resources -> decisions
//!  test_file ── matching ── compare ── run                    expectations -> rows (chapter 60 §9-§11)
//! ```

pub mod cluster;
pub mod compare;
pub mod complete;
pub mod evaluate;
pub mod fields;
pub mod files;
pub mod global_context;
pub mod matching;
pub mod parallel;
mod parts;
pub mod policies;
pub mod resources;
pub mod run;
pub mod scope;
pub mod selector;
pub mod test_file;
pub mod user_info;
pub mod values;
pub mod world;
