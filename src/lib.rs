//! rendergate: one policy engine, three front doors.
//!
//! Data flows one way; a room imports only rooms above it (`tests/layering.rs` holds that).
//!
//! ```text
//!  0  document    Value, YAML, JSON, paths, places, Manifest, Kubernetes scalars
//!  1  jmespath    template    pattern    mutate          Value in, Value out
//!  2  config      source                                 configuration; a directory becomes manifests
//!  3  policy                                             wire types -> rules -> PolicySet
//!  4  engine                                             Review + PolicySet + Facts -> Decision
//!  5  output                                             decisions -> bytes
//!  6  suite       webhook                                test suites; everything that talks to a network
//!  7  cli                                                the only room that sees every room
//! ```
//!
//! Rooms 0 to 4 are synchronous and pure: clock, files, network and cluster come in as traits.

pub mod document;

pub mod jmespath;
pub mod mutate;
pub mod pattern;
pub mod template;

pub mod config;
pub mod source;

pub mod policy;

pub mod engine;

pub mod output;

pub mod suite;
#[cfg(feature = "webhook")]
pub mod webhook;

pub mod cli;
