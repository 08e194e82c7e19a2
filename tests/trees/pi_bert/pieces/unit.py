"""The unit with which systemd runs the service."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path

from .console import tell
from .errors import InputError, InstallationError
from .files import FOLDER

UNITS = Path("/etc/systemd/system")
NAME = "pieces.service"
HEAD = "# Made by python -m pieces serve --install-service"
TITLE = "pieces"


def install_unit(port: int, is_dry_run: bool, units: Path = UNITS) -> int:
    """Write the unit into ``units``, or print it; returns the exit code.

    Raises:
        InputError: it cannot be written, or a unit of somebody else has its name.
        InstallationError: its user cannot read this package, or there is no systemd.
    """
    hidden = _find_hidden()
    problem = f"no other user may read {hidden}: install it with ./install.sh /opt/NAME"
    unit = build_unit(port, [*sys.argv[1:]])
    if is_dry_run:
        print(unit, end="")
        if hidden:
            tell(problem)
        return 0
    if platform.system() != "Linux":
        raise InstallationError("systemd is of Linux alone")
    if hidden:
        raise InstallationError(problem)
    path = units / NAME
    try:
        if path.exists() and not path.read_text("utf-8").startswith(HEAD):
            raise InputError(f"{path}: was made by somebody else")
        # Never half of it.
        partial = path.with_name(f".{NAME}.partial")
        partial.write_text(unit, "utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; is it run by sudo?") from None
    print(f"{path}\nsystemctl daemon-reload\nsystemctl enable --now {NAME}")
    return 0


def build_unit(port: int, arguments: list[str]) -> str:
    """The unit, for what the command line said."""
    given = [it for it in arguments if it not in ("--install-service", "--dry-run")]
    command = [sys.executable, "-m", "pieces", *given]
    lines = [
        HEAD,
        "[Unit]",
        f"Description={_escaped(TITLE)}",
        "After=network.target",
        "",
        "[Service]",
        f"ExecStart={' '.join(map(_quoted, command))}",
        f"WorkingDirectory={_escaped(str(FOLDER.parent))}",
        "Restart=on-failure",
        "RestartSec=2",
        "# A user who is nobody else, and is gone when the service is.",
        "DynamicUser=yes",
        "PrivateDevices=yes",
        "PrivateTmp=yes",
        "ProtectSystem=strict",
        "ProtectHome=read-only",
        "ProtectControlGroups=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelTunables=yes",
        "NoNewPrivileges=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "LockPersonality=yes",
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
        "UMask=0077",
    ]
    if 0 < port < 1024:
        lines.append("AmbientCapabilities=CAP_NET_BIND_SERVICE")
        lines.append("CapabilityBoundingSet=CAP_NET_BIND_SERVICE")
    else:
        lines.append("CapabilityBoundingSet=")
    return "\n".join([*lines, "", "[Install]", "WantedBy=multi-user.target", ""])


def _find_hidden() -> Path | None:
    """The first on the way to Python and to this package that not everybody may read."""
    for path in (Path(sys.executable), Path(sys.executable).resolve(), FOLDER):
        for part in (*reversed(path.parents), path):
            needed = 0o005 if part == path else 0o001
            if part.stat().st_mode & needed != needed:
                return part
    return None


def _escaped(text: str) -> str:
    """``text`` without what systemd would put something else for."""
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word of a command, as systemd takes it apart."""
    if re.fullmatch(r"[\w./:,=+@-]+", word):
        return word
    marks = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "$": "$$"}
    return f'"{_escaped(word.translate(str.maketrans(marks)))}"'
