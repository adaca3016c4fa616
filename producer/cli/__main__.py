"""`python -m producer.cli` is `journal`, where the console script is not on the path."""

from producer.cli import main

main(prog_name="journal")
