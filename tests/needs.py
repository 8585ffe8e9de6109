"""What a test needs and a machine may lack: it skips there, but not where everything was put in."""

import os

import pytest


def need(found, sentence):
    """Skip with `sentence` where something is not `found`; fail where this session may not do without."""
    if found:
        return
    if os.environ.get("AVBGTN_REQUIRE_BROWSER") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)
