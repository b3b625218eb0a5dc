"""Land cover by a classifier, from labelled samples to classes, on a small simulated world with haze."""

import hashlib
import json
import pickle
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from rasterio.features import geometry_mask

from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import InputError
from pipeline.flow.inputs import SEED
from pipeline.geodesy import measure_area_m2, project, unproject_all
from pipeline.indices.accuracy import assess, count_confusion
from pipeline.indices.sample_design import allocate_points, draw_points
from pipeline.ingest.simulate.landscape import KINDS
from pipeline.ingest.simulate.world import build_surface, plan_world
from pipeline.legends import ECOSYSTEM, LAND_COVER, LAND_KINDS, NODATA_CLASS
from pipeline.maps.accuracy import ACCURACY
from pipeline.maps.ecosystem import ENCROACHMENT, TYPE_CHANGE, TYPES
from pipeline.maps.land_cover.classifier import CLASSIFIER
from pipeline.maps.showing import collect_tables
from pipeline.settings import Scenes, Settings
from pipeline.settings.maps import Forest, LabelledSamples, LandCover, ModelFile, Smoothing
from pipeline.settings.parcels import RestrictingFile
from pipeline.storage.blocks import open_store
from pipeline.storage.workspace import Workspace
from tests.mapmaking import make, rasters_of, rows_of, view_of

CORNERS = [(121.90, 31.43), (121.922, 31.434), (121.926, 31.447), (121.903, 31.445)]
KIND_OF = {"paddy": "crop", "grass": "grass", "sparse": "grass"}
NAMES = [kind.name if kind.name in LAND_KINDS else KIND_OF[kind.name] for kind in KINDS]
NO_PARCELS = gpd.GeoDataFrame({"land_class": [], "area_m2": []})
COVER = np.array([LAND_COVER.code(kind.cover_class) for kind in KINDS], dtype=np.uint8)


def settings_of(folder, land_cover):
    return Settings(
        label="2024",
        aoi=[str(folder / "shore.geojson")],
        scenes=Scenes(
            provider="simulated", missions=["sentinel-2"], start=date(2023, 6, 1), end=date(2024, 6, 30)
        ),
        land_cover=land_cover,
        out=str(folder / "out"),
    )


def planted(area, day):
    """Kind (position in KINDS) of every pixel on a day; 255 where its centre lies outside."""
    world = plan_world(area.aoi, area.settings.scenes.periods, seed=SEED)
    (tile,) = world.tiles
    ground = build_surface(world, tile.grid, tile, day).kind
    down, across = round((tile.grid.top - area.grid.top) / 10), round((area.grid.left - tile.grid.left) / 10)
    ground = ground[down : down + area.grid.height, across : across + area.grid.width]
    outside = geometry_mask([project(area.aoi.geometry, area.grid.crs)], area.grid.shape, area.grid.transform)
    return np.where(outside, NODATA_CLASS, ground).astype(np.uint8)


def labels(area, classes, counts, seed):
    """Points drawn from planted kinds, with their names, in EPSG:4490."""
    points = draw_points(classes, counts, seed=seed)
    x, y = area.grid.transform * (points["col"].to_numpy() + 0.5, points["row"].to_numpy() + 0.5)
    shapes = unproject_all(shapely.points(x, y), area.grid.crs)
    return gpd.GeoDataFrame({"class": [NAMES[code] for code in points["code"]]}, geometry=shapes, crs=4490)


def maps_of_run(area):
    with Workspace(Path(area.settings.out) / "work").hold() as workspace:
        run = Run(workspace, Threads(1), Bars(quiet=True))
        return make(run, area)


def west_of(area, classes, share):
    """The classes on so much of the width from the west; nothing in the rest."""
    west = np.arange(area.grid.width) < share * area.grid.width
    return np.where(west, classes, NODATA_CLASS).astype(np.uint8)


@pytest.fixture(scope="module")
def shore(tmp_path_factory):
    """An area, what is planted there in each year, and its maps by a classifier that saw the western part."""
    folder = tmp_path_factory.mktemp("classified")
    frame = gpd.GeoDataFrame({"part": ["dongtan"]}, geometry=[shapely.Polygon(CORNERS)], crs=4490)
    frame.to_file(folder / "shore.geojson")
    samples = LabelledSamples(path=str(folder / "samples.gpkg"), period="2023")
    rules = LandCover(method="classifier", samples=samples, forest=Forest(trees=20, block_m=200))
    settings = settings_of(folder, rules)
    study = Study.of(settings.aoi[0], settings)
    truth = [planted(study, period.last) for period in settings.scenes.periods]
    present = np.unique(truth[0][truth[0] != NODATA_CLASS]).tolist()
    labels(study, west_of(study, truth[0], 0.6), dict.fromkeys(present, 50), 1).to_file(samples.path)
    return study, truth, maps_of_run(study)


