"""Fixtures of every test in this folder."""

from children import no_process_outlives_the_session, start  # noqa: F401
