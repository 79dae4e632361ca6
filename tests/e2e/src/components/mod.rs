//! The real programs around the gate, each started as its operator would.

mod commit_server;
mod control_plane;
mod controllers;
mod gate;
mod repo_server;
mod server;
mod webhook;

pub use commit_server::CommitServer;
pub use control_plane::ControlPlane;
pub use controllers::{APP_RESYNC, Controllers, GRACE_PERIOD};
pub use gate::{Gate, Mode, PLUGIN};
pub use repo_server::RepoServer;
pub use server::Server;
pub use webhook::Webhook;
