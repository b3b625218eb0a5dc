"""What a config may name, row by row: indices, providers, legends, rules; for tables of whoever asks."""

from typing import Any

from pipeline import indices, legends, rights_registry
from pipeline.settings.sources import load_providers

Rows = list[dict[str, Any]]


def describe_indices() -> Rows:
    """The spectral indices that can be computed: name, formula, bands, and where each is known.

    Examples
    --------
    >>> next(row["formula"] for row in pipeline.describe_indices() if row["name"] == "ndvi")
    '(N-R)/(N+R)'
    """
    return [
        {
            "name": one.name,
            "long_name": one.long_name,
            "formula": one.formula,
            "bands": " ".join(one.bands),
            "known_where": one.domain_words,
        }
        for one in indices.spectral.list_known_indices()
    ]


def describe_foreign_indices() -> Rows:
    """The indices of the catalogue that no sensor here can give, with what each needs.

    Examples
    --------
    >>> sorted(pipeline.describe_foreign_indices()[0])
    ['name', 'needs']
    """
    foreign = indices.spectral.list_foreign_indices()
    return [{"name": name, "needs": reason} for name, reason in foreign.items()]


def describe_providers() -> Rows:
    """The providers of scenes that a config may name, with what is known of each.

    Examples
    --------
    >>> "earth-search" in [row["name"] for row in pipeline.describe_providers()]
    True
    """
    return [{"name": name, **entry.model_dump(mode="json")} for name, entry in load_providers().items()]


def describe_legends() -> Rows:
    """The classes of all maps: legend, code, key, names and colour.

    Examples
    --------
    >>> [row["zh"] for row in pipeline.describe_legends() if row["legend"] == "land_cover"]
    ['水体', '植被', '裸地', '建设用地']
    """
    return [
        {
            "legend": legend.id,
            "code": one.code,
            "key": one.key,
            "zh": one.name_zh,
            "en": one.name_en,
            "color": one.color,
        }
        for legend in legends.LEGENDS.values()
        for one in legend.classes
    ]


def describe_rules() -> Rows:
    """The rules behind the findings: id, severity and basis.

    Examples
    --------
    >>> sorted({row["severity"] for row in pipeline.describe_rules()})
    ['error', 'info', 'warning']
    """
    rules = rights_registry.rules.RULES.values()
    return [{"rule": rule.id, "severity": rule.severity, "basis": rule.basis} for rule in rules]
