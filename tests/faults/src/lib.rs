//! Makes the Nth call of one function of the C library fail, in processes that are
//! `filature worker`: loaded by `LD_PRELOAD`, told by the environment.
//!
//! - `FAULT_CALL`: the function's name, one of those below.
//! - `FAULT_NUMBER`: which call of it fails; the first one has number 1.
//! - `FAULT_ERRNO`: the number of the error that it fails with.
//! - `FAULT_MARK`: a file that is made when it has failed.
//!
//! Rust's standard library and Tokio reach the kernel through these symbols. What stands
//! here may neither allocate nor lock, since it is called from wherever they are.

use libc::{c_char, c_int, c_long, c_void, size_t, sockaddr, socklen_t, ssize_t};
use std::ffi::CStr;
use std::mem::transmute_copy;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering::Relaxed};

/// The name of the function that fails; null in processes that are left alone.
static CALL: AtomicPtr<c_char> = AtomicPtr::new(std::ptr::null_mut());
static MARK: AtomicPtr<c_char> = AtomicPtr::new(std::ptr::null_mut());
static NUMBER: AtomicU64 = AtomicU64::new(0);
static ERRNO: AtomicI32 = AtomicI32::new(0);
static CALLED: AtomicU64 = AtomicU64::new(0);

/// The loader calls it with the arguments of the program, before that begins.
#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: extern "C" fn(c_int, *const *const c_char) = begin;

extern "C" fn begin(count: c_int, arguments: *const *const c_char) {
    if count < 2 {
        return;
    }
    // SAFETY: the loader hands over as many arguments as it says.
    let command = unsafe { CStr::from_ptr(*arguments.add(1)) };
    if command != c"worker" {
        return;
    }
    NUMBER.store(number(c"FAULT_NUMBER"), Relaxed);
    ERRNO.store(number(c"FAULT_ERRNO") as i32, Relaxed);
    MARK.store(variable(c"FAULT_MARK"), Relaxed);
    CALL.store(variable(c"FAULT_CALL"), Relaxed);
}

fn variable(name: &CStr) -> *mut c_char {
    // SAFETY: the name is a C string, and the program has no second thread yet.
    unsafe { libc::getenv(name.as_ptr()) }
}

fn number(name: &CStr) -> u64 {
    let text = variable(name);
    if text.is_null() {
        return 0;
    }
    // SAFETY: what the environment holds are C strings.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_bytes().iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// The error that this call of `name` is to fail with, if it is the one.
fn fault(name: &CStr) -> Option<c_int> {
    let call = CALL.load(Relaxed);
    if call.is_null() {
        return None;
    }
    // SAFETY: the environment of a program under test is not changed.
    if unsafe { CStr::from_ptr(call) } != name {
        return None;
    }
    if CALLED.fetch_add(1, Relaxed) + 1 != NUMBER.load(Relaxed) {
        return None;
    }
    let mark = MARK.load(Relaxed);
    if !mark.is_null() {
        let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_CLOEXEC;
        // SAFETY: the path is a C string. The kernel is called without the functions below.
        unsafe {
            let file = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, mark, flags, 0o600);
            libc::syscall(libc::SYS_close, file);
        }
    }
    Some(ERRNO.load(Relaxed))
}

/// Fails as functions of the C library do: with -1 and `errno`.
fn failed(errno: c_int) -> c_int {
    // SAFETY: the place of `errno` is this thread's own.
    unsafe { *libc::__errno_location() = errno };
    -1
}

/// The function of that name behind this library.
fn next(name: &CStr) -> *mut c_void {
    // SAFETY: the name is a C string.
    unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) }
}

/// Functions of the C library that fail once and are otherwise what they were.
macro_rules! may_fail {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {$(
        /// What the C library's function of that name does, but for the call that fails.
        ///
        /// # Safety
        /// That of the C library's function.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $kind),*) -> $answer {
            const NAME: &CStr = match CStr::from_bytes_with_nul(
                concat!(stringify!($name), "\0").as_bytes(),
            ) {
                Ok(name) => name,
                Err(_) => panic!("a name without NUL"),
            };
            if let Some(errno) = fault(NAME) {
                return failed(errno) as $answer;
            }
            let next = next(NAME);
            // SAFETY: the function of that name takes and returns just these, and the caller
            // has promised the rest.
            unsafe {
                let next: unsafe extern "C" fn($($kind),*) -> $answer = transmute_copy(&next);
                next($($argument),*)
            }
        }
    )*};
}

may_fail! {
    socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int;
    bind(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int;
    listen(socket: c_int, backlog: c_int) -> c_int;
    connect(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int;
    accept4(socket: c_int, address: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int;
    setsockopt(socket: c_int, level: c_int, name: c_int, value: *const c_void, length: socklen_t) -> c_int;
    getsockname(socket: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int;
    shutdown(socket: c_int, how: c_int) -> c_int;
    send(socket: c_int, bytes: *const c_void, length: size_t, flags: c_int) -> ssize_t;
    recv(socket: c_int, bytes: *mut c_void, length: size_t, flags: c_int) -> ssize_t;
    write(file: c_int, bytes: *const c_void, length: size_t) -> ssize_t;
    writev(file: c_int, pieces: *const libc::iovec, count: c_int) -> ssize_t;
    read(file: c_int, bytes: *mut c_void, length: size_t) -> ssize_t;
    readv(file: c_int, pieces: *const libc::iovec, count: c_int) -> ssize_t;
    epoll_create1(flags: c_int) -> c_int;
    epoll_ctl(epoll: c_int, what: c_int, file: c_int, event: *mut libc::epoll_event) -> c_int;
    epoll_wait(epoll: c_int, events: *mut libc::epoll_event, count: c_int, timeout: c_int) -> c_int;
    eventfd(count: libc::c_uint, flags: c_int) -> c_int;
    fcntl(file: c_int, command: c_int, argument: c_long) -> c_int;
}

/// What starts a thread; it returns its error instead of setting `errno`.
///
/// # Safety
/// That of the C library's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: extern "C" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
) -> c_int {
    if let Some(errno) = fault(c"pthread_create") {
        return errno;
    }
    type Create = unsafe extern "C" fn(
        *mut libc::pthread_t,
        *const libc::pthread_attr_t,
        extern "C" fn(*mut c_void) -> *mut c_void,
        *mut c_void,
    ) -> c_int;
    let next = next(c"pthread_create");
    // SAFETY: the function of that name takes and returns just these, and the caller has
    // promised the rest.
    unsafe {
        let next: Create = transmute_copy(&next);
        next(thread, attributes, start, argument)
    }
}

/// What maps memory.
///
/// # Safety
/// That of the C library's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap64(
    at: *mut c_void,
    length: size_t,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: libc::off_t,
) -> *mut c_void {
    if let Some(errno) = fault(c"mmap64") {
        failed(errno);
        return libc::MAP_FAILED;
    }
    type Map =
        unsafe extern "C" fn(*mut c_void, size_t, c_int, c_int, c_int, libc::off_t) -> *mut c_void;
    let next = next(c"mmap64");
    // SAFETY: as above.
    unsafe {
        let next: Map = transmute_copy(&next);
        next(at, length, protection, flags, file, offset)
    }
}
