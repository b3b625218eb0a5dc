"""stackstac as people write it; runs in an environment of its own, so nothing of this project is imported.

python bench_stackstac.py stackstac SIZE DATES ROOT OUT
"""

import json
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import stackstac

FOLDER = Path(__file__).parents[2] / "build" / "bench"
BANDS = ["blue", "green", "red", "nir", "swir16"]
LEFT, TOP, PIXEL_M = 399960.0, 3500040.0, 10.0
CLEAR, NODATA, CHUNK = [4, 5, 6, 7, 11], -32768, 2048


def items_of(size: int, dates: int, root: str) -> list[dict]:
    """The items with local paths or addresses, and with the EPSG code where stackstac looks for it."""
    folder = FOLDER / f"scenes_{size}_{dates}"
    items = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/item.json"))]
    for item in items:
        item["properties"]["proj:epsg"] = int(item["properties"]["proj:code"].partition(":")[2])
        for asset in item["assets"].values():
            asset["href"] = f"{folder if root == 'local' else root}/{item['id']}/{asset['href'][2:]}"
    return items


def main(size: int, dates: int, root: str, out: Path) -> None:
    """Compose, print the figures, save."""
    warnings.simplefilter("ignore")
    cube = stackstac.stack(
        items_of(size, dates, root),
        assets=[*BANDS, "scl"],
        epsg=32651,
        resolution=PIXEL_M,
        bounds=(LEFT, TOP - size * PIXEL_M, LEFT + size * PIXEL_M, TOP),
        chunksize=CHUNK,
        dtype="uint16",
        fill_value=np.uint16(0),
        rescale=False,
        snap_bounds=False,
    )
    start, cpu = time.perf_counter(), time.process_time()
    classes, numbers = cube.sel(band="scl"), cube.sel(band=BANDS)
    reflectance = numbers.where(classes.isin(CLEAR) & (numbers != 0)) * 1e-4 - 0.1
    found = reflectance.median("time").compute(scheduler="threads", num_workers=2)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    steps = np.rint(found.to_numpy() * 1e4)
    stored = np.where(np.isnan(steps), NODATA, steps).astype(np.int16)
    np.savez(out, **dict(zip(BANDS, stored, strict=True)))
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "peak_mib": peak}))


if __name__ == "__main__":
    main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], Path(sys.argv[5]))
