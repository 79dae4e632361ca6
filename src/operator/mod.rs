//! The operator's word: a GateConfiguration and the files it names, read, compiled and digested. Shared by
//! every door that a configuration guards.
//!
//! [`Word`] is the configuration, [`Section`] what of it holds for one application, [`Bundle`] everything at
//! once for a process that stays, [`reload`] how a new one comes into force; [`files`] and [`policies`] read
//! what is named.

pub mod bundle;
pub mod files;
pub mod policies;
pub mod reload;
pub mod word;

pub use bundle::{Bundle, BundleFile};
pub use word::{KnownObjects, Section, Word};
