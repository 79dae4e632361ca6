//! Argo CD's plugin protocol (chapter 80 §3), spoken by a process that stays: policies are compiled once and
//! archives are read in memory.
//!
//! A render's way: [`service`] is the wire, [`plugin`] the four calls, [`receive`] takes the archive in,
//! [`archive`] and [`tree`] make a checkout of it, `render` decides, [`answer`] says so. [`deadline`] and
//! [`places`] bound it in time and number, [`turns`] says who comes next. [`app`] is what all calls share,
//! [`server`] ties it to a socket, [`client`] is the other end.
//!
//! Nothing that goes wrong here is an empty render: an overload, a deadline, a panic or missing policies are
//! errors, and an error stops the sync.

pub mod answer;
pub mod app;
pub mod archive;
pub mod client;
pub mod deadline;
pub mod metrics;
pub mod places;
pub mod plugin;
pub mod protocol;
pub mod receive;
pub mod server;
pub mod service;
pub mod socket;
pub mod spool;
pub mod tree;
pub mod turns;
mod watch;

pub use app::{App, Limits};
