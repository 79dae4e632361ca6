//! Programs of a few instructions that ask for a socket in the three ways an x86-64 kernel knows, and exit with
//! the error they get.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;

use std::process::{Command, Output};

use super::{rendergate, started};

/// A program of one segment.
fn program(code: &[u8]) -> Vec<u8> {
    const AT: u64 = 0x40_0000;
    let head: u64 = 64 + 56;
    let length = head + code.len() as u64;
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut put = |width: usize, number: u64| file.extend(&number.to_le_bytes()[..width]);
    // Executable, x86-64, version; where it begins; its one program header; the sizes of headers.
    for (width, number) in [(2, 2), (2, 62), (4, 1), (8, AT + head), (8, 64), (8, 0), (4, 0), (2, 64), (2, 56), (2, 1)]
    {
        put(width, number);
    }
    [64, 0, 0].into_iter().for_each(|number| put(2, number));
    // Loaded, readable and executable.
    for (width, number) in [(4, 1), (4, 5), (8, 0), (8, AT), (8, AT), (8, length), (8, length), (8, 4096)] {
        put(width, number);
    }
    file.extend(code);
    file
}

/// `socket(AF_INET, SOCK_STREAM, 0)` by the call of this number, then `exit` with what came of it.
fn native(number: u32) -> Vec<u8> {
    let mut code = vec![0xb8];
    code.extend(number.to_le_bytes());
    code.extend([0xbf, 2, 0, 0, 0, 0xbe, 1, 0, 0, 0, 0x31, 0xd2, 0x0f, 0x05]);
    code.extend([0xf7, 0xd8, 0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]);
    program(&code)
}

/// The same in the manner of i386.
fn i386() -> Vec<u8> {
    let socket = [0xb8, 0x67, 1, 0, 0, 0xbb, 2, 0, 0, 0, 0xb9, 1, 0, 0, 0, 0x31, 0xd2, 0xcd, 0x80];
    let exit = [0xf7, 0xd8, 0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05];
    program(&[&socket[..], &exit].concat())
}

/// How it ends when it is free, and when it is confined.
fn ends(program: &[u8]) -> (Output, Output) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("works in a test");
    let path = directory.path().join("program");
    std::fs::write(&path, program).expect("works in a test");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("works in a test");
    (started(&mut Command::new(&path)), started(rendergate().args(["confined", "--"]).arg(&path)))
}

#[test]
fn the_plain_call_is_refused() {
    let (free, confined) = ends(&native(41));
    assert_eq!((free.status.code(), confined.status.code()), (Some(256 - 3), Some(libc::EACCES)), "{confined:?}");
}

#[test]
fn the_numbers_of_x32_lead_nowhere() {
    let (free, confined) = ends(&native(41 | 1 << 30));
    if free.status.code() == Some(libc::ENOSYS) {
        eprintln!("the kernel knows no x32: that it is refused was not seen here");
    }
    assert_eq!(confined.status.code(), Some(libc::ENOSYS), "{confined:?}");
}

#[test]
fn the_calls_of_i386_end_it() {
    let (free, confined) = ends(&i386());
    if free.status.signal().is_some() {
        eprintln!("skipped: the kernel knows no i386");
        return;
    }
    assert_eq!(free.status.code(), Some(256 - 3), "{free:?}");
    assert_eq!(confined.status.signal(), Some(libc::SIGSYS), "{confined:?}");
}
