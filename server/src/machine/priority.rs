//! Whose turn it is on a busy core: threads that serve step back behind what is measured, and
//! what has time gives way to all else.

use nix::libc;
use nix::unistd::getpid;

/// How much nicer a thread is that serves, in the kernel's steps: each gives it a tenth less of
/// a core that others want as well. With five, and one other that wants the core, it gets about
/// a quarter of it, and is not always let in the moment it wakes up (see sched(7)).
const STEPS: i32 = 5;

/// Puts the calling thread, and all that it starts, behind the main thread and the processes
/// that that one starts. On an idle core nothing changes.
///
/// The kernel lets nobody take this back. So only threads that start no process that is
/// measured may do it.
pub fn step_back() {
    let id = |number: i32| libc::id_t::try_from(number).expect("a process has a positive id");
    // SAFETY: both calls take numbers and touch no memory.
    unsafe {
        // Under the process's own id, the kernel tells of its main thread.
        let main = libc::getpriority(libc::PRIO_PROCESS, id(getpid().as_raw()));
        // A thread may always be nicer; where a sandbox forbids the call, nothing is lost.
        libc::setpriority(libc::PRIO_PROCESS, 0, main + STEPS);
    }
}

/// Lets the calling thread work only while nobody else wants its core.
pub fn give_way() {
    step_back();
    let parameter = libc::sched_param { sched_priority: 0 };
    // SAFETY: the kernel reads the parameter during the call and keeps nothing of it.
    // Where the kernel forbids it, the thread has at least stepped back.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameter) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The niceness of the calling thread.
    fn niceness() -> i32 {
        // SAFETY: the call takes numbers and touches no memory.
        unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
    }

    #[test]
    fn a_thread_that_steps_back_takes_those_along_that_it_starts_and_no_others() {
        let before = niceness();
        let (own, inherited) = std::thread::spawn(|| {
            step_back();
            // Twice is not twice as far.
            step_back();
            (niceness(), std::thread::spawn(niceness).join().unwrap())
        })
        .join()
        .unwrap();
        assert_eq!((own, inherited), (before + STEPS, before + STEPS));
        assert_eq!(niceness(), before);
    }

    #[test]
    fn a_thread_that_gives_way_does_so_alone() {
        // SAFETY: the call takes a number and touches no memory.
        let policy = || unsafe { libc::sched_getscheduler(0) };
        let other = std::thread::spawn(move || {
            give_way();
            policy()
        });
        assert_eq!(other.join().unwrap(), libc::SCHED_IDLE);
        assert_eq!(policy(), libc::SCHED_OTHER);
    }
}
