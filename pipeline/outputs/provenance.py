"""What a delivery rests on and what it may be used for, in one line each."""

from datetime import UTC

from pipeline.contracts import Delivery
from pipeline.outputs.texts import choose_words, find_text, find_texts


def build_title_line(delivery: Delivery) -> str:
    """Area, label and what is delivered, and that it is simulated where it is."""
    language = delivery.language
    name = delivery.aoi.name_zh if language == "zh" else delivery.aoi.name_en
    mark = find_text("simulated.mark", language) if delivery.simulated else ""
    return f"{name} {delivery.label} {find_text('delivery.title', language)}{mark}"


def build_evidence_line(delivery: Delivery) -> str:
    """Scenes by mission with their days, the outline's source and accuracy, how areas were measured."""
    language, aoi = delivery.language, delivery.aoi
    scenes = delivery.scenes
    if len(scenes):
        days = scenes["datetime"].dt.strftime("%Y-%m-%d")
        counts = scenes["mission"].value_counts().sort_index()
        missions = ", ".join(f"{mission} {count}" for mission, count in counts.items())
        seen = f"{missions} ({days.min()} – {days.max()})"
    else:
        seen = find_text("evidence.none", language)
    mark = find_text("simulated.mark", language) if delivery.simulated else ""
    outline = "; ".join(choose_words(words, language) for words in (aoi.source, aoi.accuracy))
    newest = delivery.as_of.astimezone(UTC).strftime("%Y-%m-%d")
    return " · ".join(
        [
            f"{find_text('evidence.scenes', language)} {seen}{mark}",
            f"{find_text('evidence.outline', language)} {outline}",
            find_text("evidence.areas", language),
            f"{find_text('evidence.as_of', language)} {newest}",
        ]
    )


def build_licence_line(delivery: Delivery) -> str:
    """What the delivery may be used for, with the notices that the scenes' providers ask for."""
    language = delivery.language
    if delivery.simulated:
        return find_text("licence.simulated", language)
    missions = set(delivery.scenes["mission"].astype(str)) if len(delivery.scenes) else set[str]()
    asked = sorted({"landsat" if mission.startswith("landsat") else mission for mission in missions})
    texts = find_texts("licence", language)
    notices = [texts[mission] for mission in asked if mission in texts]
    return "; ".join([*notices, find_text("licence.use", language)])
