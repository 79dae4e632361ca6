//! The pattern language: operators, anchors, structural matching; condition operators.
