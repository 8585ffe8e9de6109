"""Which tests rest on float32 arithmetic, so that `make variants` runs them on older instruction sets."""

# Files whose tests train in float32, or compare float32 with a bound:
# `make variants` runs them on older instruction sets.
NUMERICAL = frozenset(
    "attributes audio avb avb_gtn_chapter baselines codes equations features gan instrument metrics models "
    "networks picture_translation resume sound_baselines sound_ends sound_evaluate sound_levels "
    "sound_metrics sound_translator speed translator unit_chapter vae".split()
)
