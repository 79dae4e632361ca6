//! YAML text to and from [`super::Value`]: what it means to kubectl and Argo CD, with places.
