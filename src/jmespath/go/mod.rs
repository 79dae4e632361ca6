//! Go's habits, where its texts and meanings show: number and value printing, JSON, regular expressions, time layouts.

pub mod json;
mod parse;
mod print;
pub(super) mod regex;
pub(super) mod time;

pub use parse::parse_float;
pub use print::{float_json, float_v, float32_text, quote, quote_char, value_text};
