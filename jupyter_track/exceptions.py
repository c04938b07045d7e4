"""mlflow's ``mlflow.exceptions``: ``MlflowException`` is the root of our errors."""

from .errors import TrackError

MlflowException = TrackError

__all__ = ["MlflowException", "TrackError"]
