//! Go's habits, where its texts and meanings show: number and value printing, JSON, regular expressions, time layouts.

mod print;
pub mod json;
pub(super) mod regex;
pub(super) mod time;

pub use print::{float_e_notation_above, float32_text, quote, quote_char, value_text};
