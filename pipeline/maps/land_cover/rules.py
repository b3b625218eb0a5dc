"""Land cover by documented rules on NDVI, MNDWI and BSI, from the composite of a period."""

from collections.abc import Mapping, Sequence

from pipeline.engine.study import Study
from pipeline.indices import land_cover
from pipeline.maps.encoding import CLASSES, RATIO, as_ratio, unpack_reflectance
from pipeline.maps.land_cover.showing import show_land_cover
from pipeline.maps.step import BlockInputs, Layers, Maps, Step, keep_layers, need_same
from pipeline.periods import When
from pipeline.settings.maps import LandCover


def classify_block(inputs: BlockInputs, *, bands: Sequence[str], rules: LandCover) -> Layers:
    """Class and confidence of a block; all of it is unknown where a band that the rules need is missing."""
    if not set(land_cover.BANDS) <= set(bands):
        return {}
    indices = land_cover.compute_rule_indices(unpack_reflectance(inputs.read("composite", land_cover.BANDS)))
    sure = land_cover.compute_confidence(indices, **rules.thresholds, index_noise=rules.index_noise)
    classes = land_cover.classify(indices, **rules.thresholds)
    return {"land_cover": classes.values, "confidence": as_ratio(sure.values)}


def _list_times(study: Study) -> Sequence[When]:
    return study.periods if study.settings.land_cover.method == "rules" else ()


def _list_settings(maps: Maps, _when: When) -> Mapping[str, object]:
    rules = maps.study.settings.land_cover
    return {"rules": {**rules.thresholds, "index_noise": rules.index_noise}}


def _list_parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"bands": maps.bands, "rules": maps.study.settings.land_cover}


RULES = Step(
    name="land_cover",
    version=2,
    title="land cover",
    times=_list_times,
    needs=need_same("composite"),
    settings=_list_settings,
    parameters=_list_parameters,
    layers=keep_layers({"land_cover": CLASSES, "confidence": RATIO}),
    kernel=classify_block,
    config=("land_cover",),
    show=show_land_cover(),
)
