"""Deliveries as they stand once they were published: with a manifest, in the folder of their area."""

import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.csv_tables import write_csv
from pipeline.outputs.published import Published, find_deliveries
from tests.bulletins import describe_file, list_files
from tests.deliveries import written


def publish_delivery(
    delivery: Delivery, out: Path, *, tables: Mapping[str, pd.DataFrame] | None = None, **told: object
) -> Published:
    """Write a delivery with the manifest of one, `told` beside what it must say; as it is found again.

    `tables` are further ones by their stems, which nothing else in the delivery shows.
    """
    folder = out / delivery.aoi.id / delivery.label
    folder.mkdir(parents=True)
    written(delivery, folder)
    for stem, table in (tables or {}).items():
        write_csv(table, folder / "tables" / f"{stem}.csv")
    files = {
        path.relative_to(folder).as_posix(): describe_file(path)
        for path in list_files(folder)
        if not path.is_symlink()
    }
    manifest = {
        "aoi": delivery.aoi.id,
        "label": delivery.label,
        "simulated": delivery.simulated,
        "as_of": delivery.as_of.astimezone(UTC).isoformat(),
        "config": {"scenes": _list_days(delivery), "language": delivery.language},
        "steps": {"cover": 3},
        "artifacts": {"parcels": "ab" * 32, "inventory": "cd" * 32, "accounts": None},
        "versions": {"ecoledger": "0.1.0"},
        "scenes": [
            {
                "id": scene.id,
                "mission": scene.mission,
                "datetime": str(scene.datetime),
                "item_sha256": scene.item_sha256,
            }
            for scene in delivery.scenes.itertuples()
        ],
        "files": files,
        **told,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    (out / delivery.aoi.id / "latest").write_text(f"{delivery.label}\n", encoding="utf-8")
    return next(one for one in find_deliveries(out) if one.folder == folder)


def _list_days(delivery: Delivery) -> dict[str, str]:
    first, last = delivery.periods[0].first, delivery.periods[-1].last
    return {"start": first.isoformat(), "end": last.isoformat(), "period": "year"}
