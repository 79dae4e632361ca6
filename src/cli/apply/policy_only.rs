//! `apply --policy-only`: whether the policies are well-formed and allowed, with file and line of
//! what is not. Nothing is evaluated.

use crate::suite::policies::{self, Notice};

use super::{Args, ExitStatus, Io, input};

/// Reads policies and prints a line for each that is wrong, then a line of counts. Documents that
/// are no policies are passed over; other losses count as wrong.
pub fn run(args: &Args, io: &mut Io) -> Result<ExitStatus, String> {
    let is_stdin = args.policies.iter().any(|p| p.as_os_str() == "-");
    let text = if is_stdin { input::stdin(io)? } else { None };
    let read = policies::load_forgiving(&args.policies, text.as_deref());
    for warning in &read.deprecations {
        io.say(format_args!("{warning}\n"));
    }
    let lost = read.notices.iter().map(|notice| match notice {
        Notice::Document { reason, .. } => reason.clone(),
        Notice::Missing(_) | Notice::NotYaml(_) | Notice::Hidden(_) => notice.to_string(),
    });
    let unusable = read.unusable.iter().map(|(_, reason)| reason.clone());
    let rejected = read.loaded.rejected.iter().map(|r| r.diagnostic.to_string());
    let refused = read.loaded.refused_exceptions.iter().map(|(_, r)| r.diagnostic.to_string());
    let unsupported = read.loaded.unsupported.iter().map(|u| u.diagnostic.to_string());
    let wrong: Vec<String> = lost.chain(unusable).chain(rejected).chain(refused).chain(unsupported).collect();
    for line in &wrong {
        io.print(format_args!("{line}\n"));
    }
    let (good, exceptions) = (read.loaded.policies.len() + read.loaded.cleanups.len(), read.loaded.exceptions.len());
    if good == 0 && exceptions == 0 && wrong.is_empty() {
        return Err("there is no policy in the input".to_owned());
    }
    io.print(format_args!("policies: {good}, exceptions: {exceptions}, refused: {}\n", wrong.len()));
    let deprecated = args.warnings_as_errors && !read.deprecations.is_empty();
    Ok(if !wrong.is_empty() || deprecated { ExitStatus::PolicySaidNo } else { ExitStatus::Clean })
}
