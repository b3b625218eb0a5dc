"""Vector files of any format, layers, keys and numbers: what was planted, or a refusal that names it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.aoi import load_aoi
from pipeline.errors import InputError
from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.ingest.labels import read_labels
from pipeline.ingest.parcels import read_parcels, read_restricting
from pipeline.settings.maps import LabelledSamples
from pipeline.settings.parcels import ParcelFile, RestrictingFile
from tests.mutated_registers import AOI
from tests.registers import parcels_in

DRIVERS = {"gpkg": "GPKG", "gdb": "OpenFileGDB", "sqlite": "SQLite"}
GDB = {"driver": "OpenFileGDB", "TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"}
LAYERS = st.lists(
    st.tuples(
        st.sampled_from(["XZQ", "DLTB", "甲", "B"]), st.sampled_from(["polygons", "points", "empty", "table"])
    ),
    unique_by=lambda layer: layer[0],
    min_size=1,
    max_size=4,
)
KEYS = st.one_of(st.none(), st.integers(1, 999), st.integers(2**31, 2**53), st.integers(2**61, 2**63 - 1))


def place(number: int) -> shapely.Polygon:
    """A parcel within the area, no two of one size."""
    return shapely.box(121.803 + 0.003 * number, 31.41, 121.8045 + 0.0031 * number, 31.412 + 0.001 * number)


def write_layer(path: Path, name: str, kind: str, number: int) -> None:
    options = {"driver": DRIVERS[path.suffix[1:]], "layer": name, "append": path.exists()}
    count = 0 if kind == "empty" else 1
    columns = {"BSM": [f"k{number}"] * count, "class": ["water"] * count}
    if kind == "table":
        pyogrio.write_dataframe(pd.DataFrame(columns), path, **options)
        return
    shapes = [place(number).centroid if kind == "points" else place(number)][:count]
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=CGCS2000)
    form = "Point" if kind == "points" else "Polygon"
    pyogrio.write_dataframe(frame, path, geometry_type=form, **options)


def read_areas(path: Path) -> dict[str, list[float]]:
    """Areas of what each door reads; what it says where it refuses."""
    doors = {
        "parcels": lambda: parcels_in(read_parcels(ParcelFile(path=str(path)), AOI)).geometry,
        "restricting": lambda: (
            read_restricting([RestrictingFile(path=str(path), kind="ecological_red_line")], AOI).geometry
        ),
        "aoi": lambda: [load_aoi(str(path), relative_to=path.parent).geometry],
    }
    found = {}
    for name, door in doors.items():
        try:
            found[name] = list(map(measure_area_m2, door()))
        except InputError as error:
            found[name] = str(error)
    return found


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(sorted(DRIVERS)), LAYERS)
def test_the_layer_that_is_read_is_the_only_one_or_the_known_one(suffix, layers):
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"r.{suffix}"
        for number, (name, kind) in enumerate(layers):
            write_layer(path, name, kind, number)
        full = {name: number for number, (name, kind) in enumerate(layers) if kind == "polygons"}
        alone = next(iter(full.values())) if len(full) == 1 else None
        meant = {"parcels": full.get("DLTB", alone), "restricting": alone, "aoi": alone}
        for door, found in read_areas(path).items():
            if meant[door] is None:
                assert str(path) in found
                assert all(name.lower() in found.lower() for name in full)
            else:
                assert found == [pytest.approx(measure_area_m2(place(meant[door])), rel=1e-4)]


@settings(max_examples=8, deadline=None)
@given(LAYERS)
def test_labelled_samples_are_those_of_the_only_layer_or_none(layers):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "r.gpkg"
        for number, (name, kind) in enumerate(layers):
            write_layer(path, name, kind, number)
        possible = [number for number, (_, kind) in enumerate(layers) if kind != "table"]
        read = LabelledSamples(path=str(path))
        if len(possible) == 1 and layers[possible[0]][1] != "empty":
            (shape,) = read_labels(read, AOI).geometry
            assert shapely.intersects(shape, place(possible[0]))
        else:
            with pytest.raises(InputError, match=r"r\.gpkg"):
                read_labels(read, AOI)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["gpkg", "geojson", "parquet", "shp", "fgb", "gdb"]),
    st.lists(KEYS, min_size=1, max_size=5, unique_by=lambda key: key or object()),
    st.booleans(),
)
def test_keys_are_those_that_were_written_or_are_refused_with_their_column(suffix, keys, doubles):
    dtype = "float64" if doubles else "Int64"
    shapes = [place(number) for number in range(len(keys))]
    table = gpd.GeoDataFrame({"BSM": pd.array(keys, dtype=dtype)}, geometry=shapes, crs=CGCS2000)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"r.{suffix}"
        if suffix == "parquet":
            table.to_parquet(path)
        else:
            pyogrio.write_dataframe(table, path, **(GDB if suffix == "gdb" else {}))
        if doubles and max(key or 0 for key in keys) >= 2**53:
            with pytest.raises(InputError, match="column BSM: found doubles"):
                read_parcels(ParcelFile(path=str(path)), AOI)
            return
        parcels = parcels_in(read_parcels(ParcelFile(path=str(path)), AOI))
    planted = {None if key is None else str(key): shape for key, shape in zip(keys, shapes, strict=True)}
    found = dict(zip(parcels["parcel_id"], parcels.geometry, strict=True))
    assert set(found) == set(planted)
    if None not in planted:
        assert all(shapely.hausdorff_distance(found[key], planted[key]) < 1e-8 for key in planted)
    assert np.isfinite(parcels.geometry.bounds).all(axis=None)
