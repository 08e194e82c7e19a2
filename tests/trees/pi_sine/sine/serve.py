"""The command serve: its options, and the model as a service."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Callable

from .console import number

# A request, and the requests that wait, beyond which no limit makes sense.
MOST_BYTES = 1 << 30
MOST_WAITING = 1000


def add_serve(commands: Any, options: argparse.ArgumentParser) -> None:
    """Add the command; ``options`` are those of the answers."""
    serve = commands.add_parser(
        "serve",
        help="answer over HTTP",
        parents=[options],
        allow_abbrev=False,  # The unit of systemd gets the options as they are.
    )
    serve.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where to listen; 0.0.0.0 lets other computers in (default: 127.0.0.1)",
    )
    serve.add_argument(
        "--port",
        type=number(int, 0, 65535),
        default=8000,
        metavar="PORT",
        help="the port, 0 for one that is free (default: 8000)",
    )
    serve.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name of this service, for example behind a proxy",
    )
    serve.add_argument(
        "--waiting",
        type=number(int, 0, MOST_WAITING),
        default=8,
        metavar="N",
        help="requests that may wait for the model (default: 8)",
    )
    serve.add_argument(
        "--max-bytes",
        type=number(int, 1, MOST_BYTES),
        default=16_000_000,
        metavar="BYTES",
        help="the largest request (default: 16000000)",
    )
    serve.add_argument(
        "--timeout",
        type=number(float, 0.1, 3600),
        default=30,
        metavar="SECONDS",
        help="in which a request must have come (default: 30)",
    )
    serve.add_argument(
        "--install-service",
        dest="TOOL",
        action="store_const",
        const=_install,
        default=argparse.SUPPRESS,
        help="have systemd serve with these options from now on",
    )
    serve.add_argument(
        "--dry-run",
        action="store_true",
        help="with --install-service: print its unit, and write nothing",
    )


def serve(
    arguments: argparse.Namespace, model: Any, answers: Mapping[str, Callable[..., Any]]
) -> int:
    """Answer until SIGTERM or Ctrl-C; returns the exit code.

    ``answers`` has for each path a function of what ``request.read_request`` gives: its
    answer is a document for JSON, or a picture's PNG.
    """
    # The server of Python takes a while to load, which no other command should take.
    from .service import run_service

    return run_service(
        (arguments.host, arguments.port),
        model,
        answers,
        allowed=arguments.allow_host,
        waiting=arguments.waiting,
        most_bytes=arguments.max_bytes,
        seconds=arguments.timeout,
    )


def _install(arguments: argparse.Namespace) -> int:
    from .unit import install_unit

    return install_unit(arguments.port, arguments.dry_run)
