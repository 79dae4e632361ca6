//! The operator's [`GateConfiguration`] and the application's own [`RenderConfiguration`]
//! (`.rendergate.yaml`).
//!
//! Trust runs one way: a gate configuration is a mounted file and decides; an application's file can
//! only tighten. Nothing is read from `ARGOCD_ENV_*` or `PARAM_*`, which a committer can write
//! (chapter 80 §0.2). An unknown field is an error with file, line and the nearest valid name.

pub mod announcements;
pub mod application;
pub mod build;
mod error;
mod expand;
pub mod gate;
mod limits;
pub mod parameters;
pub mod render;
pub mod settings;
mod units;

pub use application::Application;
pub use build::BuildEnvironment;
pub use error::ConfigError;
pub use gate::{
    Enforcement, GateConfiguration, OnDeferred, OnDrift, OnRuleError, RenderedExceptions, SourceOverride, Term,
};
pub use limits::SourceLimits;
pub use render::RenderConfiguration;
pub use settings::Settings;
pub use units::{Period, Size};
