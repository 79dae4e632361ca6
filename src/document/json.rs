//! JSON text to and from [`super::Value`].
