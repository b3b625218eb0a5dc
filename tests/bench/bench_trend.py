"""How long the trend of 1 million pixels over 24 periods takes, beside pymannkendall pixel by pixel.

    make bench-trend

prints seconds and the ratio; the figures of both are compared on the pixels that pymannkendall did.
"""

import time

import numpy as np
import pymannkendall

from pipeline.indices.trend import compute_trend

PERIODS, EDGE_PX, THEIRS_PX = 24, 1000, 1000


def planted() -> np.ndarray:
    """A slope a column, noise in steps of 0.01, so that there are ties, and a tenth of the values missing."""
    rng = np.random.default_rng(11)
    noise = rng.normal(0, 0.1, (PERIODS, EDGE_PX, EDGE_PX))
    series = np.arange(PERIODS)[:, None, None] * np.linspace(-0.02, 0.02, EDGE_PX) + noise
    series = series.round(2)
    series[rng.random(series.shape) < 0.1] = np.nan
    return series


def main() -> None:
    """Measure both, compare, print."""
    series = planted()
    compute_trend(series[:, :1, :1])
    start = time.perf_counter()
    found = compute_trend(series)
    ours = time.perf_counter() - start
    columns = series[:, 0, :THEIRS_PX].T
    start = time.perf_counter()
    theirs = [pymannkendall.original_test(column) for column in columns]
    each = (time.perf_counter() - start) / THEIRS_PX
    worst = max(
        np.abs(found.slope[0, :THEIRS_PX] - [one.slope for one in theirs]).max(),
        np.abs(found.z[0, :THEIRS_PX] - [one.z for one in theirs]).max(),
        np.abs(found.p_value[0, :THEIRS_PX] - [one.p for one in theirs]).max(),
    )
    pixels = series[0].size
    print(f"ours, {pixels:,} pixels x {PERIODS} periods, one thread: {ours:.1f} s")
    print(f"pymannkendall, {THEIRS_PX:,} pixels: {each * 1e6:.0f} us a pixel")
    print(f"ratio a pixel: {each * pixels / ours:.0f}; largest difference of slope, z, p: {worst:.1e}")


if __name__ == "__main__":
    main()