def found_in(maps, name):
    return [open_store(store.path)[name].to_numpy() for store in maps.of("land_cover").values()]


def model_folder(area):
    (file,) = Path(area.settings.out).glob("work/artifacts/classifier/*/model.skops")
    return file.parent


def test_the_classifier_is_right_on_95_of_100_pixels_far_from_any_sample(shore):
    area, truth, maps = shore
    east = np.arange(area.grid.width) > 0.65 * area.grid.width
    for true, seen in zip(truth, found_in(maps, "land_cover"), strict=True):
        known = (true != NODATA_CLASS) & (seen != NODATA_CLASS) & east
        accuracy = (COVER[true.clip(max=len(KINDS) - 1)] == seen)[known].mean()
        print(f"pixels {known.sum()}, overall accuracy {accuracy:.4f}")
        assert known.sum() > 5_000
        assert accuracy >= 0.95


def test_what_is_told_of_the_model_is_what_its_samples_give(shore):
    area, _, _ = shore
    about = json.loads((model_folder(area) / "model.json").read_text(encoding="utf-8"))
    print(about["accuracy_overall"], about["kinds"])
    counts = np.array(about["confusion_predicted_by_labelled"])
    assert about["accuracy_overall"] == pytest.approx(np.diag(counts).sum() / counts.sum())
    assert counts.sum() == sum(about["pixels"]["test"].values())
    assert about["samples"] == sum(about["pixels"]["test"].values()) + sum(about["pixels"]["train"].values())
    assert set(about["pixels"]["train"]) == set(about["pixels"]["test"]) == set(about["kinds"])
    assert set(about["features"]) >= {"red", "nir", "ndvi", "mndwi", "bsi"}
    assert hashlib.sha256((model_folder(area) / "model.skops").read_bytes()).hexdigest() == about["sha256"]


def test_every_class_and_type_stands_beside_how_sure_it_is(shore):
    area, _, maps = shore
    for store in maps.of("land_cover").values():
        layers = {name: array.to_numpy() for name, array in open_store(store.path).items()}
        seen = layers["land_cover"] != NODATA_CLASS
        assert seen.sum() > 0.9 * area.aoi.area_m2 / 100
        assert ((layers["confidence"] >= 2500) == seen).all()
        assert ((layers["margin"] >= 0) == seen).all()
        assert (layers["margin"] <= layers["confidence"])[seen].all()
        typed = layers["ecosystem"] != NODATA_CLASS
        assert (typed <= seen).all()
        assert ((layers["ecosystem_confidence"] > 0) == typed).all()
        water = layers["land_cover"] == LAND_COVER.code("water")
        assert (layers["ecosystem"][water] == ECOSYSTEM.code("wetland")).all()


def test_the_saved_model_gives_the_same_maps_and_any_other_file_is_refused(shore, tmp_path):
    area, _, maps = shore
    folder = shutil.copytree(model_folder(area), tmp_path / "model")
    sha256 = json.loads((folder / "model.json").read_text(encoding="utf-8"))["sha256"]

    def with_model(checksum):
        rules = LandCover(method="classifier", model=ModelFile(path=str(folder), sha256=checksum))
        return replace(area, settings=area.settings.model_copy(update={"land_cover": rules}))

    again = maps_of_run(with_model(sha256))
    for one, other in zip(found_in(maps, "land_cover"), found_in(again, "land_cover"), strict=True):
        assert (one == other).all()
    with pytest.raises(InputError, match="checksum"):
        maps_of_run(with_model("0" * 64))
    (folder / "model.skops").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(InputError, match="checksum"):
        maps_of_run(with_model(sha256))
    with pytest.raises(InputError, match="BadZipFile"):
        maps_of_run(with_model(hashlib.sha256(pickle.dumps({"a": 1})).hexdigest()))


