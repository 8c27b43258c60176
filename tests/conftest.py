"""Shared by all tests: one Chromium, or a clear word that there is none."""

import os
import shutil

import pytest
from hypothesis import settings

# How long a test takes says more of the machine than of the code.
settings.register_profile("pujin", deadline=None)
settings.load_profile("pujin")


@pytest.fixture(scope="session", autouse=True)
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Commands under test neither use nor fill the user's own cache."""
    os.environ["PUJIN_GEO_CACHE"] = str(tmp_path_factory.mktemp("cache"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests without Chromium, unless it is required."""
    if shutil.which("chromium") or os.environ.get("PUJIN_REQUIRE_BROWSER") == "1":
        return
    skip = pytest.mark.skip(reason="needs Chromium, which is not installed (apt-get install chromium)")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(skip)
