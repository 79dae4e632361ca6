//! Kyverno's JMESPath dialect: compiled expressions over a lazily read root.
