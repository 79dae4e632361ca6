//! The admission webhook: HTTPS in front of the engine.
//!
//! A request's way: [`handlers`] reads the HTTP, [`review`] makes the engine's review of it, [`verdict`]
//! asks the engine and makes the answer, `output::admission` writes it. [`snapshot`] is what one review is
//! decided by, swapped whole by [`reload`]. [`server`] ties it to a port.
//!
//! Nothing that goes wrong here is an allow that nobody asked for: a deadline, an overload, a panic or
//! missing policies deny, except on the `/ignore` paths, whose policies say so, and there with a warning.

mod app;
pub mod certificate;
mod handlers;
mod metrics;
mod parent;
pub mod reload;
mod review;
pub mod server;
pub mod snapshot;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use app::{App, Limits};
pub use handlers::router;
pub use metrics::Metrics;
pub use snapshot::{Gate, Snapshot};
