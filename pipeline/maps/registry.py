"""Every step there is, in the order in which a delivery shows them; another map is another entry."""

from pipeline.maps.accounts.checks import ACCOUNT_CHECKS
from pipeline.maps.accounts.fields import ACCOUNT_LAYERS
from pipeline.maps.accounts.ground import ACCOUNT_GROUND
from pipeline.maps.accuracy import ACCURACY
from pipeline.maps.alerts import ALERT
from pipeline.maps.anomaly import ANOMALY
from pipeline.maps.change import CHANGE_THAT_COUNTS, TRANSITIONS
from pipeline.maps.composite import COMPOSITE
from pipeline.maps.cover import COVER
from pipeline.maps.ecosystem import ENCROACHMENT, TYPE_CHANGE, TYPE_TRANSITIONS, TYPES
from pipeline.maps.endmembers import CLASS_ENDMEMBERS, ENDMEMBERS
from pipeline.maps.inundation import INUNDATION
from pipeline.maps.land_cover.classifier import CLASSIFIED, CLASSIFIER, PROBABILITIES
from pipeline.maps.land_cover.existing import EXISTING_MAP, MAP_CODES
from pipeline.maps.land_cover.rules import RULES
from pipeline.maps.look_ndvi import LOOK_NDVI, MONTH_NDVI
from pipeline.maps.look_series import LOOK_SERIES
from pipeline.maps.rsei import HEAT, RSEI
from pipeline.maps.rsei_axis import AXIS
from pipeline.maps.spectral import SPECTRAL
from pipeline.maps.step import Step
from pipeline.maps.trend import SIGNIFICANT_TREND, TREND, TREND_LIMIT

STEPS: tuple[Step, ...] = (
    COVER,
    SPECTRAL,
    LOOK_NDVI,
    RULES,
    CLASSIFIED,
    EXISTING_MAP,
    COMPOSITE,
    LOOK_SERIES,
    CHANGE_THAT_COUNTS,
    INUNDATION,
    ANOMALY,
    TREND,
    SIGNIFICANT_TREND,
    TYPES,
    TYPE_CHANGE,
    ENCROACHMENT,
    CLASSIFIER,
    ALERT,
    ACCURACY,
    RSEI,
    ENDMEMBERS,
    CLASS_ENDMEMBERS,
    TREND_LIMIT,
    PROBABILITIES,
    MAP_CODES,
    TRANSITIONS,
    TYPE_TRANSITIONS,
    HEAT,
    AXIS,
    MONTH_NDVI,
    ACCOUNT_LAYERS,
    ACCOUNT_GROUND,
    ACCOUNT_CHECKS,
)
