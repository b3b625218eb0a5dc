import re

from hypothesis import given
from hypothesis import strategies as st

from pipeline.outputs.markup import escape_expressions, quote_name, quote_text

WORDS = st.text(alphabet="[%]' \"\\a东1")


def evaluate_brackets(text):
    """As QGIS does (QgsExpression::replaceExpressionText), for the one expression that we write."""
    return re.sub(r"\[%(.*?)%\]", lambda found: {"'[%'": "[%"}[found[1].strip()], text, flags=re.DOTALL)


@given(WORDS)
def test_any_text_is_drawn_as_it_stands_where_expressions_are_evaluated(text):
    assert evaluate_brackets(escape_expressions(text)) == text


def test_text_that_holds_no_expression_is_not_touched():
    assert escape_expressions("达标率 100 % [1]") == "达标率 100 % [1]"


@given(WORDS)
def test_a_quoted_text_ends_where_it_ends(text):
    inner = quote_text(text)[1:-1]
    assert re.fullmatch(r"(?:[^'\\]|''|\\\\)*", inner)
    assert inner.replace("''", "'").replace("\\\\", "\\") == text


@given(WORDS)
def test_a_quoted_name_ends_where_it_ends(text):
    inner = quote_name(text)[1:-1]
    assert re.fullmatch(r'(?:[^"]|"")*', inner)
    assert inner.replace('""', '"') == text
