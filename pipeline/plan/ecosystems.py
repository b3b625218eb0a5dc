"""What a classifier tells beside the classes of land cover: types of ecosystems, and how sure it is."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.contracts import Raster
from pipeline.indices import indicators
from pipeline.legends import ECOSYSTEM
from pipeline.plan.area import Area
from pipeline.plan.rasters import Footprint, Maps
from pipeline.rights_registry import overlay
from pipeline.run import Run
from pipeline.stores import open_store
from pipeline.workspace import Artifact

STEP = "ecosystem"


def stores(_run: Run, _area: Area, _scenes: Sequence[Footprint], maps: Maps) -> tuple[Artifact, ...]:
    """The stores that hold types of ecosystems: those of the land cover, where a classifier made it."""
    return maps.land if maps.classifier else ()


def rasters(area: Area, found: Sequence[Artifact]) -> Iterator[Raster]:
    """Types of ecosystems, and the probability of the land cover class, of every period."""
    for store, period in zip(found, area.settings.scenes.periods if found else (), strict=True):
        layers, days = open_store(store.path), (period.first, period.last)
        titles = ECOSYSTEM.title_zh, ECOSYSTEM.title_en
        yield Raster(f"ecosystem_{period.label}", "classes", layers["ecosystem"], *titles, *days, ECOSYSTEM)
        titles = "地表覆盖分类概率", "Probability of the land cover class"
        yield Raster(f"land_cover_confidence_{period.label}", "ratio", layers["confidence"], *titles, *days)


def rows(
    area: Area, maps: Maps, _over_aoi: overlay.Coverage, _sources: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """How right the classifier was where it had not been shown anything."""
    labels = [period.label for period in area.settings.scenes.periods]
    if maps.classifier:
        span = "/".join(dict.fromkeys([labels[0], labels[-1]]))
        confusion = maps.classifier["confusion_predicted_by_labelled"]
        yield indicators.classifier_indicator(span, confusion)
