"""One setting of the benchmark: a model, a size, a batch; and its steps, ours and the reference's."""

from dataclasses import dataclass

from measure import Step

from avbgtn.config import Config
from avbgtn.config.parameters import config_of, from_parameters
from avbgtn.training.trainer import Trainer, make_fabric

from examples import RandomDomains  # isort: skip
from reference import Reference  # isort: skip

# After so many the most memory hardly grew: the second has the optimisers' states from the start.
MEMORY_STEPS = 2
REFERENCE = "reference"


@dataclass(frozen=True)
class Case:
    """A model at a size. The pictures are noise: no cost depends on what they show."""

    model: str
    preset: str
    size: int
    batch: int
    width: int | None = None  # None is the preset's
    device: str = "cpu"
    precision: str = "32-true"
    seed: int = 0

    def config(self) -> Config:
        given = {"preset": self.preset, "size": self.size, "batch": self.batch, "models": self.model,
                 "precision": self.precision, "width": self.width, "dataset": "celeba",
                 "seed": self.seed}  # fmt: skip
        given |= {"device": self.device}
        about = dict(dataset="heads", domains=("brown", "blond"), data_checksum="0" * 16)
        return config_of(from_parameters(given), self.model, preset=self.preset, device=self.device, **about)

    def trainer(self, speed: str) -> Trainer:
        config = self.config()
        return Trainer(config, RandomDomains(self.size), make_fabric(config), speed=speed)

    def step(self, how: str) -> Step:
        """One epoch of ours with the speed-ups ``how``, or of the reference;
        batch and noise are drawn in it.
        """
        if how != REFERENCE:
            return self.trainer(how).update
        reference = Reference(self.config(), RandomDomains(self.size), self.device)
        return reference.epoch

    def __str__(self) -> str:
        return f"{self.model}, {self.preset}, {self.size} px, batch {self.batch}"
