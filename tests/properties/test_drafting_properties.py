"""Whatever an office calls its columns, and however it keeps its register: `init` reads what was planted."""

from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.aoi import load_aoi
from pipeline.commands.drafting import Wishes, choose_inputs, find_inputs, write_draft
from pipeline.settings import load_settings
from tests.newcomers import SHORE, lay_out_parcels
from tests.unit.commands.drafting.test_init import TODAY

PLANTED = {"parcel_no": "地块编号", "dlbm": "地类编码", "right_holder": "权利人"}
KEPT = [("EPSG:4490", ".gpkg"), ("EPSG:4528", ".shp"), ("EPSG:4549", ".gpkg"), ("EPSG:4326", ".geojson")]


def list_names(ours: str) -> list[str]:
    """What the table of columns knows one of ours by, as far as a Shapefile can hold it."""
    names = {row["theirs"] for row in standards.read_rows("parcel_columns") if row["ours"] == ours}
    return sorted(name for name in names if len(name.encode("gbk")) <= 10)


@given(
    named=st.fixed_dictionaries({ours: st.sampled_from(list_names(ours)) for ours in PLANTED}),
    order=st.permutations([*PLANTED, "geometry"]),
    kept=st.sampled_from(KEPT),
)
@settings(max_examples=10)
def test_a_register_under_any_known_headings_becomes_a_config_that_names_it(named, order, kept):
    crs, suffix = kept
    register = lay_out_parcels().rename(columns={PLANTED[ours]: theirs for ours, theirs in named.items()})
    columns = [named.get(name, name) for name in order]
    with TemporaryDirectory() as kept_in:
        folder = Path(kept_in).resolve()
        path = folder / f"登记{suffix}"
        told = {"encoding": "GBK"} if suffix == ".shp" else {}
        register[columns].to_crs(crs).to_file(path, **told)
        (found,) = find_inputs(folder)
        assert found.role == "parcels"
        words = "\n".join(found.tell("zh"))
        assert all(f"{theirs} → {ours}" in words for ours, theirs in named.items())
        write_draft(choose_inputs([found], Wishes(), TODAY), folder / "my.yaml", "zh")
        assert Path(load_settings(folder / "my.yaml").parcels.path) == path
        hull = load_aoi("area.geojson", relative_to=folder).geometry
        assert hull.buffer(1e-6).covers(SHORE)
        assert shapely.area(hull) < 1.02 * SHORE.area


def test_the_tables_that_are_drawn_from_hold_several_names():
    assert all(len(list_names(ours)) > 1 for ours in PLANTED)
    assert isinstance(lay_out_parcels(), gpd.GeoDataFrame)
