"""`python -m training.cli` is `journal-train`, where the console script is not on the path."""

from training.cli import main

main(prog_name="journal-train")
