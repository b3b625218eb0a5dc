"""The land register of an area, from its file to parcels and findings."""

from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.errors import InputError
from pipeline.flow.inputs import find_inputs
from pipeline.flow.parcels import make_parcels
from pipeline.geodesy import CGCS2000, project_all
from pipeline.rights_registry.findings import add_land_classes
from pipeline.settings.aoi import AoiFile, load_entry
from pipeline.settings.crs import GivenCrs, SevenParameters
from pipeline.settings.parcels import ParcelFile, RestrictingFile
from pipeline.settings.placing import parse_crs
from pipeline.storage.tables import load_json


def lay_out(study, count):
    """So many parcels side by side inside an area."""
    left, bottom, right, top = study.aoi.geometry.bounds
    edges = np.linspace(left, right, count + 3)[1:-1]
    return [
        shapely.box(west, bottom + (top - bottom) / 3, east, (bottom + top) / 2)
        for west, east in pairwise(edges)
    ]


@pytest.fixture
def read_register(run, planted, tmp_path):
    """Reads a register with these columns, perhaps in another CRS: parcels with their class, and findings."""

    def read(columns, crs=CGCS2000, name="parcels.gpkg", **options):
        shapes = lay_out(planted, len(next(iter(columns.values()))))
        path = tmp_path / name
        gpd.GeoDataFrame(columns, geometry=shapes, crs=CGCS2000).to_crs(crs).to_file(path)
        settings = planted.settings.model_copy(update={"parcels": ParcelFile(path=str(path), **options)})
        study = replace(planted, settings=settings)
        folder = make_parcels(run, study, find_inputs(run, study)).path
        parcels, findings = (gpd.read_parquet(folder / f"{name}.parquet") for name in ("parcels", "findings"))
        return add_land_classes(parcels).set_index("parcel_id"), findings.set_index("rule")

    return read


def test_zeros_lost_from_land_classes_come_back_and_are_told(read_register):
    columns = {"BSM": ["W1", "W2", "E1", "E2"], "DLBM": ["301", "101", "1101", "702"]}
    parcels, findings = read_register(columns)
    assert parcels["land_class"].to_dict() == {"W1": "0301", "W2": "0101", "E1": "1101", "E2": "0702"}
    told = findings.loc["land_class_zeros"]
    assert "DLBM" in told["message_zh"]
    assert "101 → 0101" in told["message_en"]
    assert "land_class_unknown" not in findings.index


def test_a_code_of_either_survey_beside_whole_ones_has_no_class_and_is_told(read_register):
    parcels, findings = read_register({"BSM": ["a", "b", "c"], "DLBM": ["0101", "101", "0301"]})
    assert parcels["land_class"].tolist() == ["0101", None, "0301"]
    assert "101" in findings.loc["land_class_unclear", "message_en"]
    assert findings.loc["value_unusable", "parcel_id"] == "b"
    assert "DLBM=101" in findings.loc["value_unusable", "message_en"]


def test_parcels_elsewhere_have_a_say_in_what_a_column_is(run, planted, tmp_path):
    inside = lay_out(planted, 2)
    away = shapely.box(100, 30, 100.01, 30.01)
    path = tmp_path / "r.gpkg"
    columns = {"BSM": ["a", "b", "c"], "DLBM": ["101", "102", "1101"]}
    gpd.GeoDataFrame(columns, geometry=[*inside, away], crs=CGCS2000).to_file(path)
    settings = planted.settings.model_copy(update={"parcels": ParcelFile(path=str(path))})
    study = replace(planted, settings=settings)
    parcels = gpd.read_parquet(make_parcels(run, study, find_inputs(run, study)).path / "parcels.parquet")
    assert parcels["dlbm"].tolist() == ["0101", "0102"]


def test_a_register_whose_land_classes_cannot_be_told_is_refused_by_file_and_column(read_register):
    with pytest.raises(InputError, match=r"parcels\.gpkg.*DLBM"):
        read_register({"BSM": ["a", "b"], "DLBM": [101, 102]})
    parcels, _ = read_register({"BSM": ["a", "b"], "DLBM": [101, 102]}, land_class_edition="second")
    assert parcels["land_class"].tolist() == ["1001", "1003"]


