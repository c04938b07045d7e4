"""mlflow's ``mlflow.tracking``: the client under both names."""

from .recording.client import TrackClient
from .recording.stored import get_tracking_uri, set_tracking_uri

MlflowClient = TrackClient

__all__ = ["MlflowClient", "TrackClient", "get_tracking_uri", "set_tracking_uri"]
