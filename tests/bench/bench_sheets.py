"""Fact sheets of many parcels as one PDF: seconds, seconds of a processor, bytes, memory.

A delivery of fewer parcels is printed several times over, as many sheets as are asked for.

    PYTHONPATH=. python tests/bench/bench_sheets.py delivery/chongming_wetlands/latest --parcels 500
"""

import argparse
import resource
import time
from itertools import cycle, islice
from pathlib import Path

from pipeline.outputs.fact_sheets.facts import read_parcel_facts
from pipeline.outputs.fact_sheets.printing import print_fact_sheets
from pipeline.outputs.published import open_published


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("delivery", type=Path)
    parser.add_argument("--parcels", type=int, default=500)
    asked = parser.parse_args()
    began, worked = time.perf_counter(), time.process_time()
    published = open_published(asked.delivery)
    facts = read_parcel_facts(published)
    read = time.perf_counter() - began
    packed = print_fact_sheets(facts, published, list(islice(cycle(facts.parcels.index), asked.parcels)))
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"ours: {asked.parcels} sheets in {seconds:.1f} s (the facts in {read:.1f} s), {cpu:.1f} s CPU, "
        f"{len(packed) / 1e6:.1f} MB, {most_mb:.0f} MB of memory"
    )


if __name__ == "__main__":
    main()
