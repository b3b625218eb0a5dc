"""What a delivery rests on and what it may be used for, in one line each."""

from datetime import UTC

from pipeline.contracts import Delivery
from pipeline.outputs.texts import text


def evidence_line(delivery: Delivery) -> str:
    """Scenes by mission with their days, the outline's source and accuracy, how areas were measured."""
    language, aoi = delivery.language, delivery.aoi
    scenes = delivery.scenes
    if len(scenes):
        days = scenes["datetime"].dt.strftime("%Y-%m-%d")
        counts = scenes["mission"].value_counts().sort_index()
        missions = ", ".join(f"{mission} {count}" for mission, count in counts.items())
        seen = f"{missions} ({days.min()} – {days.max()})"
    else:
        seen = text("evidence.none", language)
    mark = text("simulated.mark", language) if delivery.simulated else ""
    newest = delivery.as_of.astimezone(UTC).strftime("%Y-%m-%d")
    return " · ".join(
        [
            f"{text('evidence.scenes', language)} {seen}{mark}",
            f"{text('evidence.outline', language)} {aoi.source}; {aoi.accuracy}",
            text("evidence.areas", language),
            f"{text('evidence.as_of', language)} {newest}",
        ]
    )


def licence_line(delivery: Delivery) -> str:
    """What the delivery may be used for, with the notices that the scenes' providers ask for."""
    language = delivery.language
    if delivery.simulated:
        return text("licence.simulated", language)
    missions = set(delivery.scenes["mission"].astype(str)) if len(delivery.scenes) else set[str]()
    asked = sorted({"landsat" if mission.startswith("landsat") else mission for mission in missions})
    notices = [text(f"licence.{mission}", language) for mission in asked]
    return "; ".join([*notices, text("licence.use", language)])
