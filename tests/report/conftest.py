"""The pages that are looked at in a browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.report.pages import write_page

PageOf = Callable[[str], Path]


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> PageOf:
    """Writes the page of that name, once."""
    return cache(lambda name: write_page(name, tmp_path_factory.mktemp("page")))
