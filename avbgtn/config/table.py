"""The table: the kind, the bounds, the words and the help of every parameter and of every field of a config.

The checks of what people type (``parameters.py``, the command line) and of what a file holds
(:class:`~avbgtn.config.Config`, from ``parameters.json`` or from the metadata of a weights file) both come
from here, so that no limit stands in two places. Importing this imports no torch.

Upper bounds are generous, at least eight times the paper's values. They stop what no machine can hold, and
what a slip of the keyboard or a damaged file asks for, before memory is taken; :data:`MOST_WEIGHTS` and
:data:`MOST_VALUES` stop what is too much together."""

from dataclasses import replace

from . import path_values as p
from . import values as v
from .datasets import PICTURES, SOUNDS
from .presets import PRESETS
from .sound import CELL, NARROWEST, PLANES, RATES

# The models that a config can name.
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

# What lambda_0 to lambda_4 weigh, Eqs. (1)-(3), (6), (7).
LAMBDAS = (
    "the GAN losses", "the penalty in the VAE losses", "the reconstruction in the VAE losses",
    "the penalty in the cycle losses", "the reconstruction in the cycle losses",
)  # fmt: skip

TABLE = {
    # --- the experiment
    "epochs": v.Whole(
        1, EPOCHS, COUNTED, help="updates of every player, each on one batch; the paper calls them epochs"
    ),
    "dataset": v.Word(
        tuple(PICTURES),
        auto=True,
        help="what is trained on; folder is two folders of your own in root",
    ),
    "root": p.ExistingFolder(
        help="where CelebA is, or the two folders; $AVBGTN_DATA, else ./data, if not given"
    ),
    "domains": v.Pair(help="the two attributes of CelebA, or the two folders, such as Brown_Hair,Blond_Hair"),
    "preset": v.Word(
        tuple(PRESETS),
        auto=True,
        help="size of the model and what trains it; auto: paper on CUDA, else modern (sounds: quick)",
    ),
    "models": v.Names(MODELS, help="which models to train"),
    "seed": v.Whole(0, 2**64 - 1, "a seed has 64 bits", help="of weights, order, crops and noise"),
    "score_split": v.Word(
        ("validation", "test"), help="what the notebook scores; test is for the final study alone"
    ),
    # --- the networks. A residual block has 288 width^2 weights: at width 1024, 300 million.
    "model": v.Word(MODELS),
    "size": replace(
        SIZE, help="side of the images in pixels, or rows of a spectrogram; the preset's if not given"
    ),
    "width": v.Whole(1, 1024, MEMORY, help="channels of the first layer; the preset's if not given"),
    "private_blocks": v.Whole(0, 64, MEMORY),
    "shared_blocks": v.Whole(0, 64, MEMORY),
    "code_channels": v.Whole(0, 4096, MEMORY),  # what width 1024 has
    "init": v.Word(
        ("independent", "twin"),
        help="whether the private layers of both domains start alike (twin); the preset's if not given",
    ),
    "weight_init": v.Word(
        ("normal", "kaiming", "kaiming_all"), help="how weights start; the preset's if not given"
    ),
    # --- the posterior, the penalty and T
    "posterior": v.Word(
        ("input", "code", "none"),
        help="where AVB-GTN's noise enters: at the encoder's input, at the code, or nowhere",
    ),
    "noise_scale": v.Number(least=0, most=LIMIT, help="of that noise"),
    "noise_channels": v.Whole(1, 64, MEMORY),  # planes beside the image's three
    "penalty": v.Word(
        (*T_PENALTIES, "mean_square", "gaussian", "none"),
        help="what AVB-GTN's generators minimise in the place of the KL",
    ),
    "penalty_scale": v.Word(
        ("as_written", "per_dimension", "nats"),
        help="the penalty's unit: as_written in the paper, per dimension of the code, or nats",
    ),
    # Each draw is a pass of the encoder; AVB's paper has some tens
    "adaptive_contrast": v.Whole(
        0, 1024, MEMORY, help="draws of the encoder's noise that normalise what T sees; 0: none"
    ),
    "t_steps": v.Whole(1, 1000, "an epoch would take hours", help="updates of T in an epoch"),
    "t_train_on": v.Word(("real", "real+translated"), help="which codes T learns from"),
    "t_input": v.Word(("xz", "z")),
    "t_view": v.Word(("image", "patch", "place")),
    "t_prior": v.Word(("normal", "other")),
    "t_r1": v.Number(least=0, most=LIMIT),
    # --- the losses
    "gan_loss": v.Word(("non_saturating", "minimax", "least_squares"), help="form of the GAN loss"),
    **{
        f"lambda_{k}": v.Number(least=0, most=LIMIT, help=f"coefficient of {what}")
        for k, what in enumerate(LAMBDAS)
    },
    "lambda_reading": v.Word(
        ("code", "literal"),
        help=(
            "whether the cycle losses hold the first penalty a second time (literal), or not, as UNIT's code"
        ),
    ),
    # --- the training
    "batch": v.Whole(1, 4096, MEMORY, help="images of each domain in an update, over all processes"),
    "lr": v.Number(
        above=0, most=STEP, why="nothing would be learnt", help="step size of Adam; the preset's if not given"
    ),
    "t_lr": v.Number(
        above=0, most=STEP, why="nothing would be learnt", help="step size of T; lr if not given"
    ),
    "d_lr": v.Number(
        above=0, most=STEP, help="step size of the discriminators, never halved; lr if not given"
    ),
    "lr_halve_every": v.Whole(0, EPOCHS, COUNTED, help="epochs between halvings of the step size; 0: never"),
    "optimiser": v.Word(
        ("adam", "muon"), help="of the kernels of encoders and generators; the preset's if not given"
    ),
    "muon_lr": v.Number(above=0, most=STEP, why="nothing would be learnt", help="step size of Muon"),
    "lr_inverse_sqrt": v.Whole(
        0,
        EPOCHS,
        COUNTED,
        help="epochs t0 of step sizes that shrink with sqrt(1 + epoch / t0), longer for long runs; 0: never; "
        "the preset's if not given",
    ),
    "norm": v.Word(("instance", "layer"), help="in the residual blocks; the preset's if not given"),
    "upsampling": v.Word(
        ("transposed", "resize"), help="in the generators, resize leaves no grid; the preset's if not given"
    ),
    "weight_decay": v.Number(least=0, most=STEP),
    "ema": v.Number(
        least=0,
        below=1,
        why="the average would never move",
        help="weight of the past in the averaged weights; the preset's if not given",
    ),
    "ema_warmup": v.Whole(0, EPOCHS, COUNTED),
    "precision": v.Word(("32-true", "bf16-mixed", "64-true"), help="of the numbers; bf16-mixed is for CUDA"),
    # --- the machine: nothing of this changes a result but the device, whose generators draw other noise
    "device": v.Word(("cpu", "cuda"), auto=True, help="auto is CUDA where torch sees it"),
    "devices": v.Whole(
        1, 1024, "one machine has no more GPUs or cores", help="processes, one per GPU or core"
    ),
    "workers": v.Whole(
        0,
        256,
        "so many threads would only wait for each other",
        help="threads that read images ahead; no result depends on it",
    ),
    "processes": v.Whole(1, 1024, "one machine has no more cores"),
    "cache": v.Word(
        ("yes", "no"),
        auto=True,
        yes="yes",
        no="no",
        help="decode CelebA's pictures once, to disk; auto does where a run reads each more than once",
    ),
    "speed": v.SpeedUps(help="ways to be faster; no result depends on them"),
    "run_dir": p.Folder(help="where the run folders go; $AVBGTN_RUNS, else ./runs, if not given"),
    "image": p.ExistingFile("image", help="a picture of your own, which the notebook translates at its end"),
    # --- sound. A minute at 48 kHz is 3 million samples.
    "representation": v.Word(tuple(PLANES), help="how a sound becomes an image"),
    "rate": v.Whole(
        *RATES,
        "the representations are made for such rates",
        help="samples per second of the model; the preset's if not given",
    ),
    "seconds": v.Number(above=0, most=60.0, help="length of a training cut; the preset's if not given"),
    "clip": p.ExistingFile("sound", help="a sound of your own, which the notebook translates at its end"),
    # --- what the command line has beside the parameters
    "log_every": v.Whole(1, EPOCHS, help="epochs between lines of metrics"),
    "measure_every": v.Whole(1, EPOCHS, help="epochs between scores on validation images"),
    "$AVBGTN_PATIENCE": v.Number(above=0, most=1e5),  # minutes; two months
}

# Where a name means something else.
OF_SOUND = {
    "dataset": v.Word(
        tuple(SOUNDS),
        auto=True,
        help="what is trained on; folder is two folders of your own in root",
    )
}  # to the parameters of sound
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
