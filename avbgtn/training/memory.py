"""Freed memory is kept for the next step."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
NEVER = 2**30  # bytes; no piece of memory here is that large


def keep_memory() -> bool:
    """Tell the C library to keep what is freed, for the rest of this process; whether it could be told.

    A step frees and takes hundreds of megabytes. By its habit, glibc gives much of it back to the system,
    which then clears it, page by page, for the next step.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        library = ctypes.CDLL(None)
        library.malloc_trim(0)  # what is free by now goes back: it was not the training's
        return bool(library.mallopt(M_MMAP_THRESHOLD, NEVER) and library.mallopt(M_TRIM_THRESHOLD, NEVER))
    except (OSError, AttributeError):  # another C library (musl) has no such calls
        return False
