"""Student's and the normal distribution, from scipy.

Imported on first use: scipy takes half a second to load, and most of what a workspace is asked needs none of
it.
"""

import numpy as np
from numpy.typing import ArrayLike

from metrics.correlation.values import Floats


def below(t: ArrayLike, df: ArrayLike) -> Floats:
    """The share of Student's distribution below t."""
    from scipy import special  # type: ignore[import-untyped]  # It ships no types.

    return np.asarray(special.stdtr(df, t))


def student(share: float, df: float) -> float:
    """The t below which a share of Student's distribution lies."""
    from scipy import special

    return float(special.stdtrit(df, share))


def normal(share: float) -> float:
    """The z below which a share of the normal distribution lies."""
    from scipy import special

    return float(special.ndtri(share))
