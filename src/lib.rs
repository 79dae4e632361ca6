//! rendergate: one policy engine, three front doors.
//!
//! Data flows one way; a room imports only rooms above it (`tests/it/layering.rs` holds that).
//!
//! ```text
//!  0  document    Value, YAML, JSON, paths, places, Manifest, Kubernetes scalars
//!  1  jmespath    template    pattern    mutate    pod_security     Value in, Value out
//!     signed_manifest
//!  2  config      source                                 configuration; a directory becomes manifests
//!  3  policy                                             wire types -> rules -> PolicySet
//!  4  engine                                             Review + PolicySet + Facts -> Decision
//!  5  output                                             decisions -> bytes
//!     tools                                              renderers that are programs
//!     operator                                           the operator's files, read and compiled
//!  6  render                                             a checkout -> verdict of a render
//!     suite       webhook     cmp                        test suites; everything that talks to a network
//!  7  cli                                                the only room that sees every room
//! ```
//!
//! Rooms 0 to 4 are synchronous and pure: clock, files, network and cluster come in as traits.
//! `clippy.toml` lists what they may not call; the list is switched on here, for them alone.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod document;

pub mod jmespath;
pub mod mutate;
pub mod pattern;
pub mod pod_security;
pub mod signed_manifest;
pub mod template;

pub mod config;
pub mod source;

pub mod policy;

pub mod engine;

#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod output;

#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod operator;

#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod tools;

#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod render;

#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
#[cfg(feature = "cmp")]
pub mod cmp;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod suite;
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
#[cfg(feature = "webhook")]
pub mod webhook;

#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod cli;
