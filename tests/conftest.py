"""Found here by pytest, which puts this folder on the path: every test can import samples.py and scene.py."""

import os

from hypothesis import HealthCheck, settings

# No deadlines: these are claims about answers, and machines are noisy. In CI the same examples each time.
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
settings.register_profile("usual", deadline=None, suppress_health_check=SLOW)
settings.register_profile("ci", parent=settings.get_profile("usual"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "usual")
