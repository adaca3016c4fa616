"""What can go wrong in a worker, grouped by who has to act."""


class WorkerError(Exception):
    """Root of every error of the worker. Messages never hold the text of an entry."""


class StartupError(WorkerError):
    """The worker cannot start as configured: one clear line, exit code 2."""


class ModelFolderError(StartupError):
    """The model folder is missing, incomplete, altered or of an unknown format."""


class AnonymizationError(WorkerError):
    """An entry could not be anonymized; it must not go any further."""


class ClassificationError(WorkerError):
    """The classifier could not score a text."""


class UnconfirmedError(WorkerError):
    """Answers are published, but fewer replicas have them than the operator asks for.

    Args:
        held: for each answer, whether its claim was held, so that it is published.
    """

    def __init__(self, held: list[bool]) -> None:
        super().__init__("too few replicas confirmed the answers")
        self.held = held


class DeviceError(WorkerError):
    """The device that a child computes on is lost or full: no entry is at fault."""


class StageBrokenError(WorkerError):
    """A stage fails whatever it is given: the cause is its process, not an entry."""
