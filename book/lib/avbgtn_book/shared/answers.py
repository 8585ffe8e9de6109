"""What the exercise checks share: a failure that teaches, and the questions every check asks first.

A check says what is wrong, not only that something is. It never repairs an answer,
and it says so when there is none.
"""

import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import torch
from torch import Tensor

# How far rounding may take an answer, as a part of its size. Float64 has room to spare, since constants
# inside it, such as the parameters of torch.distributions, are often float32.
ROUNDING = {torch.float16: 1e-2, torch.bfloat16: 5e-2, torch.float32: 2e-5}
FINEST = 1e-6
AROUND_A_LETTER = " \t\n()[]{}.:,;'\"*`"
OF_AN_OPTION = re.compile(r"[(\[]?([a-z])[)\].:]+\s.*", re.DOTALL)  # "(b) the whole option, copied"


class CheckFailed(AssertionError):
    """An answer is missing or wrong; the message says which and what to try.
    nbgrader counts it as no points.
    """

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows: the message alone, since the lines that led here are the check's."""
        return textwrap.wrap(f"{type(self).__name__}: {self}", 79)


def passed(sentence: str) -> None:
    """Print the one line of a check that passes."""
    print(f"ok: {sentence}")


def number(answer: Any, name: str) -> float:
    """``answer`` as a finite float.

    Raises:
        CheckFailed: None, no number (a tensor of one element is one), or not finite.
    """
    if answer is None:
        raise CheckFailed(f"{name} is still None: give it a number, then run this cell again")
    value = answer.item() if _holds_one_value(answer) else answer
    if isinstance(value, bool) or not isinstance(value, Real):
        raise CheckFailed(f"{name} must be one number, got {_described(answer)}")
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise CheckFailed(
            f"{name} is {value}: look for a division by zero, or the logarithm of zero, on the way to it"
        )
    return value


def whole(answer: Any, name: str) -> int:
    """``answer`` as a whole number, whatever its type.

    Raises:
        CheckFailed: no finite number, or one with a fraction.
    """
    value = number(answer, name)
    if abs(value - round(value)) > FINEST:
        raise CheckFailed(f"{name} must be a whole number, got {value:g}: what is counted has no fractions")
    return round(value)


def choice(answer: Any, options: Sequence[str], name: str) -> str:
    """``answer`` as one of ``options``: letters of either case, also written as in a list, "(b)" or "b)",
    or with the option behind it.

    Raises:
        CheckFailed: None, or none of the options.
    """
    listed = ", ".join(f'"{option}"' for option in options)
    if answer is None:
        raise CheckFailed(f"{name} is still None: choose one of {listed}, then run this cell again")
    letter = answer.lower().strip(AROUND_A_LETTER) if isinstance(answer, str) else None
    if letter and (copied := OF_AN_OPTION.fullmatch(answer.lower().strip())):
        letter = copied[1]
    if letter not in options:
        raise CheckFailed(f"{name} must be one of {listed}, got {_described(answer)}")
    return letter


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
    args = tuple(_own_copy(value) for value in args)
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
        raise CheckFailed(f"{name} returned None: is it written, and does it end with a return statement?")
    return value


def tensor(answer: Any, name: str) -> Tensor:
    """``answer`` as a tensor in its own precision: tensors as they are, also numbers, lists and arrays.

    Raises:
        CheckFailed: it holds something else than real numbers.
    """
    try:
        if isinstance(answer, list | tuple) and answer and all(isinstance(part, Tensor) for part in answer):
            answer = torch.stack(tuple(answer))
        if not isinstance(answer, Tensor):  # Python's floats are float64
            plain = isinstance(answer, float | int | list | tuple)
            answer = torch.as_tensor(answer, dtype=torch.float64 if plain else None)
    except OverflowError:
        raise CheckFailed(
            f"{name} holds a number that is too large for a float: look for where it grows"
        ) from None
    except (TypeError, ValueError, RuntimeError):
        raise CheckFailed(
            f"{name} must hold numbers, got {_described(answer)}: only numbers can be compared"
        ) from None
    if answer.is_complex():
        raise CheckFailed(f"{name} must hold real numbers, got complex ones")
    return answer


def tolerance(answer: Tensor, expected: Tensor) -> float:
    """By how much rounding alone may part the two: more in float32, and for large numbers."""
    largest = expected.detach().abs().max().item() if expected.numel() else 0.0
    return ROUNDING.get(answer.dtype, FINEST) * max(1.0, largest)


def agrees(got: Any, expected: Any, *, atol: float = 0.0) -> bool:
    """Whether ``got`` has the shape of ``expected`` and its values, but for rounding: never raises."""
    try:
        return close(got, expected, atol=atol, name="it")
    except CheckFailed:
        return False


