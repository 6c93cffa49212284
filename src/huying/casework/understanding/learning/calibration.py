"""From scores to honest probabilities, learned from texts that the scoring model had not seen. Pure.

Two steps: ``mixed`` lets every label's score speak for and against the others, for what is nearly always confused by
the one model is known to the texts it had not seen; ``calibrate`` then stretches scores until they can be believed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_USUAL = 8.0  # slope expected before anything is seen
_SURE_OF_SLOPE, _SURE_OF_SHIFTS = 4.0, 4.0  # how many texts' worth the expectation counts
_HUMBLE = 0.9  # what comes later is never quite like what was learned from
_SURE_OF_MIX = 1.0  # the same for each cell of the mix
_MIXED = 40  # labels from which on there are too few texts for each pair of them


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores are stretched by ``slope``, each label's moved by its shift; a softmax makes them probabilities."""

    slope: float
    shifts: Floats

    def probabilities(self, scores: Floats) -> Floats:
        """Texts × labels; every row sums to one."""
        from scipy.special import softmax  # slow to import: only who uses it waits for it

        found: Floats = softmax(scores.astype(np.float64) * self.slope + self.shifts, axis=1).astype(np.float32)
        return found


def mixed(scores: Floats, truth: NDArray[np.int64], weights: Floats) -> Floats:
    """Labels × labels: what scores are multiplied by so that the truth is likeliest (matrix scaling, Guo et al., 2017).

    Drawn towards leaving them as they are: few texts or many labels change nothing.
    """
    count = scores.shape[1]
    plain = np.eye(count, dtype=np.float32)
    if count >= _MIXED:
        return plain
    wide = scores.astype(np.float64)

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        turns, shifts = point[count:].reshape(count, count), point[:count]
        cost, apart = _surprise(wide * _USUAL + wide @ turns + shifts, truth, weights)
        cost += _SURE_OF_MIX * float(turns.ravel() @ turns.ravel()) + _SURE_OF_SHIFTS * float(shifts @ shifts)
        moved = apart.sum(axis=0) + 2 * _SURE_OF_SHIFTS * shifts
        return cost, np.concatenate([moved, (wide.T @ apart + 2 * _SURE_OF_MIX * turns).ravel()])

    best = _least(loss, np.zeros(count + count**2), 200)
    turns = best[count:].reshape(count, count)
    found: Floats = (plain + turns / _USUAL).astype(np.float32)
    return found


def calibrate(scores: Floats, truth: NDArray[np.int64], weights: Floats) -> Calibration:
    """The slope and shifts under which the truth is likeliest, drawn towards the usual when there are few texts."""
    count = scores.shape[1]
    wide = scores.astype(np.float64)

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope = np.exp(point[0])
        lean, shifts = point[0] - np.log(_USUAL), point[1:]
        cost, apart = _surprise(wide * slope + shifts, truth, weights)
        cost += _SURE_OF_SLOPE * lean**2 + _SURE_OF_SHIFTS * float(shifts @ shifts)
        slopes = float((apart * wide).sum() * slope) + 2 * _SURE_OF_SLOPE * lean
        return cost, np.concatenate([[slopes], apart.sum(axis=0) + 2 * _SURE_OF_SHIFTS * shifts])

    start = np.concatenate([[np.log(_USUAL)], np.zeros(count)])
    best = _least(loss, start, 100)
    return Calibration(float(np.exp(best[0])) * _HUMBLE, (best[1:] * _HUMBLE).astype(np.float32))


def _least(
    loss: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]], start: NDArray[np.float64], rounds: int
) -> NDArray[np.float64]:
    """Where the loss, given with its slopes, is least."""
    from scipy.optimize import minimize  # slow to import, and only learning needs it

    found: NDArray[np.float64] = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": rounds}).x
    return found


def _surprise(
    logits: NDArray[np.float64], truth: NDArray[np.int64], weights: Floats
) -> tuple[float, NDArray[np.float64]]:
    """How unlikely the truth is (nats, summed over weighed texts) and how that grows with every logit."""
    from scipy.special import log_softmax  # slow to import: only who uses it waits for it

    at = np.arange(len(truth))
    logs = log_softmax(logits, axis=1)
    apart = np.exp(logs)
    apart[at, truth] -= 1
    apart *= weights[:, None]
    return -float(weights @ logs[at, truth]), apart
