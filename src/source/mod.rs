//! A directory becomes manifests, as Argo CD's Directory type reads it.
