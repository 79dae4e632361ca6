//! Text inside XML.

/// The text without characters XML 1.0 does not allow.
pub(super) fn allowed(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r')).collect()
}

/// The text as content or attribute value.
pub(super) fn escape(text: &str) -> String {
    allowed(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
