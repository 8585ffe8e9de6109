"""What an error says: one sentence on one line, which names what came."""

import pytest


def refusal(work, *words, error=ValueError, match=None):
    """The sentence that ``work()`` ends with; each of ``words`` stands in it, and the pattern ``match``."""
    with pytest.raises(error, match=match) as caught:
        work()
    text = str(caught.value)
    assert "\n" not in text, f"an error is one sentence on one line, got {text!r}"
    assert all(word in text for word in words), f"{words} are not all in {text!r}"
    return text
