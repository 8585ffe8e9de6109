"""What the exercise checks share: a failure that teaches, and the questions every check asks first.

A check says what is wrong, not only that something is. It never repairs an answer,
and it says so when there is none.
"""

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import torch
from torch import Tensor


class CheckFailed(AssertionError):
    """An answer is missing or wrong; the message says which and what to try.
    nbgrader counts it as no points.
    """


def passed(sentence: str) -> None:
    """Print the one line of a check that is content."""
    print(f"ok: {sentence}")


def number(answer: Any, name: str) -> float:
    """``answer`` as a finite float.

    Raises:
        CheckFailed: None, no number (a tensor of one element is one), or not finite.
    """
    if answer is None:
        raise CheckFailed(f"{name} is still None: give it a number, then run this cell again")
    if isinstance(answer, Tensor) and answer.numel() == 1:
        answer = answer.item()
    if isinstance(answer, bool) or not isinstance(answer, Real):
        raise CheckFailed(f"{name} must be one number, got {_described(answer)}")
    if not math.isfinite(answer):
        raise CheckFailed(
            f"{name} is {float(answer)}: look for a division by zero, or the "
            "logarithm of zero, on the way to it"
        )
    return float(answer)


def choice(answer: Any, options: Sequence[str], name: str) -> str:
    """``answer`` as one of ``options``, letters of either case.

    Raises:
        CheckFailed: None, or none of the options.
    """
    listed = ", ".join(f'"{option}"' for option in options)
    if answer is None:
        raise CheckFailed(f"{name} is still None: choose one of {listed}, then run this cell again")
    if not isinstance(answer, str) or answer.strip().lower() not in options:
        raise CheckFailed(f"{name} must be one of {listed}, got {_described(answer)}")
    return answer.strip().lower()


def function(answer: Any, name: str) -> Callable:
    """``answer`` as something that can be called.

    Raises:
        CheckFailed: None, or not callable, such as the result of a call.
    """
    if answer is None:
        raise CheckFailed(f"{name} is still None: it must be a function; write it, then run this cell again")
    if not callable(answer):
        raise CheckFailed(
            f"{name} must be a function, got {_described(answer)}: pass it without calling "
            f"it, {name} and not {name}(...)"
        )
    return answer


def call(answer: Callable, *args: Any, name: str, **options: Any) -> Any:
    """The value of the reader's function.

    Raises:
        CheckFailed: it is not written yet, it raises, or it returns None.
    """
    try:
        value = answer(*args, **options)
    except NotImplementedError:
        raise CheckFailed(
            f"{name} is not written yet: put your code in place of the line that raises NotImplementedError"
        ) from None
    except Exception as problem:
        raise CheckFailed(
            f"{name} stopped with {type(problem).__name__}: {problem}. Call it yourself "
            "with a small input to see where"
        ) from problem
    if value is None:
        raise CheckFailed(f"{name} returned None: does it end with a return statement?")
    return value


def close(got: Any, expected: Any, *, atol: float, name: str) -> bool:
    """Whether numbers or tensors agree within ``atol`` everywhere; False is the caller's to explain.

    Raises:
        CheckFailed: another shape, or values that are not finite.
    """
    expected = torch.as_tensor(expected, dtype=torch.float64)
    try:
        got = torch.as_tensor(got, dtype=torch.float64).detach()
    except (TypeError, ValueError, RuntimeError):
        raise CheckFailed(
            f"{name} must be {_shaped(expected)}, got {_described(got)}: only numbers can be compared"
        ) from None
    if got.shape != expected.shape and not (got.numel() == expected.numel() == 1):
        raise CheckFailed(
            f"{name} must be {_shaped(expected)}, got {_shaped(got)}: over which "
            "dimensions do you sum or average?"
        )
    if not got.isfinite().all():
        raise CheckFailed(f"{name} holds values that are infinite or not a number")
    return bool((got.reshape(expected.shape) - expected).abs().max() <= atol)


def _shaped(tensor: Tensor) -> str:
    return "one number" if tensor.ndim == 0 else f"a tensor of shape {tuple(tensor.shape)}"


def _described(answer: Any) -> str:
    if isinstance(answer, Tensor):
        return _shaped(answer)
    text = repr(answer)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(answer).__name__})"
