"""Numbers of a report's text: written as the store writes them, and so is what is computed with them.

``{{ best.metrics.accuracy * 100 }}`` is 97.11 and not 97.11111187934875; the filter ``round`` gives other digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..records import MetricSummary, Param
from ..views.axes import tick_text
from ..views.format import number, param_text, spread
from ..views.samples import deviation, mean

_DIGITS = 4
_OPERATIONS = (
    "__add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __rtruediv__ __floordiv__ __rfloordiv__ __mod__ "
    "__rmod__ __pow__ __rpow__ __neg__ __pos__ __abs__"
).split()


class Computed(float):
    """A number with four digits, also after it was computed with."""

    def __str__(self) -> str:
        return number(self)


class ComputedParam(float):
    """A number that comes from params: as short as it can be, with four digits at most."""

    def __str__(self) -> str:
        return tick_text(float(f"{float(self):.{_DIGITS}g}"))


class MetricNumber(Computed):
    """The last value of a metric, which can be computed with."""

    min: Computed | None
    max: Computed | None
    step: int
    points: int

    def __new__(cls, summary: MetricSummary) -> MetricNumber:
        """Return the last value of a curve."""
        made = super().__new__(cls, summary.last)
        made.min, made.max = (None if one is None else Computed(one) for one in (summary.min, summary.max))
        made.step, made.points = summary.last_step, summary.count
        return made


class GroupNumber(Computed):
    """The mean of a metric in a group of runs, written with its deviation: ``0.114 ± 0.005 (n=3)``."""

    mean: Computed
    sd: Computed | None
    n: int
    written: str

    def __new__(cls, values: Sequence[float]) -> GroupNumber:
        """Return the mean of finite values."""
        made = super().__new__(cls, mean(values))
        made.mean, made.n, made.written = Computed(made), len(values), spread(values)
        made.sd = Computed(deviation(values)) if len(values) > 1 else None
        return made

    def __str__(self) -> str:
        return self.written


class _Written:
    """A param with the text that stood in the cell."""

    written: str

    def __str__(self) -> str:
        return self.written


class ParamFloat(_Written, ComputedParam):
    """A float as it was written: ``1e-3``."""


class ParamInt(_Written, int):
    """An int as it was written."""


def param_value(param: Param) -> Any:
    """Return a param for a text: a number to compute with that is written as it was, or what it is."""
    kind: Any = {"float": ParamFloat, "int": ParamInt}.get(param.type)
    if kind is None or isinstance(param.value, bool | None):
        return param.value if param.type in ("bool", "none") else param_text(param, None)
    made = kind(param.value)
    made.written = param_text(param, None)
    return made


def _computing(name: str, kind: type, own: type, result: type) -> Callable[..., Any]:
    """Return an operation of a number that gives one of ours; what is no number stays as it is."""
    plain = getattr(own, name)

    def operate(self: Any, *others: Any) -> Any:
        found = plain(self, *others)
        if found is NotImplemented and own is int and isinstance(others[0], float):
            found = getattr(float, name)(float(self), *others)
        return result(found) if isinstance(found, float) else found

    operate.__name__ = name
    operate.__qualname__ = f"{kind.__name__}.{name}"
    return operate


for _name in _OPERATIONS:
    setattr(Computed, _name, _computing(_name, Computed, float, Computed))
    setattr(ComputedParam, _name, _computing(_name, ComputedParam, float, ComputedParam))
    setattr(ParamInt, _name, _computing(_name, ParamInt, int, ComputedParam))