def test_smoothing_over_neighbours_takes_lone_pixels_away_and_keeps_what_is_unknown(shore):
    area, _, maps = shore
    rules = area.settings.land_cover.model_copy(
        update={"smoothing": Smoothing(radius_px=1, neighbour_weight=0.5)}
    )
    smooth = maps_of_run(replace(area, settings=area.settings.model_copy(update={"land_cover": rules})))
    for before, after in zip(found_in(maps, "land_cover"), found_in(smooth, "land_cover"), strict=True):
        assert ((before == NODATA_CLASS) == (after == NODATA_CLASS)).all()
        edges = [(classes[:, 1:] != classes[:, :-1]).sum() for classes in (before, after)]
        assert edges[1] < edges[0]


@pytest.fixture(scope="module")
def by_rules(shore):
    """The same area under the rules, the codes that are planted there in 2024, and its maps."""
    area, truth, _ = shore
    area = replace(area, settings=area.settings.model_copy(update={"land_cover": LandCover()}))
    maps = maps_of_run(area)
    seen = found_in(maps, "land_cover")[1]
    true = np.where(truth[1] == NODATA_CLASS, NODATA_CLASS, COVER[truth[1].clip(max=len(KINDS) - 1)])
    return area, np.where(seen == NODATA_CLASS, NODATA_CLASS, true), seen, maps


def judged(area, maps, sample):
    """What a labelled sample says of maps."""
    path = Path(area.settings.out) / "labelled.gpkg"
    path.unlink(missing_ok=True)
    sample.to_file(path)
    rules = LandCover(accuracy=LabelledSamples(path=str(path)))
    area = replace(area, settings=area.settings.model_copy(update={"land_cover": rules}))
    maps = replace(maps, study=area)
    return ACCURACY.show.tables(view_of(maps)), list(rows_of(maps, ACCURACY).values())


def drawn(area, seen, true, seed):
    """A stratified sample of a map inside the area, labelled by what is planted."""
    seen = np.where(true == NODATA_CLASS, NODATA_CLASS, seen).astype(np.uint8)
    points = draw_points(seen, dict.fromkeys(range(1, 5), 80), seed=seed)
    x, y = area.grid.transform * (points["col"].to_numpy() + 0.5, points["row"].to_numpy() + 0.5)
    keys = {entry.code: entry.key for entry in LAND_COVER.classes}
    names = [keys[code] for code in true[points["row"], points["col"]]]
    shapes = unproject_all(shapely.points(x, y), area.grid.crs)
    return gpd.GeoDataFrame({"class": names, "stratum": points["code"]}, geometry=shapes, crs=4490)


def test_a_labelled_sample_tells_accuracies_and_areas_whose_intervals_hold_what_is_planted(by_rules):
    area, true, seen, maps = by_rules
    tables, rows = judged(area, maps, drawn(area, seen, true, 5))
    table = tables["accuracy"].set_index("land_cover")
    assert table["points"].tolist() == [80] * 4
    assert table["adjusted_m2"].sum() == pytest.approx(table["mapped_m2"].sum())
    known = true != NODATA_CLASS
    for entry in LAND_COVER.classes:
        row, share = table.loc[entry.key], (true == entry.code)[known].mean()
        planted_m2 = share * table["mapped_m2"].sum()
        print(entry.key, round(planted_m2), row[["adjusted_low_m2", "adjusted_high_m2"]].round().tolist())
        assert row["adjusted_low_m2"] - 3000 <= planted_m2 <= row["adjusted_high_m2"] + 3000
        assert row["users_low"] <= row["users"] <= row["users_high"] <= 1
    by_name = {row["indicator"]: row for row in rows}
    overall = by_name["land_cover_accuracy"]
    assert overall["low"] <= (true == seen)[known].mean() <= overall["high"]
    assert by_name["class_share_adjusted:water"]["numerator"] == table.loc["water", "adjusted_m2"]


def test_unlabelled_points_are_left_out_and_a_sample_of_another_map_is_refused(by_rules):
    area, true, seen, maps = by_rules
    sample = drawn(area, seen, true, 5)
    half = sample.assign(**{"class": sample["class"].where(np.arange(len(sample)) % 2 == 0)})
    tables, _ = judged(area, maps, half)
    assert tables["accuracy"]["points"].sum() == (len(sample) + 1) // 2
    strange = sample.assign(stratum=np.where(sample.index == 7, 5 - sample["stratum"], sample["stratum"]))
    with pytest.raises(InputError, match=f"1 of {len(sample)} points whose `stratum`"):
        judged(area, maps, strange)


