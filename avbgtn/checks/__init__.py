"""The checks of the book's exercises, one file a chapter: ``checks.check_<chapter>_<what>(answer)``.

Each prints one line that starts with ``ok:``, or raises :class:`CheckFailed`, whose message says what is wrong with
the answer and what that suggests.
"""

from .avb import *  # noqa: F403
from .avb_gtn import *  # noqa: F403
from .core import CheckFailed as CheckFailed
from .gan import *  # noqa: F403
from .unit import *  # noqa: F403
from .vae import *  # noqa: F403
