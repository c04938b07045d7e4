"""How a run is named in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

_LABEL_LENGTH = 40  # of a run's name in a sentence
_FEW_METRICS = 4  # that a run in a line tells


def run_label(number: int | None, name: str) -> str:
    r"""Return a run as people name it in a sentence: on one line, without control characters, a long name cut.

    Examples
    --------
    >>> run_label(12, "baseline"), run_label(3, "two\nlines")
    ('#12 baseline', '#3 two lines')
    """
    plain = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    cut = plain if len(plain) <= _LABEL_LENGTH else f"{plain[: _LABEL_LENGTH - 1]}…"
    return cut if number is None else f"#{number} {cut}".rstrip()


def is_deleted(number: int | None, name: str) -> str:
    """Return the sentence of an error: a run is deleted, and how to bring it back."""
    return (
        f"The run {run_label(number, name)} is deleted; restore_run({number}), '%track restore {number}' or "
        f"'jupyter track restore {number}' brings it back."
    )


def run_line(label: str, state: str, metrics: Mapping[str, float]) -> str:
    """Return a run in a line, with the first of its metrics.

    Examples
    --------
    >>> run_line("#12 baseline", "finished", {"accuracy": 0.96413, "loss": 0.5})
    '#12 baseline · finished · accuracy 0.9641 · loss 0.5'
    """
    told = [f"{run_label(None, key)} {value:.4g}" for key, value in metrics.items()]
    more = [f"+{len(told) - _FEW_METRICS} more"] if len(told) > _FEW_METRICS else []
    return " · ".join([label, state, *told[:_FEW_METRICS], *more])
