"""Found here by pytest, which puts this folder on the path: every test can import samples.py and scene.py."""

import os

import pytest
from hypothesis import HealthCheck, settings

# No deadlines: these are claims about answers, and machines are noisy. In CI the same examples each time.
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
settings.register_profile("usual", deadline=None, suppress_health_check=SLOW)
settings.register_profile("ci", parent=settings.get_profile("usual"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "usual")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing is missing, so that nothing is skipped there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("a test was skipped, which in CI is a failure")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
