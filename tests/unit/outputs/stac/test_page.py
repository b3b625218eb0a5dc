"""What the page says of reading by machine is run."""

import re
from pathlib import Path

import pytest
import rasterio

PAGE = Path(__file__).parents[4] / "docs" / "machine_readable.md"


@pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning")  # odc-geo calls it
def test_the_blocks_of_the_page_read_a_delivery(folder, delivery, monkeypatch):
    monkeypatch.chdir(folder)
    found = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        exec(block, found)
    with rasterio.open(folder / "rasters" / "fvc_2024.tif") as file:
        values = file.read(1, masked=True).astype(float) * 1e-4
    assert found["mean"] == pytest.approx(values.mean())
    assert float(found["cover"].mean()) == pytest.approx(values.mean(), rel=1e-5)
    assert found["said"] == {"S2B_y": "cd" * 32}
    assert Path(found["inventory"]) == folder / delivery.name_file(".parquet")
    met = delivery.parcels.cx[: (121.62 + 121.99) / 2, :]
    assert set(found["window"]["parcel_id"]) == set(met["parcel_id"])
