"""Terms of formulas gathered for rows: variables, statistics handed out, parameters; and what is lacking."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.accounts.parameters import Found, ParameterBook, explain_lack
from pipeline.accounts.rows import AccountRows
from pipeline.accounts.service import Array, ServiceItem, Supply, Terms
from pipeline.accounts.sharing import Told, YearStatistics, share_out, sum_places

_NO_LAYER = "缺图层 {0} / no layer {0}"
_NO_STATISTIC = "缺统计数据 {0} / no statistic {0}"
_NOT_UNDER = "此处图层 {0} 无数据 / the layer {0} knows nothing here"
_NOT_HERE = "本区域缺统计数据 {0} / no statistic {0} of this region"
_NOT_TOLD = "制图类别不能区分供给地类 / mapped classes do not tell the ground that supplies it apart"
_NO_CLASS = "地类不明 / the class of the ground is unknown"
_BY_AREA = "区内无供给地类或分摊权重，按面积分摊 / no ground or weight there: handed out by area"


@dataclass(frozen=True)
class TermSources:
    """What terms of a year are taken from: statistics, and parameters with prices as of that year.

    `share_by` is what statistics are handed out by: area, or a variable whose sums weigh the ground.
    """

    statistics: YearStatistics
    book: ParameterBook
    share_by: str = "area"

    def has(self, name: str) -> bool:
        """Whether a statistic or a parameter of a name is given."""
        return self.statistics.has(name) or any(row.key == name for row in self.book.rows)


@dataclass(frozen=True)
class Gathered:
    """Terms of rows, the parameters that were found, and the area that is known.

    `standing` are parameters that stand in for statistics or layers, of the rows of which these tell nothing.
    `by_area` are rows to which a statistic was handed out by area for want of ground, or of weight.
    """

    rows: AccountRows
    terms: Terms
    found: tuple[Found, ...]
    standing: tuple[Found, ...]
    known_m2: Array
    by_area: NDArray[np.bool_]

    @property
    def used(self) -> tuple[Found, ...]:
        """All parameters that the terms rest on."""
        return self.found + self.standing

    def explain(self, null: NDArray[np.bool_]) -> NDArray[np.object_]:
        """Why rows are null, the first input that they lack; or what was assumed for want of better."""
        reason = np.full(len(null), None, object)
        reason[self.by_area] = _BY_AREA
        if null.any():
            for lacking, text in reversed(self._list_lacks()):
                reason[lacking & null] = text[lacking & null]
        return reason

    def _list_lacks(self) -> list[tuple[NDArray[np.bool_], NDArray[np.object_]]]:
        """Which rows lack an input, and what to say of each, in the order that formulas name them."""
        lacks = [(self.rows.unknown & np.less_equal(self.known_m2, 0), self._say(_NO_CLASS))]
        lacks += [(one.place < 0, self._name_lack(one)) for one in self.found if (one.place < 0).any()]
        told = {_NOT_UNDER: self.terms.sums, _NOT_HERE: self.terms.statistics}
        lacks += [
            (_find_null(value), self._say(text.format(name)))
            for text, given in told.items()
            for name, value in given.items()
        ]
        return lacks

    def _say(self, text: str) -> NDArray[np.object_]:
        return np.full(len(self.rows), text, object)

    def _name_lack(self, found: Found) -> NDArray[np.object_]:
        kinds = [explain_lack(found.key, lineage) for lineage, _ in self.rows.ground.kinds]
        return np.array(kinds, object)[self.rows.ground.which]


def find_missing_terms(
    item: ServiceItem, supply: Supply, rows: AccountRows, sources: TermSources
) -> list[str]:
    """What a quantity lacks everywhere in a period: each said, so that none is computed without.

    A number that no layer, or no statistic, tells may be a statistic, or a parameter, of the same name. Where
    no ground is of a registered class, what only classes of the survey supply is not told apart.
    """
    needs = item.quantity.needs
    untold = [_NOT_TOLD] if supply.is_registered and not rows.is_registered else []
    layers = [
        _NO_LAYER.format(name) for name in needs.variables if name not in rows and not sources.has(name)
    ]
    shared = [_NO_STATISTIC.format(code) for code in needs.shared if not sources.statistics.has(code)]
    other = [_NO_STATISTIC.format(code) for code in needs.statistics if not sources.has(code)]
    return untold + layers + shared + other


def gather_terms(item: ServiceItem, supply: Supply, rows: AccountRows, sources: TermSources) -> Gathered:
    """Terms of an item for the rows that supply it, of the leading axes of the parameters.

    A variable that is known on more of a row's ground than another counts by its mean: all are of the ground
    where all are known. Rows whose class is unknown are among those of pixels, with nothing known.
    """
    supplying = rows.find_suppliers(supply)
    among = supplying | _find_missing_supply(item, rows, supplying, sources)
    if not item.needs.shared:
        among |= rows.unknown
    rows, supplying = rows.take(among), supplying[among]
    sums, known_m2 = _gather_variables(item, rows, sources)
    known_m2 = known_m2 if item.needs.shared else np.where(rows.unknown, 0.0, known_m2)
    found = tuple(sources.book.find(key, rows.ground) for key in item.needs.parameters)
    standing = tuple(_find_standing(item, rows, sources))
    terms = Terms(
        known_m2,
        rows.read("whole_m2"),
        sums,
        {one.key: one.value for one in found},
        {code: _spread(code, item.product, rows, sources) for code in item.needs.statistics},
    )
    if not item.needs.shared:
        return Gathered(rows, terms, found, standing, known_m2, np.zeros(len(rows), bool))
    shared, by_area = _share(item, terms, rows, sources)
    return Gathered(rows, shared, found, standing, known_m2, by_area | ~supplying)


def _find_missing_supply(
    item: ServiceItem, rows: AccountRows, supplying: NDArray[np.bool_], sources: TermSources
) -> NDArray[np.bool_]:
    """Rows of the places where a statistic is told, but no ground supplies; none where capacity shares it."""
    alone = np.zeros(len(rows), bool)
    if item.share is not None:
        return alone
    for code in item.needs.shared:
        place = sources.statistics.take(code, rows.located, item.product).place
        served = np.unique(place[supplying & rows.counted])
        alone |= (place >= 0) & ~np.isin(place, served)
    return alone


def _gather_variables(
    item: ServiceItem, rows: AccountRows, sources: TermSources
) -> tuple[dict[str, Array], Array]:
    """Sums of the variables over the ground where all of them are known, and its area."""
    given = {name: _take_variable(name, rows, sources) for name in item.needs.variables}
    known_m2 = rows.area_m2
    for _, area_m2 in given.values():
        known_m2 = np.minimum(known_m2, area_m2)
    return {name: _scale(total, area_m2, known_m2) for name, (total, area_m2) in given.items()}, known_m2


def _take_variable(name: str, rows: AccountRows, sources: TermSources) -> tuple[Array, Array]:
    if name in rows:
        return rows.read(name), rows.read(f"{name}_m2")
    alike = _spread(name, None, rows, sources)
    return alike * rows.area_m2, np.where(_find_null(alike), 0.0, rows.area_m2)


def _scale(total: Array, area_m2: Array, known_m2: Array) -> Array:
    share = np.divide(known_m2, area_m2, out=np.full(len(area_m2), np.nan), where=area_m2 > 0)
    return np.where(share == 1.0, total, total * share)


def _spread(code: str, product: str | None, rows: AccountRows, sources: TermSources) -> Array:
    """What is alike for all rows of a region: the statistic, else the parameter of the same name."""
    told = sources.statistics.spread(code, rows.located, product)
    return np.where(np.isnan(told), sources.book.find(code, rows.ground).value, told)


def _find_standing(item: ServiceItem, rows: AccountRows, sources: TermSources) -> Iterator[Found]:
    """Parameters that stand in for statistics, and for layers that are not given."""
    layers = [(name, None) for name in item.needs.variables if name not in rows]
    for code, product in [*layers, *((code, item.product) for code in item.needs.statistics)]:
        found = sources.book.find(code, rows.ground)
        alone = np.isnan(sources.statistics.spread(code, rows.located, product)) & (found.place >= 0)
        if alone.any():
            place, indicative = np.where(alone, found.place, -1), found.indicative & alone
            yield replace(found, place=place, indicative=indicative)


def _share(
    item: ServiceItem, terms: Terms, rows: AccountRows, sources: TermSources
) -> tuple[Terms, NDArray[np.bool_]]:
    """Terms with the statistics that are handed out, and rows that have them by area for want of weight.

    What weighs is what the item says, else the area, or the sum of the variable of `share_by` as if it were
    known all over the row.
    """
    told = {code: sources.statistics.take(code, rows.located, item.product) for code in item.needs.shared}
    if item.share is not None:
        weights = item.share.compute(terms)
        shared = {code: share_out(one, weights, rows.counted) for code, one in told.items()}
        return replace(terms, statistics={**terms.statistics, **shared}), np.zeros(len(rows), bool)
    terms = _weigh(terms, rows, sources.share_by)
    weights = terms.sums.get(sources.share_by, rows.area_m2)
    pairs = {code: _hand_out(one, weights, rows) for code, one in told.items()}
    statistics = {**terms.statistics, **{code: share for code, (share, _) in pairs.items()}}
    return replace(terms, statistics=statistics), np.any([lost for _, lost in pairs.values()], axis=0)


def _weigh(terms: Terms, rows: AccountRows, share_by: str) -> Terms:
    """Terms with the variable that weighs; its sum is 0 where no layer of it is given."""
    if share_by == "area":
        return terms
    if share_by not in rows:
        return replace(terms, sums={**terms.sums, share_by: np.zeros(len(rows))})
    weights = _scale(rows.read(share_by), rows.read(f"{share_by}_m2"), rows.area_m2)
    return replace(terms, sums={**terms.sums, share_by: weights})


def _hand_out(told: Told, weights: Array, rows: AccountRows) -> tuple[Array, NDArray[np.bool_]]:
    """The amounts of places by weight, by area in places that have none; and the rows of these."""
    total = sum_places(np.where(rows.counted, weights, 0.0), told.place, len(told.amounts))
    lost = (told.place >= 0) & ~np.isin(told.place, np.flatnonzero(total > 0))
    return share_out(told, np.where(lost, rows.area_m2, weights), rows.counted), lost


def _find_null(value: Array) -> NDArray[np.bool_]:
    """Rows that are NaN on all leading axes."""
    return np.asarray(np.isnan(value).reshape(-1, value.shape[-1]).all(axis=0))
