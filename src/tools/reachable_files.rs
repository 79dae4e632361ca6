//! The files that a confined program reaches: its own, those of its workspace, and the few of the system that
//! every program of Go or libc looks at. The kernel holds to it (Landlock), for the program and all it starts.
//!
//! Not every kernel has Landlock, and older ones have less of it: what there is, is used. That something exists,
//! and its size and time, can be seen of every file in any case.

use std::io::Read as _;
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset, RulesetAttr as _,
    RulesetCreated, RulesetCreatedAttr as _, RulesetError, Scope,
};

/// The newest version of Landlock that is asked for (Linux 6.12); an older kernel does what it can.
const VERSION: ABI = ABI::V6;

/// What is read by the runtimes of Go and libc: the time zone, themselves, the processors they may use, the size
/// of pages, and where randomness comes from.
const READ: &[&str] = &[
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/proc/self",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
    "/dev/urandom",
];

/// What a script, or a program linked with libraries, needs to begin: interpreters and libraries as they were
/// installed.
const INSTALLED: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/alternatives",
];

/// Directories of a [`super::workspace::Workspace`] that its program may write to.
const WRITTEN: &[&str] = &["home", "tmp"];

/// Takes every other file from this thread and what it becomes or starts; with them connections by TCP, signals
/// to others and their abstract sockets, where the kernel knows how. Without a `workspace` nothing is written.
///
/// # Errors
/// When the kernel has Landlock and does not do what is asked.
pub(super) fn restrict(program: &Path, workspace: Option<&Path>) -> Result<(), RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let execute = AccessFs::ReadFile | AccessFs::Execute;
    let write = AccessFs::from_all(VERSION)
        & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeSock | AccessFs::IoctlDev);
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(VERSION))?
        .handle_access(AccessNet::from_all(VERSION))?
        .scope(Scope::from_all(VERSION))?
        .create()?;
    rules = allow(rules, program, execute)?;
    rules = allow(rules, Path::new("/dev/null"), AccessFs::ReadFile | AccessFs::WriteFile)?;
    for path in READ {
        rules = allow(rules, Path::new(path), read)?;
    }
    if !stands_alone(program) {
        for path in INSTALLED {
            rules = allow(rules, Path::new(path), read | execute)?;
        }
    }
    if let Some(workspace) = workspace {
        rules = allow(rules, workspace, read)?;
        for inside in WRITTEN {
            rules = allow(rules, &workspace.join(inside), write)?;
        }
    }
    rules.restrict_self().map(drop)
}

/// Allows `access` below `path`, if it is there.
fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, RulesetError> {
    match PathFd::new(path) {
        Ok(opened) => rules.add_rule(PathBeneath::new(opened, access)),
        Err(_) => Ok(rules),
    }
}

/// Whether the kernel offers Landlock to this process.
#[must_use]
pub fn offered() -> bool {
    // Only a process, or a thread, that restricts itself learns it.
    let asked = std::thread::spawn(|| {
        let rules = Ruleset::default().handle_access(AccessFs::MakeBlock).and_then(Ruleset::create);
        rules.and_then(RulesetCreated::restrict_self)
    });
    let answer = asked.join();
    matches!(answer, Ok(Ok(status)) if matches!(status.landlock, LandlockStatus::Available { .. }))
}

/// Whether this is a program that needs no other file to begin: linked statically, as the published helm,
/// kustomize and kubectl are.
fn stands_alone(program: &Path) -> bool {
    let mut head = Vec::new();
    let read = std::fs::File::open(program).and_then(|file| file.take(4096).read_to_end(&mut head));
    read.is_ok() && names_no_interpreter(&head) == Some(true)
}

/// Whether the beginning of an ELF file of 64 bits holds all its program headers, and none that names an
/// interpreter.
fn names_no_interpreter(head: &[u8]) -> Option<bool> {
    const INTERPRETER: u32 = 3;
    let number = |at: usize, width: usize| {
        let mut bytes = [0; 8];
        bytes.get_mut(..width)?.copy_from_slice(head.get(at..at.checked_add(width)?)?);
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    };
    if head.get(..6)? != [0x7f, b'E', b'L', b'F', 2, 1] {
        return None;
    }
    let (first, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    for index in 0..count {
        let at = first.checked_add(index.checked_mul(size)?)?;
        if number(at, 4)? == INTERPRETER as usize {
            return Some(false);
        }
    }
    Some(count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The headers of a program with segments of these kinds.
    fn program(kinds: &[u32]) -> Vec<u8> {
        let mut head = vec![0; 64 + 56 * kinds.len()];
        head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
        (head[32], head[54], head[56]) = (64, 56, u8::try_from(kinds.len()).expect("few"));
        for (index, kind) in kinds.iter().enumerate() {
            head[64 + 56 * index..][..4].copy_from_slice(&kind.to_le_bytes());
        }
        head
    }

    #[test]
    fn only_a_static_program_stands_alone() {
        assert_eq!(names_no_interpreter(&program(&[6, 1, 1])), Some(true));
        assert_eq!(names_no_interpreter(&program(&[6, 3, 1])), Some(false));
        let whole = program(&[1, 1, 3]);
        for end in 0..whole.len() - 56 {
            assert_eq!(names_no_interpreter(&whole[..end]), None, "{end}");
        }
        assert_eq!(names_no_interpreter(b"#!/bin/sh\nexec helm\n"), None);
        let mut wrong = program(&[1]);
        wrong[32..40].fill(0xff);
        assert_eq!(names_no_interpreter(&wrong), None);
        assert!(!stands_alone(Path::new("/nonexistent/helm")));
    }
}
