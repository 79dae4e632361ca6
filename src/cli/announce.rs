//! `announce`: what stands in an application's Parameters tab, for argocd-cmp-server to pass on. There
//! Argo CD tells a plugin its name and repository only (chapter 80 §5).

use std::path::PathBuf;

use crate::config::BuildEnvironment;
use crate::config::announcements::to_json;
use crate::operator::Word;
use crate::render::announce::announcements;

use super::checkout::Checkout;
use super::generate::CONFIGURATION;
use super::{ExitStatus, Io};

/// Arguments of `announce`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The application's directory.
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// The gate's configuration; without it RENDERGATE_CONFIG, then /etc/rendergate/config.yaml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    match announce(args) {
        Ok(text) => {
            io.print(format_args!("{text}\n"));
            ExitStatus::Clean
        }
        Err(problem) => {
            io.say(format_args!("rendergate: nothing can be announced: {problem}\n"));
            ExitStatus::CouldNotWork
        }
    }
}

fn announce(args: &Args) -> Result<String, String> {
    let build = BuildEnvironment::from_variables(|name| std::env::var(name).ok());
    let file = args
        .config
        .clone()
        .or_else(|| std::env::var_os("RENDERGATE_CONFIG").map(PathBuf::from))
        .unwrap_or_else(|| CONFIGURATION.into());
    let word = Word::read(&file)?;
    let digest = word.digest()?;
    let checkout = Checkout::open(&args.directory, build.application.path.as_deref())?;
    Ok(to_json(&announcements(&checkout.files, &checkout.directory, &digest)?))
}
