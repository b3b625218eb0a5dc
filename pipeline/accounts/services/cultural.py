"""What people come to nature for: travel (旅游康养), leisure (休闲游憩), homes with a view (景观增值)."""

from pipeline.accounts.service import (
    Array,
    Service,
    ServiceItem,
    Terms,
    build_single,
    build_term,
    take_parameter,
    take_statistic,
)
from pipeline.accounts.services.ground import FARMLAND, PLANTS, WETLAND, pick_types

_NATURE = pick_types(*PLANTS, FARMLAND, WETLAND, "0810")
_BAIYANGDIAN = "江波等2017 白洋淀 (ChinaXiv-201704.00322V1)"


def compute_travel_cost(expense: Array, time_value: Array, surplus: Array) -> Array:
    """Value of a visit, yuan: expense, time, and what it was worth beyond both (TE + TV + CS)."""
    return expense + time_value + surplus


def compute_payers(visits: Array, trips: Array, adult_share: Array, local_share: Array) -> Array:
    """People from elsewhere who would pay: visits by trips a person, adults, without those who live here."""
    return visits / trips * adult_share * (1.0 - local_share)


def compute_willingness(payment: Array, rate: Array) -> Array:
    """Payment of a person and year, yuan: of a month, times 12, times the share of those who would pay."""
    return payment * 12.0 * rate


def _price_travel(terms: Terms) -> Array:
    known = terms.parameters
    return compute_travel_cost(known["travel_expense"], known["travel_time_value"], known["consumer_surplus"])


def _price_spend(terms: Terms) -> Array:
    return terms.statistics["visitor_spend"] / terms.statistics["visits"]


def _price_leisure(terms: Terms) -> Array:
    known = terms.parameters
    return known["visit_hours"] * known["hourly_wage"] * known["leisure_wage_share"]


def _count_payers(terms: Terms) -> Array:
    known = terms.parameters
    return compute_payers(
        terms.statistics["visits"], known["trips_per_person"], known["adult_share"], known["local_share"]
    )


def _price_willingness(terms: Terms) -> Array:
    return compute_willingness(terms.parameters["monthly_payment"], terms.parameters["payment_rate"])


_VISITS = take_statistic("visits")
_WILLINGNESS = build_term("w·12·p", _price_willingness, parameters=("monthly_payment", "payment_rate"))

TOURISM = Service(
    code="CUL-01",
    name_zh="旅游康养",
    name_en="Tourism and recreation of visitors",
    category="C",
    supply=_NATURE,
    choices=("tourism",),
    variants={
        ("travel_cost",): build_single(
            "visit",
            _VISITS,
            build_term(
                "TE+TV+CS",
                _price_travel,
                parameters=("travel_expense", "travel_time_value", "consumer_surplus"),
            ),
        ),
        ("spend",): build_single(
            "visit", _VISITS, build_term("spend/visits", _price_spend, shared=("visitor_spend", "visits"))
        ),
    },
    source=_BAIYANGDIAN,
    confirmed=True,
)
LEISURE = Service(
    code="CUL-02",
    name_zh="休闲游憩",
    name_en="Leisure of residents",
    category="C",
    supply=_NATURE,
    variants={
        (): build_single(
            "visit",
            take_statistic("resident_visits"),
            build_term(
                "h·w·s", _price_leisure, parameters=("visit_hours", "hourly_wage", "leisure_wage_share")
            ),
        )
    },
    source="listed in 山东省规范 (m.ablecall.cn/html/2022/12/343675.shtml); formula unconfirmed",
    confirmed=False,
)
LANDSCAPE_PREMIUM = Service(
    code="CUL-03",
    name_zh="景观增值",
    name_en="Premium of homes by landscape",
    category="C",
    supply=_NATURE,
    variants={
        (): build_single("m2", take_statistic("benefiting_housing_area"), take_parameter("landscape_premium"))
    },
    source="from knowledge, unconfirmed",
    confirmed=False,
)
EXISTENCE = Service(
    code="CUL-04",
    name_zh="非使用价值",
    name_en="Existence value",
    category="C",
    supply=_NATURE,
    variants={
        (): (
            ServiceItem(
                "visitors",
                "游客",
                "visitors",
                "person",
                build_term(
                    "N/n·a·(1−l)",
                    _count_payers,
                    shared=("visits",),
                    parameters=("trips_per_person", "adult_share", "local_share"),
                ),
                _WILLINGNESS,
            ),
            ServiceItem(
                "residents", "居民", "residents", "person", take_statistic("population"), _WILLINGNESS
            ),
        )
    },
    source=_BAIYANGDIAN,
    confirmed=True,
    excludes=frozenset({"REG-12"}),
)
