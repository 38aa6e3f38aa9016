"""What the kernel lets this process and all of its children see: for servers beside other tenants' files.

Landlock (Linux 5.13) bounds which files can be opened, and keeps them from looking into processes
outside, whose environment may hold secrets, and from Linux 6.12 on from sending them signals. Capabilities are given up, and no program that is
executed gets any. Sockets of the file system, such as a container engine's, cannot be made (seccomp).
The network is not bounded. There is no way back.

Source: landlock(7), capabilities(7), seccomp(2), the kernel's `include/uapi/linux/landlock.h`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522

# Programs, libraries, and what the C library, TLS and the time zones need. Never /etc as a whole:
# the agent's configuration may be there.
_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store",
    "/proc", "/sys/devices/system", "/dev/random", "/dev/urandom",
    "/etc/alternatives", "/etc/ca-certificates", "/etc/crypto-policies", "/etc/gai.conf",
    "/etc/group", "/etc/host.conf", "/etc/hostname", "/etc/hosts", "/etc/ld.so.cache",
    "/etc/locale.alias", "/etc/localtime", "/etc/mime.types", "/etc/nsswitch.conf",
    "/etc/os-release", "/etc/passwd", "/etc/pki/ca-trust", "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs", "/etc/pki/tls/openssl.cnf", "/etc/protocols", "/etc/resolv.conf",
    "/etc/services", "/etc/ssl/cert.pem", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
    "/etc/timezone",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
# Their `resolv.conf` is replaced, not written, when the network changes.
_RESOLVERS = ("/run/systemd/resolve", "/run/resolvconf")
_libc = ctypes.CDLL(None, use_errno=True)


def confine(readable: Iterable[str], writable: Iterable[str]) -> list[str]:
    """Bound this thread, and what it starts from now on, to the system's own files, those below
    `readable`, and those below `writable`. Threads that run already are not bounded.

    What the kernel cannot do is told, as sentences for the log. OSError where it fails at
    something that it can do: then nothing may be served."""
    missing = []
    # Not this process's memory either: it has threads from before.
    _check(_prctl(_PR_SET_DUMPABLE, 0), "prctl(PR_SET_DUMPABLE)")
    _check(_prctl(_PR_SET_NO_NEW_PRIVS, 1), "prctl(PR_SET_NO_NEW_PRIVS)")
    if not _bound_files([*_SYSTEM, *_RESOLVERS, *_interpreter(), *readable], writable):
        missing.append(
            "this kernel has no Landlock: utilities can open what the agent's user can, other tenants' "
            "files and the catalog included"
        )
    _give_up_capabilities()
    if not _refuse_local_sockets():
        missing.append("sockets of other programs, such as a container engine's, are open to utilities")
    return missing


def _interpreter() -> list[str]:
    """Where this Python has its modules: it may be none of the system's."""
    places = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path]
    return [*places, os.path.realpath(sys.executable), os.path.dirname(os.path.dirname(__file__))]


def _prctl(option: int, *values: int) -> int:
    arguments = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    return _libc.prctl(option, *arguments)


def _check(status: int, what: str) -> int:
    if status < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what} failed: {os.strerror(number)}")
    return status


def _bound_files(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """False where the kernel has no Landlock, or was started without it."""
    version = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 0 and ctypes.get_errno() in (errno.ENOSYS, errno.EOPNOTSUPP):
        return False
    _check(version, "asking for Landlock's version")
    handled = (1 << 13) - 1
    if version >= 2:
        handled |= _REFER
    if version >= 3:
        handled |= _TRUNCATE
    # From 6 on signals, and abstract sockets, end at the same wall.
    scoped = (_ABSTRACT_SOCKETS | _SIGNALS,) if version >= 6 else ()
    attributes = struct.pack("=QQQ", handled, 0, *scoped) if scoped else struct.pack("=Q", handled)
    rules = _check(
        _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0),
        "making a Landlock ruleset",
    )
    try:
        for path in dict.fromkeys(readable):
            _allow(rules, path, _READ & handled)
        for path in _DEVICES:
            _allow(rules, path, (_READ_FILE | _WRITE_FILE | _TRUNCATE) & handled)
        for path in writable:
            _allow(rules, path, handled)
        _check(_libc.syscall(_RESTRICT_SELF, rules, 0), "applying Landlock")
    finally:
        os.close(rules)
    return True


def _allow(rules: int, path: str, access: int) -> None:
    """Nothing to do where there is no such path; the whole file system is never meant."""
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        if os.path.realpath(path) == "/":
            return
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            access &= _OF_FILES
        rule = struct.pack("=Qi", access, fd)
        _check(_libc.syscall(_ADD_RULE, rules, 1, rule, 0), f"allowing {path}")
    finally:
        os.close(fd)


def _give_up_capabilities() -> None:
    """Also for root, whose files stay its own."""
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    for capability in range(last + 1):
        if _prctl(_PR_CAPBSET_DROP, capability) < 0:
            break  # EPERM: no right to it, hence none to give up
    header, nothing = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24)
    _check(_libc.capset(header, nothing), "capset")


# AUDIT_ARCH_*, socket(2), io_uring_setup(2): its requests would pass by the filter.
_MACHINES = {"x86_64": (0xC000003E, 41, 425), "aarch64": (0xC00000B7, 198, 425)}


def _refuse_local_sockets() -> bool:
    """Have `socket(AF_UNIX)` fail with EACCES; socketpair(2), which reaches nobody, goes on.
    False on a machine whose numbers are not known here."""
    if os.uname().machine not in _MACHINES:
        return False
    architecture, socket, io_uring_setup = _MACHINES[os.uname().machine]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, JEQ, JGE, RET
    allowed, refused = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
    program = [
        (load, 0, 0, 4),  # the architecture
        (equal, 0, 8, architecture),
        (load, 0, 0, 0),  # the number of the system call
        (at_least, 6, 0, 0x40000000),  # x32
        (equal, 4, 0, io_uring_setup),
        (equal, 0, 2, socket),
        (load, 0, 0, 16),  # its first argument
        (equal, 2, 0, 1),  # AF_UNIX
        (answer, 0, 0, allowed),
        (answer, 0, 0, refused | errno.ENOSYS),
        (answer, 0, 0, refused | errno.EACCES),
    ]
    instructions = ctypes.create_string_buffer(
        b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    )
    filter_ = ctypes.create_string_buffer(
        struct.pack("@HP", len(program), ctypes.addressof(instructions))
    )
    status = _prctl(_PR_SET_SECCOMP, 2, ctypes.addressof(filter_))
    if status < 0 and ctypes.get_errno() == errno.EINVAL:
        return False  # a kernel without filters
    _check(status, "prctl(PR_SET_SECCOMP)")
    return True
