"""Land cover by documented rules on NDVI, MNDWI and BSI, from the composite of a period."""

from collections.abc import Mapping, Sequence

from pipeline.engine.study import Study
from pipeline.indices import land_cover
from pipeline.maps.encoding import CLASSES, RATIO, as_ratio, reflectance
from pipeline.maps.land_cover.showing import show_land_cover
from pipeline.maps.step import Inputs, Layers, Maps, Step, constant, of_period
from pipeline.periods import When
from pipeline.settings.maps import LandCover


def classify_block(inputs: Inputs, *, bands: Sequence[str], rules: LandCover) -> Layers:
    """Class and confidence of a block; all of it is unknown where a band that the rules need is missing."""
    if not set(land_cover.BANDS) <= set(bands):
        return {}
    indices = land_cover.compute_rule_indices(reflectance(inputs.read("composite", land_cover.BANDS)))
    sure = land_cover.compute_confidence(indices, **rules.thresholds, index_noise=rules.index_noise)
    classes = land_cover.classify(indices, **rules.thresholds)
    return {"land_cover": classes.values, "confidence": as_ratio(sure.values)}


def _times(study: Study) -> Sequence[When]:
    return study.periods if study.settings.land_cover.method == "rules" else ()


def _settings(maps: Maps, _when: When) -> Mapping[str, object]:
    rules = maps.study.settings.land_cover
    return {"rules": {**rules.thresholds, "index_noise": rules.index_noise}}


def _parameters(maps: Maps, _when: When) -> Mapping[str, object]:
    return {"bands": maps.bands, "rules": maps.study.settings.land_cover}


RULES = Step(
    name="land_cover",
    version=1,
    title="地表覆盖 land cover",
    times=_times,
    needs=of_period("composite"),
    settings=_settings,
    parameters=_parameters,
    layers=constant({"land_cover": CLASSES, "confidence": RATIO}),
    kernel=classify_block,
    config=("land_cover",),
    show=show_land_cover(),
)