def test_without_a_sample_nothing_is_judged(by_rules):
    _, _, _, maps = by_rules
    assert rows_of(maps, ACCURACY) == {}
    assert "accuracy" not in collect_tables(replace(view_of(maps), parcels=NO_PARCELS))


@pytest.mark.slow
def test_intervals_hold_what_is_planted_for_at_least_90_of_100_draws(by_rules):
    """Overall accuracy and areas of classes; pixels are weighed alike on both sides.

    The intervals are those of normal estimates, which need wrong points: a class for which fewer than 10
    are to be expected is not asked for.
    """
    _, true, seen, _ = by_rules
    known = true != NODATA_CLASS
    codes = [entry.code for entry in LAND_COVER.classes]
    pixels = count_confusion(seen[known], true[known], codes)
    mapped, planted_px = pixels.sum(axis=1).astype(float), pixels.sum(axis=0)
    share = np.trace(pixels) / pixels.sum()
    sizes = allocate_points(mapped, 1200)
    expected = assess(np.rint(pixels * (sizes / mapped)[:, None]).astype(np.int64), mapped, codes)
    within = np.where(known, seen, NODATA_CLASS).astype(np.uint8)
    held = np.zeros(len(codes) + 1)
    for seed in range(100):
        drawn = draw_points(within, dict(zip(codes, sizes.tolist(), strict=True)), seed=seed)
        labels = true[drawn["row"], drawn["col"]].astype(np.int64)
        found = assess(count_confusion(drawn["code"].to_numpy(), labels, codes), mapped, codes)
        held[:-1] += np.abs(found.classes["area_m2"] - planted_px) <= found.classes["area_half_m2"]
        held[-1] += abs(found.overall - share) <= found.overall_half
    wrong = [*expected.classes["wrong"], round(sizes.sum() * (1 - share))]
    print(f"{sizes.sum()} points, wrong ones expected {wrong}, held in 100 draws: {held.tolist()}")
    enough = np.array(wrong) >= 10
    assert enough.sum() >= 4
    assert (held[enough] >= 90).all()


def test_types_and_what_is_built_over_are_told_and_add_up_to_the_area(shore, tmp_path):
    area, _, _ = shore
    line = shapely.intersection(area.aoi.geometry, shapely.box(121.905, 31.43, 121.915, 31.45))
    gpd.GeoDataFrame(geometry=[line], crs=4490).to_file(tmp_path / "line.gpkg")
    layer = RestrictingFile(path=str(tmp_path / "line.gpkg"), kind="ecological_red_line")
    area = replace(area, settings=area.settings.model_copy(update={"restricting": [layer]}))
    maps = maps_of_run(area)
    register = gpd.GeoDataFrame({"land_class": ["0101", "1105", None], "area_m2": [7.0, 5.0, 3.0]})
    view = replace(view_of(maps), parcels=register)
    tables = {**TYPES.show.tables(view), **TYPE_CHANGE.show.tables(view)}
    types = tables["ecosystems"]
    unknown = types.groupby("period")["unknown_area_m2"].first()
    assert (types.groupby("period")["area_m2"].sum() + unknown).tolist() == pytest.approx(
        [area.aoi.area_m2] * 2
    )
    assert types.groupby("ecosystem_l1")["registered_m2"].first()[["农田", "湿地", "森林"]].tolist() == [
        7,
        5,
        0,
    ]
    moves = tables["ecosystem_transitions_2023_2024"]
    assert moves["area_m2"].sum() == pytest.approx(area.aoi.area_m2)
    assert moves["area_counted_m2"].sum() == pytest.approx(area.aoi.area_m2)
    found = rows_of(maps, TYPES, TYPE_CHANGE, ENCROACHMENT, CLASSIFIER)
    rows = {name: row for (name, _), row in found.items()}
    inside = rows["encroachment_share:ecological_red_line"]
    assert inside["denominator"] == pytest.approx(measure_area_m2(line), rel=1e-3)
    loss = moves[(moves["from_ecosystem"] == "农田") & ~moves["to_ecosystem"].isin(["农田", "未知"])]
    assert rows["farmland_loss_rate"]["numerator"] == pytest.approx(loss["area_counted_m2"].sum())
    assert rows["classifier_accuracy_held_out"]["value"] > 0.8
    assert set(rasters_of(maps, TYPES, TYPE_CHANGE)) >= {
        "ecosystem_2023",
        "land_cover_confidence_2024",
        "ecosystem_change_2023_2024",
    }
