"""A game whose result is known, so that the sentences of a check are tried in no time."""

import torch


class FinishedGames:
    """Stands for :class:`avbgtn_book.further.games.Played` where a check looks at its counts."""

    def __init__(self, counts):
        self.points, self.found = torch.zeros(1), counts

    def counts(self):
        return self.found
