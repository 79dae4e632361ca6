//! The values every room speaks: one dynamic [`Value`], how it is read and printed, and the
//! Kubernetes scalars (quantities, durations, selectors) that strings may hold.

pub mod de;
pub mod duration;
pub mod json;
pub mod labels;
pub mod manifest;
mod map;
pub mod path;
pub mod quantity;
mod value;
pub mod version;
pub mod wildcard;
pub mod yaml;

pub use duration::GoDuration;
pub use labels::Selector;
pub use map::Map;
pub use quantity::Quantity;
pub use value::{Str, Value};
pub use wildcard::Wildcard;
