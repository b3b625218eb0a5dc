"""Where an index means something: what its formula divides by.

A ratio of reflectances is noise where what it is divided by is near 0, and nonsense where reflectances below
0, which atmospheric correction leaves over dark water, put it on the wrong side of 0: NDVI of 3 is no
vegetation. There an index is unknown. The limits are those of the table `index_domains`.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.standards.rows import read_rows

Numbers = NDArray[np.float64]

_ALL = "*"
_SLACK = 1 - 1e-9
"""Sums of reflectances meet a limit that they equal, whatever the rounding."""


@dataclass(frozen=True)
class Condition:
    """What must hold for an index to be known: in words, and as an expression of the bands."""

    words: str
    expression: str


@cache
def find_least(entry: str) -> float:
    """What a sum of reflectances that an entry of the catalogue divides by is at least."""
    rows = {row["entry"]: row for row in read_rows("index_domains")}
    return float(rows.get(entry, rows[_ALL])["least_denominator"])


def find_limit(entry: str) -> float:
    """What a sum of reflectances meets where it is `find_least`, whatever its rounding."""
    return find_least(entry) * _SLACK


def divide(over: Numbers, under: Numbers, *, least: float) -> Numbers:
    """A quotient of sums of reflectances; NaN where what it divides by is less than `least`."""
    nothing = np.full(np.shape(under), np.nan)
    found: Numbers = np.divide(over, under, out=nothing, where=under >= least * _SLACK)
    return found


def compute_difference(first: Numbers, second: Numbers, *, least: float) -> Numbers:
    """The normalised difference (first - second) / (first + second); NaN where a term is below 0 or unknown.

    So it is where they sum to less than `least`.
    """
    found = divide(first - second, first + second, least=least)
    return np.where((first >= 0) & (second >= 0), found, np.nan)


def list_conditions(formula: str, constants: Mapping[str, float], least: float) -> tuple[Condition, ...]:
    """What must hold for a formula of bands (reflectance) and constants to be known, each once.

    Every denominator is at least `least` away from 0, raised to the power of reflectance that it is of; one
    that takes nothing away is above 0. What is divided by the sum of its own terms, as a normalised
    difference is, lies within -1 and 1, so that no term is below 0. Roots and logarithms of what has none
    are not finite, and unknown as well.
    """
    divisions = [
        node
        for node in ast.walk(ast.parse(formula, mode="eval"))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if not _is_constant(node.right, constants)
    ]
    found = (condition for node in divisions for condition in _list_of_division(node, constants, least))
    return tuple(dict.fromkeys(found))


def _list_of_division(node: ast.BinOp, constants: Mapping[str, float], least: float) -> Iterator[Condition]:
    under = ast.unparse(node.right)
    limit = least ** (_find_degree(node.right, constants) or 1.0)
    only_adds = not any(isinstance(part, ast.Sub | ast.USub) for part in ast.walk(node.right))
    size, shown = (f"({under})", under) if only_adds else (f"abs({under})", f"|{under}|")
    yield Condition(f"{shown} >= {limit:.3g}", f"{size} >= {limit * _SLACK}")
    if _is_normalised(node):
        over = ast.unparse(node.left)
        yield Condition(f"|{over}| <= {under}", f"abs({over}) <= ({under})")


def _is_normalised(node: ast.BinOp) -> bool:
    """Whether terms are divided by the sum of the same terms: (a - b) / (a + b), of however many."""
    over, under = node.left, node.right
    if isinstance(over, ast.BinOp) and isinstance(under, ast.BinOp):
        differs = isinstance(over.op, ast.Sub) and isinstance(under.op, ast.Add)
        if differs and ast.dump(over.left) == ast.dump(under.left):
            return ast.dump(over.right) == ast.dump(under.right)
    terms = [sorted(text for _, text in _list_terms(side)) for side in (over, under)]
    return terms[0] == terms[1] and len(terms[0]) > 1 and all(sign > 0 for sign, _ in _list_terms(under))


def _list_terms(node: ast.expr, sign: int = 1) -> list[tuple[int, str]]:
    """What a sum is of, each with its sign."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = sign if isinstance(node.op, ast.Add) else -sign
        return [*_list_terms(node.left, sign), *_list_terms(node.right, right)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _list_terms(node.operand, -sign)
    return [(sign, ast.unparse(node))]


def _find_degree(node: ast.expr, constants: Mapping[str, float]) -> float:
    """The power of reflectance that an expression is of: of a sum that of its lowest term, but constants."""
    if isinstance(node, ast.UnaryOp):
        return _find_degree(node.operand, constants)
    if isinstance(node, ast.BinOp):
        left, right = (_find_degree(side, constants) for side in (node.left, node.right))
        if isinstance(node.op, ast.Pow):
            return left * _compute_constant(node.right, constants)
        by_kind = {ast.Mult: left + right, ast.Div: left - right}
        return by_kind.get(type(node.op), min(left or right, right or left))
    return 1.0 if isinstance(node, ast.Name) and node.id not in constants else 0.0


def _is_constant(node: ast.expr, constants: Mapping[str, float]) -> bool:
    return all(name.id in constants for name in ast.walk(node) if isinstance(name, ast.Name))


def _compute_constant(node: ast.expr, constants: Mapping[str, float]) -> float:
    """The number that an exponent of the catalogue is: a constant, or a quotient of numbers."""
    if isinstance(node, ast.Name):
        return constants[node.id]
    if isinstance(node, ast.BinOp):
        return _compute_constant(node.left, constants) / _compute_constant(node.right, constants)
    return float(ast.literal_eval(node))
