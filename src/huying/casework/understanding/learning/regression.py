"""Weights of a linear model with many labels at once: ridge regression, solved by conjugate gradients. Pure.

Least squares on labels of ±1 judges texts as well as a support vector machine here, and solves for every label in the
same few passes over the texts, so four hundred labels cost little more than memory. Solved in the dual, where vectors
have one number a text instead of one a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

Floats = NDArray[np.float32]

_STEPS = 25
_ENOUGH = 0.01  # residual as a share of the first one


def ridge(texts: sparse.csr_matrix, labels: NDArray[np.int64], count: int, weights: Floats, firmness: float) -> Floats:
    """Pulls, columns × labels: a text's row times these is its score for each label, near 1 for its own, 0 else.

    ``weights`` (one a text, positive) say how much each text counts; ``firmness`` holds pulls near zero.
    """
    wanted = np.zeros((len(labels), count), dtype=np.float32)
    wanted[np.arange(len(labels)), labels] = 1.0
    shares = np.average(wanted, axis=0, weights=weights)
    wanted -= shares.astype(np.float32)
    root = np.sqrt(weights)[:, None].astype(np.float32)
    turned = texts.T.tocsr()
    found = np.zeros_like(wanted)
    rest = wanted * root
    step = rest.copy()
    size = _squares(rest)
    enough = size * _ENOUGH**2
    for _ in range(_STEPS):
        image = root * (texts @ (turned @ (root * step))) + np.float32(firmness) * step
        pace = (size / np.maximum(np.einsum("ij,ij->j", step, image, dtype=np.float64), 1e-30)).astype(np.float32)
        found += pace * step
        rest -= pace * image
        following = _squares(rest)
        if np.all(following <= enough):
            break
        step = rest + (following / np.maximum(size, 1e-30)).astype(np.float32) * step
        size = following
    pulls: Floats = np.asarray(turned @ (root * found), dtype=np.float32)
    return pulls


def _squares(rows: Floats) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.einsum("ij,ij->j", rows, rows, dtype=np.float64)
    return found
