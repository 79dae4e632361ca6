//! The render gate: manifests in, [`Verdict`] out. Every object is decided as the CREATE that Argo CD will
//! ask for; what a render cannot know is deferred, never guessed.
//!
//! [`application`] is one application from its checkout to the verdict, [`own`] what its repository says of
//! itself, [`manifests`] the ways from a directory to manifests, [`run`] the order of a render, [`facts`] what
//! it may know, [`exceptions`] which exceptions count, [`drift`] its self-check, [`generated`] how objects
//! made by policies are marked, [`stop`] when it gives up, [`announce`] what it tells the
//! Parameters tab.

pub mod announce;
pub mod application;
mod drift;
mod exceptions;
pub mod facts;
mod gate;
pub mod generated;
pub mod manifests;
mod object;
pub mod own;
mod run;
pub mod stop;

pub use application::{Application, Refusal, now};
pub use facts::RenderFacts;
pub use object::written_path;
pub use run::{Render, RenderError, RenderFault, Verdict};
pub use stop::{Stop, Stopped};