def test_a_datum_known_to_15_m_is_a_finding_with_its_operation_and_stands_with_the_parcels(read_register):
    columns = {"BSM": ["a", "b"], "DLBM": ["0101", "0301"]}
    parcels, findings = read_register(columns, crs="EPSG:2437")
    told = findings.loc["datum_shift"]
    assert all(word in told["message_en"] for word in ("parcels.gpkg", "Beijing 1954", "15 m", "2 m"))
    assert "精度 15 m" in told["message_zh"]
    assert len(parcels) == 2


XIAN = GivenCrs(
    name="EPSG:2385",
    seven_parameters={"dx_m": -10, "dy_m": 60, "dz_m": 30, "rx_arcsec": 1, "rotation": "coordinate_frame"},
    accuracy_m=0.5,
    source="测绘院 2019",
)


def write_in_xian_1980(study, path):
    """Two parcels and where they are, in a file of Xian 1980."""
    shapes = np.array(lay_out(study, 2), dtype=object)
    moved = project_all(shapes, parse_crs("", XIAN).to_wkt())
    columns = {"BSM": ["a", "b"], "DLBM": ["0101", "0301"]}
    gpd.GeoDataFrame(columns, geometry=moved, crs=XIAN.name).to_file(path)
    return shapes


def test_xian_1980_is_refused_with_the_way_out(run, planted, tmp_path):
    write_in_xian_1980(planted, tmp_path / "parcels.gpkg")
    file = ParcelFile(path=str(tmp_path / "parcels.gpkg"))
    study = replace(planted, settings=planted.settings.model_copy(update={"parcels": file}))
    with pytest.raises(InputError, match=r"parcels\.gpkg.*Xian 1980.*seven_parameters"):
        make_parcels(run, study, find_inputs(run, study))


def test_xian_1980_comes_by_the_parameters_of_the_config_which_stand_with_the_parcels(run, planted, tmp_path):
    path = tmp_path / "parcels.gpkg"
    shapes = write_in_xian_1980(planted, path)
    update = {
        "parcels": ParcelFile(path=str(path), crs=XIAN),
        "restricting": [RestrictingFile(path=str(path), kind="ecological_red_line", crs=XIAN)],
    }
    study = replace(planted, settings=planted.settings.model_copy(update=update))
    folder = make_parcels(run, study, find_inputs(run, study)).path
    parcels = gpd.read_parquet(folder / "parcels.parquet")
    apart = shapely.hausdorff_distance(parcels.geometry.to_numpy(), shapes)
    assert apart.max() < 1e-8
    shifts = load_json(folder / "datum_shifts.json")
    for key in ("parcels", "restricting.0"):
        assert shifts[key]["accuracy_m"] == 0.5
        assert shifts[key]["note"] == "测绘院 2019"
        assert "rx=1" in shifts[key]["definition"]
        assert 40 < shifts[key]["moved_m"] < 50
    assert "datum_shift" not in gpd.read_parquet(folder / "findings.parquet")["rule"].tolist()


def test_an_aoi_of_xian_1980_comes_by_the_parameters_of_the_config(planted, tmp_path):
    outline = project_all(np.array([planted.aoi.geometry], dtype=object), parse_crs("", XIAN).to_wkt())
    path = tmp_path / "aoi.gpkg"
    gpd.GeoDataFrame({"id": ["a"]}, geometry=outline, crs=XIAN.name).to_file(path)
    with pytest.raises(InputError, match=r"aoi\.gpkg.*Xian 1980"):
        load_entry(str(path))
    found = load_entry(AoiFile(path=str(path), crs=XIAN))
    assert shapely.hausdorff_distance(found.geometry, planted.aoi.geometry) < 1e-8
    assert (found.shift.accuracy_m, found.shift.note) == (0.5, "测绘院 2019")
    wrong = XIAN.model_copy(
        update={"seven_parameters": SevenParameters(dx_m=9e4, dy_m=0, dz_m=0, rotation="coordinate_frame")}
    )
    with pytest.raises(InputError, match=r"a shift of .*Xian 1980"):
        load_entry(AoiFile(path=str(path), crs=wrong))
