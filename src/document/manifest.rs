//! A value proven to be a Kubernetes object.
