"""Which way is better for a metric, guessed from the words of its name; a guess is never stored."""

from __future__ import annotations

import re

from ..records import Goal

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
_OPPOSITE: dict[Goal, Goal] = {"min": "max", "max": "min"}


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


def guess_goal(key: str) -> Goal | None:
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
    found: Goal | None = None
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
