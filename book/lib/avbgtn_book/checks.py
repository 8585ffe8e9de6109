"""The checks of the book's exercises, one file a chapter: ``checks.check_<chapter>_<what>(answer)``.

Each prints one line that starts with ``ok:``, or raises :class:`CheckFailed`,
whose message says what is wrong with the answer and what that suggests.
"""

from .avb.checks import *  # noqa: F403
from .avb_gtn.checks import *  # noqa: F403
from .collapse.checks import *  # noqa: F403
from .critics.checks import *  # noqa: F403
from .divergences.checks import *  # noqa: F403
from .gan.checks import *  # noqa: F403
from .shared.answers import CheckFailed as CheckFailed
from .unit.checks import *  # noqa: F403
from .vae.checks import *  # noqa: F403
