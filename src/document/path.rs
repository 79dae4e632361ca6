//! Places inside a document: JSON pointers.
