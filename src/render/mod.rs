//! The render gate without its files: manifests in, [`Verdict`] out. Every object is decided as the
//! CREATE that Argo CD will ask for; what a render cannot know is deferred, never guessed.
//!
//! [`run`] is the order of a render, [`facts`] what it may know, [`generated`] how objects made by
//! policies are marked.

pub mod facts;
mod gate;
pub mod generated;
mod run;

pub use facts::RenderFacts;
pub use run::{Render, RenderError, Verdict, written_path};
