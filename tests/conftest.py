"""Settings and fixtures that all tests share."""

import pytest
from hypothesis import settings

# The same examples in every run: a red test stays red until its cause is mended, on every machine.
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=30, database=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium, one for all tests of a process."""
    import screenshots  # from scripts/, see pyproject.toml
    from browser import unavailable

    if not screenshots.chromium():
        unavailable("Chromium is not installed")
    with screenshots.browser() as browser:
        yield browser
