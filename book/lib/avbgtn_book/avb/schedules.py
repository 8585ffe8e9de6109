"""How much of a KL a plain T has found after each number of updates, by dimension and by length of training:
`python -m avbgtn_book.avb.schedules` writes the record ``known-kl``, from which a figure plays trainings.

The step sizes fall to zero towards the end of a training, so a short training is not the beginning of a long
one: each length is a training of its own. The reading at its end is that of
:func:`~avbgtn_book.avb.known_kl.estimate_kl`.
"""

import torch

from avbgtn import streams
from avbgtn.models import losses

from .. import records
from .avb import F64, Ratio
from .known_kl import Posterior, estimate_kl

DIMENSIONS = 1, 8, 32, 64, 256
LENGTHS = 500, 2000, 8000  # updates
BEGIN, MOMENTS = 10, 40  # the first update that is watched, and the number of steps from there to the end


def moments(length: int) -> list[int]:
    """After which updates a training is watched: from the tenth to the last, in steps that grow alike."""
    return [round(BEGIN * (length / BEGIN) ** (k / MOMENTS)) for k in range(MOMENTS + 1)]


def along(d: int, length: int, seed: int = 0) -> dict[str, list[float]]:
    """The mean of T over 4,000 fresh codes and the loss of T, in nats, at each of :func:`moments`."""
    q = Posterior(d)
    g = streams.generator(seed, "known kl/watched", d)
    z = torch.cat([q.sample(4000, g), torch.randn(4000, d, generator=g, dtype=F64)])
    wanted, found = set(moments(length)), {"reading": [], "loss": []}

    @torch.no_grad()
    def watch(step: int, t: Ratio) -> None:
        if step in wanted:
            t_q, t_p = t(z.new_empty(len(z), 0), z).split(4000)
            found["reading"].append(round(losses.logit_penalty(t_q).item(), 4))
            found["loss"].append(round(losses.posterior_discriminator_loss(t_q, t_p).item(), 6))

    end = estimate_kl(q, seed, steps=length, watch=watch)
    found["reading"][-1], found["loss"][-1] = round(end.kl, 4), round(end.loss, 6)
    return found


def make_record() -> dict:
    """Everything that the figure plays, with the exact KL by dimension, in nats."""
    return {
        "command": "python -m avbgtn_book.avb.schedules",
        "exact": {str(d): Posterior(d).kl() for d in DIMENSIONS},
        "moments": {str(length): moments(length) for length in LENGTHS},
        "found": {str(d): {str(length): along(d, length) for length in LENGTHS} for d in DIMENSIONS},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(records.save("known-kl", make_record()))
