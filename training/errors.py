"""What can go wrong in training, along the way of the data.

    file ──▶ records ──▶ anonymized ──▶ model ──▶ model folder
      DataError                      BaseModelError   OutputError

Each is something that the user can correct: `journal-train` prints it as one line, or one for each
kind of problem in a file, and ends with exit code 2. No message holds the text of an entry.
"""


class TrainingError(Exception):
    """Root of every error of training."""


class DataError(TrainingError):
    """Raised when data cannot be read or does not suffice; names file, line and column."""


class BaseModelError(TrainingError):
    """Raised when the model to start from is missing or cannot be loaded."""


class OutputError(TrainingError):
    """Raised when the result cannot be written where it was asked for."""


class LaunchError(TrainingError):
    """Raised when several processes are asked for something that only one can do."""
