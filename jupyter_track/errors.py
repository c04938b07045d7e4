"""Every error that jupyter-track raises, in one tree.

::

    TrackError
    ├── InvalidValue            (also ValueError)         INVALID_PARAMETER_VALUE
    │   └── FilterError                                   INVALID_PARAMETER_VALUE
    ├── NotFound                (also LookupError)        RESOURCE_DOES_NOT_EXIST
    ├── MissingFile             (also FileNotFoundError)  RESOURCE_DOES_NOT_EXIST
    ├── AlreadyExists                                     RESOURCE_ALREADY_EXISTS
    ├── RunStateError                                     INVALID_STATE
    │   └── DeletedRun                                    INVALID_PARAMETER_VALUE
    ├── DamagedModel            (also ValueError)         DATA_LOSS
    ├── MissingPackage          (also ImportError)        MISSING_PACKAGE
    └── StoreError              (also OSError)            IO_ERROR
        ├── NotAStore                                     NOT_A_STORE
        ├── CorruptStore                                  DATA_LOSS
        ├── NewerStore                                    UNSUPPORTED_VERSION
        └── StoreUnavailable                              TEMPORARILY_UNAVAILABLE
            └── StoreBusy                                 TEMPORARILY_UNAVAILABLE

`RunStopped` stands beside the tree, below KeyboardInterrupt.

Each class carries a stable ``error_code``; the first five codes are mlflow's own, so that code written
against ``MlflowException.error_code`` keeps working.
"""

from __future__ import annotations

from typing import ClassVar


class TrackError(Exception):
    """The root: something that jupyter-track was asked to do cannot be done."""

    error_code: ClassVar[str] = "INTERNAL_ERROR"


class InvalidValue(TrackError, ValueError):
    """A value, key, name or option is not acceptable; the message names it and the remedy."""

    error_code = "INVALID_PARAMETER_VALUE"


class FilterError(InvalidValue):
    """A search filter or ordering cannot be read.

    Parameters
    ----------
    message : str
        What is wrong.
    text : str
        The filter as given.
    position : int
        Index of the first character that could not be read, from 0.
    """

    def __init__(self, message: str, text: str = "", position: int = 0) -> None:
        self.text = text
        self.position = position
        pointer = f"\n  {text}\n  {' ' * position}^" if text else ""
        super().__init__(f"{message} (at position {position}){pointer}")


class NotFound(TrackError, LookupError):
    """A run, experiment, tag or artifact that was named does not exist."""

    error_code = "RESOURCE_DOES_NOT_EXIST"


class MissingFile(TrackError, FileNotFoundError):
    """A local file or folder that should be logged does not exist."""

    error_code = "RESOURCE_DOES_NOT_EXIST"


class AlreadyExists(TrackError):
    """A name that must be unique is taken."""

    error_code = "RESOURCE_ALREADY_EXISTS"


class RunStateError(TrackError):
    """The state of a run does not allow the call: one is open already, or it is deleted."""

    error_code = "INVALID_STATE"


class DeletedRun(RunStateError):
    """The run is in the bin: it can be read and restored, and not written to (mlflow's code for it)."""

    error_code = "INVALID_PARAMETER_VALUE"


class DamagedModel(TrackError, ValueError):
    """A model's file is cut off, was changed, or is not what it says; nothing of it was loaded."""

    error_code = "DATA_LOSS"


class MissingPackage(TrackError, ImportError):
    """A package that the call needs is not installed; the message names it and the command."""

    error_code = "MISSING_PACKAGE"


class StoreError(TrackError, OSError):
    """The store file cannot be used as asked."""

    error_code = "IO_ERROR"


class NotAStore(StoreError):
    """The file exists and is not a jupyter-track store."""

    error_code = "NOT_A_STORE"


class CorruptStore(StoreError):
    """The store file is damaged; it is kept as it is."""

    error_code = "DATA_LOSS"


class NewerStore(StoreError):
    """The store was written by a newer version: it can be read, not changed."""

    error_code = "UNSUPPORTED_VERSION"


class StoreUnavailable(StoreError):
    """The store is missing, on a full disk, or in a folder that cannot be written."""

    error_code = "TEMPORARILY_UNAVAILABLE"


class StoreBusy(StoreUnavailable):
    """The store is locked by another program; trying again helps."""


class RunStopped(KeyboardInterrupt):
    """A run was asked to stop: raised by its next log call.

    It is no `TrackError`, so that an ``except Exception`` in a training loop does not swallow it. The run that it
    leaves ends as KILLED. A request raises once: whoever catches it can still log what the run came to.

    Parameters
    ----------
    message : str
    run_id : str
        The run that was being logged to.
    """

    error_code: ClassVar[str] = "RUN_STOPPED"

    def __init__(self, message: str = "", run_id: str = "") -> None:
        self.run_id = run_id
        super().__init__(message)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: one line, since nothing went wrong."""
        return [f"{type(self).__name__}: {self}"]
