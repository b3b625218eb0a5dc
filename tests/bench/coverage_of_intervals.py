"""In how many of a thousand planted worlds the interval of each indicator holds the truth.

    make bench-intervals

Each office publishes totals and intervals from what it sees: sums under units, a part of whose ground is
unknown, and parameters with their ranges. Each has many truths that look the same to it. The table shows, by
service and item, the truths held of 100, of quantity and of value; 95 is promised, and 93 to 97 shown.
"""

import argparse

import numpy as np
import pandas as pd

from tests.planted_accounts import choose_method, count_held, plant_world

LEAST, MOST = 93.0, 97.0


def main() -> None:
    """Plant, publish, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offices", type=int, default=100)
    parser.add_argument("--truths", type=int, default=10)
    parser.add_argument("--draws", type=int, default=2000)
    given = parser.parse_args()
    method = choose_method()
    tables = [
        count_held(
            plant_world(np.random.default_rng(seed), given.truths), method, draws=given.draws, seed=seed
        )
        for seed in range(given.offices)
    ]
    counts = pd.concat(tables).groupby(["service", "item"], sort=False).sum()
    print(
        f"{given.offices * given.truths} worlds; truths held of 100, and {LEAST:.0f} to {MOST:.0f} promised"
    )
    for (service, item), row in counts.iterrows():
        quantity = "certain" if row["certain"] else _describe(row["quantity"] / row["truths"])
        value = "certain" if row["certain_value"] else _describe(row["value"] / row["truths"])
        print(f"{service:8} {item:22} quantity {quantity:>9}   value {value:>9}")


def _describe(share: float) -> str:
    return f"{100 * share:.1f}{'' if LEAST <= 100 * share <= MOST else ' *'}"


if __name__ == "__main__":
    main()