def close(got: Any, expected: Any, *, atol: float = 0.0, name: str) -> bool:
    """Whether numbers or tensors agree within rounding in the answer's precision, or ``atol`` if that
    is more; False is the caller's to explain.

    Raises:
        CheckFailed: no numbers, another shape, or values that are not finite.
    """
    expected = torch.as_tensor(expected, dtype=torch.float64).detach()
    given = tensor(got, name)
    got = given.detach().to("cpu", torch.float64)
    if got.shape != expected.shape and not (got.numel() == expected.numel() == 1):
        raise CheckFailed(
            f"{name} must be {_shaped(expected)}, got {_shaped(got)}: over which "
            "dimensions do you sum or average?"
        )
    if not got.isfinite().all():
        raise CheckFailed(f"{name} holds values that are infinite or not a number")
    apart = (got.reshape(expected.shape) - expected).abs().max()
    return bool(apart <= max(atol, tolerance(given, expected)))


def compare(got: Any, right: Any, mistakes: Iterable[tuple[Any, str]], *, name: str, otherwise: str) -> None:
    """Nothing, if ``got`` is ``right`` within rounding; else the failure that knows most.

    Args:
        mistakes: pairs of the value that a mistake gives, and the sentence that names it.
        otherwise: the sentence for a value of the right shape that no known mistake gives.

    Raises:
        CheckFailed: ``got`` is not ``right``.
    """
    if agrees(got, right):
        return
    for value, sentence in mistakes:
        if agrees(got, value):
            raise CheckFailed(sentence)
    close(got, right, name=name)  # has a sentence of its own for shapes and for what is not finite
    raise CheckFailed(otherwise)


def near(
    got: float, right: float, mistakes: Mapping[float, str], *, within: float, otherwise: str, name: str = ""
) -> None:
    """As :func:`compare`, for a number that may be rounded: it and what mistakes give count to ``within``.

    Args:
        mistakes: what to say of each wrong number.
        name: of the number, where more than one is asked for.
    """
    said = f"{name}: {got:g}" if name else f"{got:g}"
    if abs(got - right) <= within:
        return
    for wrong, sentence in mistakes.items():
        if abs(got - wrong) < within:
            raise CheckFailed(f"{said} is not it: {sentence}")
    raise CheckFailed(f"{said} is not it{otherwise}")


def leads_back(value: Any, what: str) -> None:
    """A value that is right must also lead back to what it was made of.

    Args:
        what: of which the gradient would be missed, and for what.
    """
    if not isinstance(value, Tensor) or not value.requires_grad:
        raise CheckFailed(
            f"the value is right, but no gradient leads back {what}: return the tensor itself, without "
            ".item(), .detach() or no_grad"
        )


def in_proportion(
    got: Any, right: float, mistakes: Iterable[tuple[Any, str]], *, name: str, otherwise: str
) -> None:
    """As :func:`compare`, for one number that may be very small: it must be ``right`` within one part in a
    million, or what the answer's precision allows.
    """
    value = number(got, name)
    plain = got if hasattr(got, "dtype") else value
    given = tensor(plain, name).reshape(()).detach()
    scaled = (given if given.is_floating_point() else given.double()) / right  # in the answer's precision
    if agrees(scaled, 1.0):
        return
    for wrong, sentence in mistakes:
        if wrong != 0 and agrees(scaled * (right / wrong), 1.0):
            raise CheckFailed(sentence)
    raise CheckFailed(otherwise)


def slopes(value: Any, *at: Tensor) -> tuple[Tensor | None, ...]:
    """The gradients of ``value`` by each of ``at``: None where none leads there, or only zeros do."""
    if not isinstance(value, Tensor) or not value.requires_grad:
        return (None,) * len(at)
    found = torch.autograd.grad(value.sum(), at, allow_unused=True, retain_graph=True)
    return tuple(None if slope is None or not slope.abs().sum() > 0 else slope for slope in found)


def _own_copy(value: Any) -> Any:
    """An answer that works in place must not change what the check computes with."""
    return value.clone() if isinstance(value, Tensor) and not value.requires_grad else value


def _holds_one_value(answer: Any) -> bool:
    """Whether it is a tensor of one element, or an array of one."""
    return (isinstance(answer, Tensor) and answer.numel() == 1) or getattr(answer, "size", None) == 1


def _shaped(tensor: Tensor) -> str:
    return "one number" if tensor.ndim == 0 else f"a tensor of shape {tuple(tensor.shape)}"


def _described(answer: Any) -> str:
    if isinstance(answer, Tensor):
        return _shaped(answer)
    try:
        text = repr(answer)
    except Exception:
        text = "something that cannot be printed"
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(answer).__name__})"
