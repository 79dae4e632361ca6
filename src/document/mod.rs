//! The values every room speaks: one dynamic [`Value`], how it is read and printed, and the
//! Kubernetes scalars (quantities, durations, selectors) that strings may hold.

pub mod de;
pub mod duration;
pub mod go_text;
pub mod hex;
pub mod image_reference;
pub mod json;
pub mod labels;
pub mod manifest;
mod map;
pub mod number;
pub mod path;
#[cfg(test)]
mod properties;
pub mod quantity;
pub mod scope;
mod value;
mod value_serde;
pub mod version;
pub mod wildcard;
pub mod yaml;

pub use duration::GoDuration;
pub use labels::Selector;
pub use manifest::{Gvk, Manifest, Source};
pub use map::Map;
pub use path::{Pointer, Segment};
pub use quantity::Quantity;
pub use value::{Str, Value};
pub use wildcard::Wildcard;
