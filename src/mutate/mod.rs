//! Strategic merge with anchors, JSON patch, merge patch: value in, value out.
