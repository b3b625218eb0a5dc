"""How readings become means in a run, and how means are judged."""

from pipeline import standards
from pipeline.engine.study import Study
from pipeline.indices.sections.items import EvaluationRules
from pipeline.indices.sections.months import MeanRules


def find_evaluation_rules(study: Study) -> EvaluationRules:
    """How readings become means in a run, and how means are judged."""
    rules = study.settings.sections.rules
    table = standards.table("mean_decimals")
    decimals = dict(zip(table["code"], table["decimals"].astype(int), strict=True))
    rounded = {"none": {}, "2020-82": decimals}[rules.rounding] | rules.decimals
    means = MeanRules(rules.censored_share, rounded)
    return EvaluationRules(means, rules.reference, rules.year_months, rules.few_months)
