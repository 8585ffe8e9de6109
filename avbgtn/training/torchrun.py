"""torchrun, which at its end says who failed in words of ours: ``python -m avbgtn.training.torchrun``."""

import sys

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main

from .processes import ENDED

if __name__ == "__main__":
    try:
        main()
    except ChildFailedError as error:
        sys.exit("\n".join(f"{ENDED}{rank} {failed.exitcode}" for rank, failed in error.failures.items()))
