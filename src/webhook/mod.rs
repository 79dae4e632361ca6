//! The admission webhook: HTTPS in front of the engine.
//!
//! A request's way: [`handlers`] reads the HTTP, [`review`] makes the engine's review of it, [`verdict`]
//! asks the engine and makes the answer, `output::admission` writes it. [`snapshot`] is what one review is
//! decided by, swapped whole by [`reload`]. [`server`] ties it to a port.
//!
//! Nothing that goes wrong here is an allow that nobody asked for: a deadline, an overload, a panic or
//! missing policies deny, except on the `/ignore` paths, whose policies say so, and there with a warning.

pub mod certificate;
mod metrics;
mod parent;
pub use metrics::Metrics;
