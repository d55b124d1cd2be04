"""Landlock by system call: what a process may still read once it has confined itself.

See landlock(7). The standard library does not know it.
"""

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

# The same numbers on all architectures.
_CREATE_RULESET, _ADD_RULE = 444, 445
_VERSION = 1
_RULE_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_WRITE_FILE = 1 << 1
# How many rights over files, over the network and over other scopes each ABI knows.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TRUNCATE_ABI = 3
_NETWORK_ABI, _NETWORK_RIGHTS = 4, 0b11
_SCOPE_ABI, _SCOPES = 6, 0b11

_HARMLESS_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")

_libc = ctypes.CDLL(None, use_errno=True)


class _Attributes(ctypes.Structure):
    """``struct landlock_ruleset_attr``."""

    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """Version of Landlock in this kernel; 0 where it has none or may not be used."""
    version: int = _libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    return max(version, 0)


def suffices() -> bool:
    """Whether this kernel's Landlock keeps programs from changing any file of anyone's.

    Before ABI 3 it does not stop a reader from cutting a file off, if its owner is the reader.
    As root we run programs as users who own nothing.
    """
    return abi() >= _TRUNCATE_ABI or (abi() > 0 and os.geteuid() == 0)


def ruleset(readable: Iterable[Path]) -> int:
    """Descriptor of rules that allow reading ``readable`` and nothing else of files and network.

    Raises OSError where Landlock cannot be used.
    """
    version = abi()
    attributes = _Attributes((1 << _FILE_RIGHTS.get(version, _FILE_RIGHTS[5])) - 1, 0, 0)
    size = 8
    if version >= _NETWORK_ABI:
        attributes.handled_access_net, size = _NETWORK_RIGHTS, 16
    if version >= _SCOPE_ABI:
        attributes.scoped, size = _SCOPES, 24
    fd: int = _libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    try:
        for path in readable:
            _allow(fd, path, _READ_FILE | _READ_DIR)
        for device in map(Path, _HARMLESS_DEVICES):
            if device.exists():
                _allow(fd, device, _READ_FILE | _WRITE_FILE)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _allow(ruleset: int, path: Path, rights: int) -> None:
    target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(target).st_mode):
            rights &= ~_READ_DIR
        rule = _PathBeneath(rights, target)
        if _libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0):
            raise OSError(ctypes.get_errno(), f"landlock_add_rule {path}")
    finally:
        os.close(target)
