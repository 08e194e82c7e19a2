"""What Windows and macOS do otherwise than Linux, done on Linux: to the calls of the system, below what is tested.

``without_case`` gives a folder names that are the same in any case. ``windows`` makes the calls refuse what Windows
refuses. ``CHILD`` is for a process of its own: it takes from Python what Python does not have on Windows.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any

import filelock
import pytest

from packager import writing
from packager.writing import fold

# What Windows says: access denied, in use, there already, no such function.
DENIED, IN_USE, EXISTS, NO_FUNCTION = 5, 32, 183, 1
_ERRNO = {
    DENIED: errno.EACCES,
    IN_USE: errno.EACCES,
    EXISTS: errno.EEXIST,
    NO_FUNCTION: errno.EINVAL,
}


def refusal(winerror: int, path: Any) -> OSError:
    """The error that Python raises on Windows."""
    code = _ERRNO[winerror]
    error = OSError(code, os.strerror(code), os.fspath(path))
    error.winerror = winerror  # type: ignore[attr-defined, unused-ignore]
    return error


def without_case(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Make ``root`` a disk that keeps the case of names, and takes them for the same in any."""
    listdir, rename = os.listdir, os.rename

    def real(path: Any, *, as_given: bool = False) -> Any:
        """``path`` as it stands on the disk; with ``as_given`` its last part as it is given."""
        if isinstance(path, int) or not (text := os.fsdecode(path)).startswith(f"{root}{os.sep}"):
            return path
        found = str(root)
        parts = PurePath(text).relative_to(root).parts
        for index, part in enumerate(parts):
            try:
                names = listdir(found)
            except OSError:
                names = []
            name = part
            if part not in names and not (as_given and index == len(parts) - 1):
                name = next((other for other in names if fold(other) == fold(part)), part)
            found = f"{found}{os.sep}{name}"
        return os.fsencode(found) if isinstance(path, bytes) else found

    def over(module: Any, name: str, *, count: int = 1) -> None:
        call = getattr(module, name)

        def translated(*arguments: Any, **options: Any) -> Any:
            return call(*map(real, arguments[:count]), *arguments[count:], **options)

        monkeypatch.setattr(module, name, translated)

    def moved(source: Any, target: Any, **options: Any) -> None:
        source, taken, target = real(source), real(target), real(target, as_given=True)
        # What is replaced goes, and with it how it was spelled.
        rename(source, taken, **options)
        if taken != target:
            rename(taken, target)

    for name in (
        "stat",
        "lstat",
        "open",
        "mkdir",
        "rmdir",
        "unlink",
        "chmod",
        "utime",
        "readlink",
        "access",
        "chown",
    ):
        over(os, name)
    over(os, "listdir")
    for name in ("scandir", "listxattr", "getxattr", "setxattr"):
        over(os, name)
    over(os, "link", count=2)
    over(io, "open")
    over(builtins, "open")
    over(writing, "_exchange", count=2)
    monkeypatch.setattr(os, "rename", moved)
    monkeypatch.setattr(os, "replace", moved)


_unlink = os.unlink


class WindowsLock(filelock.UnixFileLock):
    """The library's lock, which on Windows deletes its file."""

    def _release(self) -> None:
        _unlink(self.lock_file)
        super()._release()


