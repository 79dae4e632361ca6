//! The calls to the kernel that a confined program may not make: whatever leads to a network, to another
//! process or out of what was taken from it. The kernel holds to it for the program and all it starts.
//!
//! A program that only reads files, computes and prints needs no socket of any family. Not even a Unix
//! socket is left: in a Pod there are those of other containers.

use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompFilter, apply_filter, sock_filter};

/// What a refused call fails with, as if the system's own rules forbade it.
const REFUSED: u32 = libc::EACCES.unsigned_abs();

/// The newest call that was judged (`file_setattr`, Linux 6.17). Newer ones do not exist for a confined
/// program; nor do the calls of x32, a second numbering of x86-64 that begins at 2^30.
const NEWEST: u32 = 469;

/// `open_tree_attr`, which no header of libc names yet; the same number everywhere.
const OPEN_TREE_ATTR: libc::c_long = 467;

/// Networks, whatever their family, and what could be done with a socket that was handed on.
const NETWORKS: &[libc::c_long] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    // Does all of the above by way of memory, where no filter sees it.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
];

/// The files and the memory of other processes, ours among them.
const PROCESSES: &[libc::c_long] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    // A process that leaves its group would outlive the render.
    libc::SYS_setsid,
    libc::SYS_setpgid,
];

/// Another view of the system.
const NAMESPACES: &[libc::c_long] = &[
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
];

/// Parts of the kernel that a renderer has no use for and that attacks like to begin with.
const KERNEL: &[libc::c_long] = &[
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
];

/// Refuses those calls from now on, to this thread and to what it becomes or starts. Sets `no_new_privs`:
/// a program with the set-user-ID bit gets no more rights than others.
///
/// # Errors
/// When the kernel does not take the filter, or there is none for this kind of processor.
pub(super) fn refuse() -> Result<(), seccompiler::Error> {
    apply_filter(&program()?)
}

/// The filter. A call in the manner of another kind of processor (i386 on x86-64, arm on aarch64) has other
/// numbers: it ends the process.
fn program() -> Result<BpfProgram, BackendError> {
    let calls = [NETWORKS, PROCESSES, NAMESPACES, KERNEL].into_iter().flatten();
    let filter = SeccompFilter::new(
        calls.map(|number| (*number, Vec::new())).collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(REFUSED),
        std::env::consts::ARCH.try_into()?,
    )?;
    let mut program = beyond_the_newest().to_vec();
    program.extend(BpfProgram::try_from(filter)?);
    Ok(program)
}

/// Answers calls above [`NEWEST`] as a kernel does that does not have them; lets others go on to what follows.
fn beyond_the_newest() -> [sock_filter; 3] {
    let step = |code: u32, jf: u8, k: u32| sock_filter { code: code as u16, jt: 0, jf, k };
    [
        // The number of the call is the first thing a filter is told.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 1, NEWEST + 1),
        step(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer: the instructions that occur here, carried out.
    fn answer(program: &[sock_filter], number: u32, processor: u32) -> u32 {
        let (mut at, mut held) = (0, 0);
        loop {
            let step = &program[at];
            let jump = |taken: bool| usize::from(if taken { step.jt } else { step.jf });
            at += 1;
            match u32::from(step.code) {
                code if code == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS => {
                    held = [number, processor][step.k as usize / 4];
                }
                code if code == libc::BPF_JMP | libc::BPF_JA => at += step.k as usize,
                code if code == libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K => at += jump(held == step.k),
                code if code == libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K => at += jump(held >= step.k),
                code if code == libc::BPF_RET | libc::BPF_K => return step.k,
                code => panic!("an instruction that was not foreseen: {code:#x}"),
            }
        }
    }

    /// `AUDIT_ARCH_X86_64` or `AUDIT_ARCH_AARCH64`: this one.
    const PROCESSOR: u32 = 0xc000_0000 | if cfg!(target_arch = "x86_64") { 62 } else { 183 };

    #[test]
    fn what_a_renderer_needs_is_allowed_and_no_socket() {
        let program = program().expect("this kind of processor is known");
        assert!(program.len() < 4096, "the kernel takes no longer ones");
        let of = |number: libc::c_long| answer(&program, u32::try_from(number).expect("small"), PROCESSOR);
        for number in [NETWORKS, PROCESSES, NAMESPACES, KERNEL].concat() {
            assert_eq!(of(number), libc::SECCOMP_RET_ERRNO | REFUSED, "{number}");
        }
        for number in [
            libc::SYS_read,
            libc::SYS_write,
            libc::SYS_openat,
            libc::SYS_mmap,
            libc::SYS_clone,
            libc::SYS_clone3,
            libc::SYS_execve,
            libc::SYS_futex,
            libc::SYS_epoll_create1,
            libc::SYS_epoll_pwait,
            libc::SYS_eventfd2,
            libc::SYS_pipe2,
            libc::SYS_tgkill,
            libc::SYS_getrandom,
            libc::SYS_exit_group,
        ] {
            assert_eq!(of(number), libc::SECCOMP_RET_ALLOW, "{number}");
        }
    }

    #[test]
    fn another_numbering_leads_nowhere() {
        let program = program().expect("this kind of processor is known");
        let missing = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
        // As x32 numbers them on x86-64.
        for number in [NETWORKS, PROCESSES, NAMESPACES, KERNEL].concat() {
            let number = u32::try_from(number).expect("small") | 1 << 30;
            assert_eq!(answer(&program, number, PROCESSOR), missing, "{number}");
        }
        assert_eq!(answer(&program, NEWEST + 1, PROCESSOR), missing);
        // i386 and arm, which the same kernels carry out.
        for processor in [0x4000_0003, 0x4000_0028] {
            assert_eq!(answer(&program, 1, processor), libc::SECCOMP_RET_KILL_PROCESS);
        }
    }

    #[test]
    fn no_call_is_newer_than_the_newest() {
        let calls = [NETWORKS, PROCESSES, NAMESPACES, KERNEL].concat();
        assert!(calls.iter().all(|number| u32::try_from(*number).is_ok_and(|n| n <= NEWEST)), "{calls:?}");
        let mut once = calls.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), calls.len(), "each is named once");
    }
}
