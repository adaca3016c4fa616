"""What can go wrong in training, along the way of the data.

    file ──▶ records ──▶ anonymized ──▶ model ──▶ model folder
      DataError                      BaseModelError   OutputError

Each is the user's to mend: one clear line, exit code 2. No message holds the text of an entry.
"""


class TrainingError(Exception):
    """Root of every error of training."""


class DataError(TrainingError):
    """The data cannot be read or does not suffice; names file, line and column."""


class BaseModelError(TrainingError):
    """The model to start from is missing or not understood."""


class OutputError(TrainingError):
    """The result cannot be written where it was asked for."""


class LaunchError(TrainingError):
    """The command was started in a way that it does not serve."""
