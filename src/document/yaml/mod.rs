//! YAML as kubectl and Argo CD understand it (sigs.k8s.io/yaml on go-yaml v2: YAML 1.1 scalars,
//! keys turned into text), over yaml-rust2's pull parser and an explicit stack.

mod build;
mod error;
mod limits;
mod locate;
mod order;
mod quote;
mod read;
mod scalar;
#[cfg(test)]
mod tests;
mod text;
mod wanted;
mod write;

pub use error::{Position, Problem, YamlError};
pub use limits::Limits;
pub use locate::{locate, locate_all, locate_items};
pub use read::{Document, Duplicate, read, read_part};
pub use write::{Layout, write, write_sorted, write_with, write_with_indent};
