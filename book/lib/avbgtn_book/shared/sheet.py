"""The drawings of the chapters, one file a chapter, and the sheet they are drawn on.

Every function takes numbers or tensors and returns a :class:`~avbgtn_book.shared.canvas.BookFigure`
whose ``alt`` says what it shows. What a chapter computes, it computes in front of the reader; how it is
drawn stands here.
"""

from .canvas import WIDTH, BookFigure


def sheet(
    rows: int = 1, columns: int = 1, height: float = 2.4, *, width: float = WIDTH, **options
) -> tuple[BookFigure, object]:
    """A figure and its axes.

    Args:
        rows, columns: of axes; a single one comes alone, a row or a column as a vector, else (rows, columns).
        height: inches a row.
        width: inches; ``COLUMN`` for a figure under ``column``.
        options: for ``Figure.subplots``, such as ``sharex=True``.
    """
    figure = BookFigure(figsize=(width, rows * height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)
