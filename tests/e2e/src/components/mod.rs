//! The real programs around the gate, each started as its operator would.

mod control_plane;
mod controllers;
mod gate;
mod repo_server;
mod server;
mod webhook;

pub use control_plane::ControlPlane;
pub use controllers::Controllers;
pub use gate::{Gate, Mode, PLUGIN};
pub use repo_server::RepoServer;
pub use server::Server;
pub use webhook::Webhook;
