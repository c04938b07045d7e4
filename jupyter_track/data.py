"""mlflow's ``mlflow.data``: datasets for `log_input`, from frames and arrays that are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .context.datasets import Dataset, NumpyDataset, PandasDataset, PolarsDataset
from .context.sources import DatasetSource, stored_source
from .errors import InvalidValue
from .recording.session import session as _session
from .records import Dataset as _DatasetEntity
from .records import DatasetInput as _DatasetInput

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "Dataset",
    "DatasetSource",
    "NumpyDataset",
    "PandasDataset",
    "PolarsDataset",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "get_source",
]


def from_pandas(
    df: DataFrame,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PandasDataset:
    """Return a pandas DataFrame as a dataset: its digest and profile are found now, over all rows.

    Parameters
    ----------
    df : pandas.DataFrame
        The index is no part of the data.
    source : str, path or callable, optional
        Where it came from: a file, an address (stored without credentials), the function that makes it. By default
        the code that runs.
    targets, predictions : str, optional
        The columns that hold them.
    name : str, default "dataset"
    digest : str, optional
        One of your own, at most 36 characters, instead of that of the values.

    Raises
    ------
    InvalidValue
        For another type, or a column that is not there.

    Examples
    --------
    >>> import pandas
    >>> from jupyter_track import data
    >>> data.from_pandas(pandas.DataFrame({"a": [1, 2]}), name="two").digest
    'cc6018eafcf094da8a64e0cd98727270'
    """
    return PandasDataset(df, source, targets, name, digest, predictions, code_tags=_code_tags())


def from_polars(
    df: Any,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PolarsDataset:
    """Return a polars DataFrame as a dataset; the parameters are those of `from_pandas`.

    Raises
    ------
    InvalidValue
        For another type, a column that is not there, or where polars is not installed.
    """
    try:
        import polars  # noqa: F401
    except ImportError:
        raise InvalidValue("from_polars needs polars, which is not installed: 'pip install polars'.") from None
    return PolarsDataset(df, source, targets, name, digest, predictions, code_tags=_code_tags())


def from_numpy(
    features: Any,
    source: Any = None,
    targets: Any = None,
    name: str | None = None,
    digest: str | None = None,
) -> NumpyDataset:
    """Return NumPy arrays as a dataset.

    Parameters
    ----------
    features : array or dict of arrays
    source : str, path or callable, optional
        As for `from_pandas`.
    targets : array or dict of arrays, optional
    name : str, default "dataset"
    digest : str, optional
        One of your own instead of that of the values.
    """
    return NumpyDataset(features, source, targets, name, digest, code_tags=_code_tags())


def get_source(dataset: Dataset | _DatasetEntity | _DatasetInput) -> DatasetSource:
    """Return where a dataset came from; ``.load()`` gives the path of a file.

    Parameters
    ----------
    dataset : Dataset
        One of this module, or one of ``run.inputs.dataset_inputs``.
    """
    if isinstance(dataset, Dataset):
        return dataset.source
    if isinstance(dataset, _DatasetInput):
        dataset = dataset.dataset
    if not isinstance(dataset, _DatasetEntity):
        raise InvalidValue(f"get_source takes a dataset, such as run.inputs.dataset_inputs[0], not {dataset!r}."[:200])
    return stored_source(dataset.source_type, dataset.source, Path(_session.tracker().store))


def _code_tags() -> dict[str, str]:
    """What says which code runs, as mlflow tells it."""
    from .context.place import user_name

    name, kind = _session.source()
    tags = {"mlflow.user": user_name(), "mlflow.source.name": name, "mlflow.source.type": kind}
    return {key: value for key, value in tags.items() if value}
