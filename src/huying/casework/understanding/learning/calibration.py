"""From scores to honest probabilities, learned from texts that the scoring model had not seen. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float32]

_USUAL = 8.0  # slope expected before anything is seen
_SURE_OF_SLOPE, _SURE_OF_SHIFTS = 4.0, 4.0  # how many texts' worth the expectation counts


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores are stretched by ``slope``, each label's moved by its shift; a softmax makes them probabilities."""

    slope: float
    shifts: Floats

    def probabilities(self, scores: Floats) -> Floats:
        """Texts × labels; every row sums to one."""
        found: Floats = softmax(scores.astype(np.float64) * self.slope + self.shifts, axis=1).astype(np.float32)
        return found


def calibrate(scores: Floats, truth: NDArray[np.int64], weights: Floats) -> Calibration:
    """The slope and shifts under which the truth is likeliest, drawn towards the usual when there are few texts."""
    count = scores.shape[1]
    wide = scores.astype(np.float64)
    at = np.arange(len(truth))

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope = np.exp(point[0])
        logs = log_softmax(wide * slope + point[1:], axis=1)
        apart = np.exp(logs)
        apart[at, truth] -= 1
        apart *= weights[:, None]
        lean, shifts = point[0] - np.log(_USUAL), point[1:]
        cost = -float(weights @ logs[at, truth]) + _SURE_OF_SLOPE * lean**2 + _SURE_OF_SHIFTS * float(shifts @ shifts)
        slopes = float((apart * wide).sum() * slope) + 2 * _SURE_OF_SLOPE * lean
        return cost, np.concatenate([[slopes], apart.sum(axis=0) + 2 * _SURE_OF_SHIFTS * shifts])

    start = np.concatenate([[np.log(_USUAL)], np.zeros(count)])
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x
    return Calibration(float(np.exp(best[0])), best[1:].astype(np.float32))