def windows(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Have calls on files refuse what Windows refuses; what is open is what this process has open.

    ``scan`` of what is returned is called before each refusal because something is open, ``links`` says whether the
    disk has hard links.
    """
    disk = SimpleNamespace(scan=lambda: None, links=True)
    rename, unlink, rmdir, chmod, link, open_ = os.rename, os.unlink, os.rmdir, os.chmod, os.link, os.open

    def opened() -> list[Path]:
        found = []
        for entry in Path("/proc/self/fd").iterdir():
            try:
                found.append(entry.readlink())
            except OSError:
                continue
        return found

    def check_free(path: Any) -> None:
        place = Path(path).absolute()
        held = [other for other in opened() if other.is_relative_to(place)]
        if held:
            disk.scan()
            raise refusal(IN_USE if held == [place] else DENIED, path)

    def is_read_only(path: Any) -> bool:
        return stat.S_ISREG(os.lstat(path).st_mode) and not os.lstat(path).st_mode & stat.S_IWRITE

    def rename_to_free(source: Any, target: Any) -> None:
        if os.path.lexists(target):
            raise refusal(EXISTS, source)
        check_free(source)
        rename(source, target)

    def replace(source: Any, target: Any) -> None:
        if Path(target).is_dir() or (os.path.lexists(target) and is_read_only(target)):
            raise refusal(DENIED, source)
        check_free(source)
        check_free(target)
        rename(source, target)

    def delete(path: Any, *, dir_fd: int | None = None) -> None:
        assert dir_fd is None
        if is_read_only(path):
            raise refusal(DENIED, path)
        check_free(path)
        unlink(path)

    def delete_folder(path: Any, *, dir_fd: int | None = None) -> None:
        assert dir_fd is None
        check_free(path)
        rmdir(path)

    def set_read_only(path: Any, mode: int, **_: Any) -> None:
        if not Path(path).is_dir():
            chmod(path, 0o666 if mode & stat.S_IWRITE else 0o444)

    def link_if_there_are(source: Any, target: Any, **_: Any) -> None:
        if not disk.links:
            raise refusal(NO_FUNCTION, source)
        link(source, target)

    def open_file(path: Any, *arguments: Any, **options: Any) -> int:
        if Path(path).is_dir():
            raise refusal(DENIED, path)
        return open_(path, *arguments, **options)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(shutil, "_use_fd_functions", False)
    if hasattr(shutil, "_rmtree_impl"):  # from Python 3.14 on it is chosen once
        monkeypatch.setattr(shutil, "_rmtree_impl", vars(shutil)["_rmtree_unsafe"])
    monkeypatch.setattr(filelock, "FileLock", WindowsLock)
    changed: dict[str, Callable[..., Any]] = {
        "rename": rename_to_free,
        "replace": replace,
        "unlink": delete,
        "remove": delete,
        "rmdir": delete_folder,
        "chmod": set_read_only,
        "link": link_if_there_are,
        "open": open_file,
    }
    for name, call in changed.items():
        monkeypatch.setattr(os, name, call)
    for name in ("fork", "geteuid", "getuid", "chown", "killpg"):
        monkeypatch.delattr(os, name)
    return disk


CHILD = '''
"""Python's sitecustomize: what Python has on Linux and not on Windows is not there."""
import ctypes, importlib.abc, os, shutil, signal, subprocess, sys, tempfile, threading
import filelock  # chooses by the platform, and needs a library of Windows there

ABSENT = {
    "fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty",
    "tensorflow_lite_support", "tflite_micro",
}


class Refusal(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


for name in ABSENT:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refusal())
class Lock(filelock.UnixFileLock):
    def _release(self):
        os.unlink(self.lock_file)
        super()._release()


filelock.FileLock = Lock
for name in """O_CLOEXEC O_DIRECTORY O_NOFOLLOW chown fchown fork forkpty getegid geteuid getgid getpgid getuid
    killpg lchown mkfifo mknod nice posix_fallocate posix_spawn sched_getaffinity setpgid setsid statvfs sysconf uname
    wait""".split():
    if hasattr(os, name):
        delattr(os, name)
for name in "SIGALRM SIGHUP SIGKILL SIGPIPE SIGQUIT SIGXCPU alarm pause pthread_kill setitimer".split():
    delattr(signal, name)
shutil._use_fd_functions = False
shutil._rmtree_impl = shutil._rmtree_unsafe
subprocess.Popen.kill = lambda self: self.send_signal(9)  # TerminateProcess
start = subprocess.Popen.__init__


def started(self, *arguments, **options):
    refused = {"preexec_fn", "pass_fds", "start_new_session", "process_group", "user", "group", "umask"}
    assert not any(options.get(name) for name in refused) and options.get("process_group") is None, options
    start(self, *arguments, **options)


subprocess.Popen.__init__ = started
sys.platform = "win32"
'''
