"""Settings that all tests share."""

from hypothesis import settings

# The same examples in every run: a red test stays red until its cause is mended, on every machine.
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=30, database=None)
settings.load_profile("repeatable")
