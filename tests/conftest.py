"""Fixtures of every test in this folder."""

from children import no_process_outlives_the_session, start  # noqa: F401
from numerical import NUMERICAL


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.name.startswith("test_") and item.path.stem[5:] in NUMERICAL:
            item.add_marker("numerical")
