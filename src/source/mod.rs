//! A directory becomes manifests, as Argo CD's Directory type reads it (chapter 80 §7), with the
//! limits a hostile repository calls for (§11). What cannot be read is an error with file, line and
//! remedy; nothing is silently dropped.
//!
//! [`mod@detect`] tells which renderer a directory asks for. [`directory::read`] walks [`Files`], [`objects`]
//! turns documents into manifests. For the renderers that are programs, [`kustomize`], [`helm`] and
//! [`jsonnet`] find what they need in the checkout and refuse what would be fetched, and [`rendered`] reads
//! what they print; running them is the room `tools`.
//! [`overrides`] refuses files that would change the plugin.

pub mod detect;
pub mod directory;
mod error;
pub mod files;
pub mod glob;
pub mod helm;
pub mod identity;
pub mod jsonnet;
pub mod kustomize;
pub mod needs;
mod objects;
pub mod overrides;
pub mod paths;
pub mod rendered;

pub use crate::config::SourceLimits as Limits;
pub use detect::detect;
pub use directory::{RENDER_CONFIGURATION, Reading, Tree, read, read_with};
pub use error::{Fault, SourceError};
pub use files::{Entry, EntryKind, FileFault, Files, MemoryFiles};
pub use identity::{Identity, Scopes, first_repeated};
pub use needs::Needs;
