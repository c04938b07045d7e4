"""Which way is better for a metric: declared, else guessed from its name; and which metric comes first.

A guess is never stored and is always shown as one, with a ``?`` behind its arrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..records import Goal as Direction
from ..records import MetricSummary

_TOKENS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that say it by themselves. Where a name has several, the last one counts: accuracy_loss is a loss.
_MIN = _words(
    "loss losses error err cost mae mse rmse msle rmsle mape smape mase wer cer eer nll bpc bpb bpd perplexity ppl "
    "entropy crossentropy xent kl divergence deviance brier hinge regret fid kid latency fpr fnr bouldin "
    "violation misclassification"
)
_MAX = _words(
    "acc accuracy ap f1 f2 fbeta auc auroc auprc roc precision recall r2 map iou miou giou dice jaccard bleu rouge "
    "meteor chrf reward return ndcg mrr psnr ssim kappa mcc matthews sensitivity specificity tpr tnr likelihood elbo "
    "throughput success correct pearson spearman gini silhouette top1 top5 explained"
)
_WEAK = frozenset({"score"})
# A name that ends so is about the quantity and not the quantity itself.
_ABOUT = _words("scale weight weights coef coefficient step steps epoch lr time seconds count")
_OPPOSITE: dict[Direction, Direction] = {"min": "max", "max": "min"}
_RANKS = {"named": 0, "logged": 1, "result": 2, "auto": 3}


@dataclass(frozen=True)
class Goal:
    """Which way is better, or None, and whether that was only guessed."""

    direction: Direction | None
    guessed: bool = False

    @property
    def arrow(self) -> str:
        """``↑`` or ``↓``, with ``?`` where it was guessed; nothing where no goal is known."""
        return {"max": "↑", "min": "↓", None: ""}[self.direction] + self.doubt

    @property
    def doubt(self) -> str:
        """``?`` for a guess, else nothing."""
        return "?" if self.guessed else ""

    @property
    def words(self) -> str:
        """The goal in words, as a title says it."""
        if self.direction is None:
            return "no goal known"
        better = {"max": "higher is better", "min": "lower is better"}[self.direction]
        return f"{better} (guessed from the name)" if self.guessed else better


NO_GOAL = Goal(None)


def tokens_of(key: str) -> list[str]:
    """Return the words of a metric's name, in lower case.

    Examples
    --------
    >>> tokens_of("val/meanSquaredError"), tokens_of("R2")
    (['val', 'mean', 'squared', 'error'], ['r2'])
    """
    words = [word.lower() for word in _TOKENS.findall(key)]
    joined: list[str] = []
    for word in words:
        if word.isdigit() and joined and joined[-1] + word in _MAX:  # f1, r2, top5
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def guess_goal(key: str) -> Direction | None:
    """Return which way is better, guessed from the metric's name, or None where the name does not say.

    Examples
    --------
    >>> guess_goal("val_loss"), guess_goal("test/f1_score"), guess_goal("neg_mean_squared_error")
    ('min', 'max', 'max')
    >>> guess_goal("learning_rate") is None
    True
    """
    words = tokens_of(key)
    if not words or words[-1] in _ABOUT:
        return None
    found: Direction | None = None
    for word in words:
        single = word[:-1] if word.endswith("s") and len(word) > 3 else word
        if word in _MIN or single in _MIN:
            found = "min"
        elif word in _MAX or single in _MAX:
            found = "max"
    if found is None and _WEAK.intersection(words):
        found = "max"
    if found is not None and {"neg", "negative"}.intersection(words):
        return _OPPOSITE[found]
    return found


def goal_of(key: str, goals: Mapping[str, Direction]) -> Goal:
    """Return the goal of the metric `key`: the declared one, else the guess.

    Examples
    --------
    >>> goal_of("loss", {})
    Goal(direction='min', guessed=True)
    >>> goal_of("loss", {"loss": "max"})
    Goal(direction='max', guessed=False)
    """
    declared = goals.get(key)
    if declared is not None:
        return Goal(declared)
    guess = guess_goal(key)
    return Goal(guess, guessed=guess is not None)


def rank(metric: MetricSummary, goals: Mapping[str, Direction]) -> int:
    """Return where a metric stands: 0 is the main one (its goal was declared, or it was named), 3 auto-captured."""
    return 0 if metric.key in goals else _RANKS.get(metric.source, 1)


def main_first(metrics: Iterable[MetricSummary], goals: Mapping[str, Direction]) -> list[MetricSummary]:
    """Return the metrics in the order in which they are shown; within a rank in the order of logging."""
    return sorted(metrics, key=lambda metric: rank(metric, goals))
