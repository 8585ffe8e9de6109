"""A real training process for the tests to kill:
``python train_tiny.py MODEL EPOCHS RUN_DIR [SAVE_MINUTES]``.
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from avbgtn.training.train import Interrupted, train  # noqa: E402
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains  # noqa: E402

if __name__ == "__main__":
    torch.set_num_threads(1)
    model, epochs, run_dir = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    config = replace({"unit": UNIT_CONFIG, "avb_gtn": AVB_GTN_CONFIG}[model], width=2)
    try:
        train(
            config, RandomDomains(), epochs=epochs, run_dir=run_dir, log_every=3, measure_every=6,
            save_minutes=float(sys.argv[4]) if len(sys.argv) > 4 else 0.0,
            say=lambda text: print(text, flush=True),
        )  # fmt: skip
    except Interrupted as stopped:
        print(stopped, flush=True)
        sys.exit(Interrupted.EXIT_CODE)
