"""The kinds of input that are tried; each is a file of this folder."""

NAMES = ("parameters", "pictures", "sounds", "weights", "run_folders", "datasets", "command_line", "kills")
