"""The table: of every parameter, and of every field of a config, its kind, its bounds and its words.

The checks of what people type (``parameters.py``, the command line) and of what a file holds
(:class:`~avbgtn.config.Config`, from ``parameters.json`` or from the metadata of a weights file) both come
from here, so that no limit stands in two places. Importing this imports no torch.

Upper bounds are generous, at least eight times the paper's values. They stop what no
machine can hold, and what a slip of the keyboard or a damaged file asks for, before memory is taken;
:data:`MOST_WEIGHTS` and :data:`MOST_VALUES` stop what is too much together."""

from . import path_values as p
from . import values as v
from .sound import CELL, NARROWEST, PLANES, RATES

MODELS = ("unit", "avb_gtn")
T_PENALTIES = ("log_sigmoid", "logit", "softplus")  # those that ask a posterior discriminator T

MEMORY = "more would fill the memory of any machine"
COUNTED = "checkpoints are numbered with eight digits"

EPOCHS = 10**8 - 1
LIMIT = 1e6  # of weights of losses and of scales: their products with a loss stay finite in float32
STEP = 1e38  # of step sizes: what float32 holds; a large one diverges, which training says

# What one config may ask for. 10^9 weights are 4 GB in float32, and training holds them four times
# (gradients, Adam's two moments) and a fifth time as averages; the paper's networks have 43 million.
MOST_WEIGHTS = 10**9
# Features of the first layer, of all images of a batch; each is four bytes, and a step holds dozens of such
# layers. The paper's have a million.
MOST_VALUES = 2**30

# Two strides to the code and two more in T need a multiple of 16
SIZE = v.Whole(NARROWEST, 1024, MEMORY, CELL)

TABLE = {
    # --- the experiment
    "epochs": v.Whole(1, EPOCHS, COUNTED),
    "dataset": v.Word(("heads", "celeba", "folder"), auto=True),
    "root": p.ExistingFolder(),
    "domains": v.Pair(),
    "preset": v.Word(("quick", "reader", "paper", "aligned"), auto=True),
    "models": v.Names(MODELS),
    "seed": v.Whole(0, 2**64 - 1, "a seed has 64 bits"),
    "score_split": v.Word(("validation", "test")),
    # --- the networks. A residual block has 288 width^2 weights: at width 1024, 300 million.
    "model": v.Word(MODELS),
    "size": SIZE,
    "width": v.Whole(1, 1024, MEMORY),
    "private_blocks": v.Whole(0, 64, MEMORY),
    "shared_blocks": v.Whole(0, 64, MEMORY),
    "code_channels": v.Whole(0, 4096, MEMORY),  # what width 1024 has
    "init": v.Word(("independent", "twin")),
    "weight_init": v.Word(("normal", "kaiming", "kaiming_all")),
    # --- the posterior, the penalty and T
    "posterior": v.Word(("input", "code", "none")),
    "noise_scale": v.Number(least=0, most=LIMIT),
    "noise_channels": v.Whole(1, 64, MEMORY),  # planes beside the image's three
    "penalty": v.Word((*T_PENALTIES, "mean_square", "gaussian", "none")),
    "penalty_scale": v.Word(("as_written", "per_dimension", "nats")),
    # Each draw is a pass of the encoder; AVB's paper has some tens
    "adaptive_contrast": v.Whole(0, 1024, MEMORY),
    "t_steps": v.Whole(1, 1000, "an epoch would take hours"),
    "t_train_on": v.Word(("real", "real+translated")),
    "t_input": v.Word(("xz", "z")),
    "t_view": v.Word(("image", "patch", "place")),
    "t_prior": v.Word(("normal", "other")),
    "t_r1": v.Number(least=0, most=LIMIT),
    # --- the losses
    "gan_loss": v.Word(("non_saturating", "minimax", "least_squares")),
    **{f"lambda_{k}": v.Number(least=0, most=LIMIT) for k in range(5)},
    "lambda_reading": v.Word(("code", "literal")),
    # --- the training
    "batch": v.Whole(1, 4096, MEMORY),
    "lr": v.Number(above=0, most=STEP, why="nothing would be learnt"),
    "t_lr": v.Number(above=0, most=STEP, why="nothing would be learnt"),
    "d_lr": v.Number(above=0, most=STEP),
    "lr_halve_every": v.Whole(0, EPOCHS, COUNTED),
    "weight_decay": v.Number(least=0, most=STEP),
    "ema": v.Number(least=0, below=1, why="the average would never move"),
    "precision": v.Word(("32-true", "bf16-mixed", "64-true")),
    # --- the machine: nothing of this changes a result but the device, whose generators draw other noise
    "device": v.Word(("cpu", "cuda"), auto=True),
    "devices": v.Whole(1, 1024, "one machine has no more GPUs or cores"),
    "workers": v.Whole(0, 256, "so many threads would only wait for each other"),
    "processes": v.Whole(1, 1024, "one machine has no more cores"),
    "cache": v.Word(("yes", "no"), auto=True, yes="yes", no="no"),
    "speed": v.SpeedUps(),
    "run_dir": p.Folder(),
    "image": p.ExistingFile("image"),
    # --- sound. A minute at 48 kHz is 3 million samples.
    "representation": v.Word(tuple(PLANES)),
    "rate": v.Whole(*RATES, "the representations are made for such rates"),
    "seconds": v.Number(above=0, most=60.0),
    "clip": p.ExistingFile("sound"),
    # --- what the command line has beside the parameters
    "log_every": v.Whole(1, EPOCHS),
    "measure_every": v.Whole(1, EPOCHS),
    "$AVBGTN_PATIENCE": v.Number(above=0, most=1e5),  # minutes; two months
}

# Where a name means something else.
OF_SOUND = {"dataset": v.Word(("music", "irmas", "folder"), auto=True)}  # to the parameters of sound
OF_CONFIG = {  # in a config, which holds what came of the parameters
    "dataset": v.Text(),
    "preset": v.Text(),  # a name that a later version no longer has must not close a run
    "data_checksum": v.Text(),
    "d_lr": v.Number(least=0, most=STEP),  # 0: the same as lr
}
OF_PICTURE_OF_SOUND = {  # the fields of :class:`~avbgtn.config.sound.Sound`
    "representation": TABLE["representation"],
    "rate": TABLE["rate"],
    "fft": v.Whole(2, 2**14, MEMORY),  # samples; 64 ms at 48 kHz are 4096
    "hop": v.Whole(1, 2**13, MEMORY),
    "rows": SIZE,
    "columns": v.Whole(1, 4096, MEMORY),  # a minute at 4 kHz has 1,875
}
