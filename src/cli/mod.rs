//! Commands: the only room that sees every room.
