"""What one look at the ground is: the scenes of a mission on a solar day, or those of one of its orbits."""

from datetime import date, timedelta

from pipeline.contracts import Scene
from pipeline.ingest.scenes.sensors import SENSORS

Look = tuple[str, date, str]
"""Mission, solar day and, of a sensor whose looks are orbits, the orbit."""


def look_of(scene: Scene, longitude: float) -> Look:
    """The look that a scene is a part of; `longitude` fixes the solar day.

    No sensor passes at solar midnight, so that the scenes of an orbit over one place are of one day.
    """
    solar = scene.datetime + timedelta(hours=longitude / 15)
    return scene.mission, solar.date(), scene.orbit if SENSORS[scene.mission].look == "orbit" else ""
