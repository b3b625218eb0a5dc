"""Search that finds Chinese words without a dictionary: each pair of neighbouring characters is a term.

The search of Sphinx wants jieba for Chinese and finds nothing without it. Pairs find every word of two
characters or more, in whatever text it stands; a query is cut in the same way as the pages.
"""

import re
from itertools import pairwise
from typing import Any

from sphinx.application import Sphinx
from sphinx.search import languages
from sphinx.search.zh import SearchChinese

_HAN = "[\u3400-\u9fff]"
_RUNS = re.compile(rf"{_HAN}+|[A-Za-z0-9_]+")


def split_pairs(text: str) -> list[str]:
    """Pairs of neighbouring Chinese characters, a lone one as it is, and words of letters and digits."""
    return [term for run in _RUNS.findall(text) for term in _split_run(run)]


def _split_run(run: str) -> list[str]:
    pairs = [one + other for one, other in pairwise(run)] if re.match(_HAN, run) else []
    return pairs or [run]


class PairSearch(SearchChinese):
    """Search in Chinese by pairs of characters; Latin words are stemmed as English ones.

    Sphinx names the stemmer in the browser after the language, and there is none called Chinese.
    """

    language_name = "English"

    js_splitter_code = r"""
var splitQuery = (query) =>
  (query.match(/[\u3400-\u9fff]+|[A-Za-z0-9_]+/gu) || []).flatMap((run) =>
    run.length < 2 || !/^[\u3400-\u9fff]/.test(run)
      ? [run]
      : Array.from({ length: run.length - 1 }, (_, start) => run.slice(start, start + 2)),
  );
"""

    def split(self, text: str) -> list[str]:
        """The terms of a text."""
        terms = split_pairs(text)
        self.latin_terms.update(term for term in terms if term.isascii())
        return terms

    def word_filter(self, stemmed_word: str) -> bool:
        """Whether a term is looked for: a lone letter is not, a lone character is."""
        return bool(stemmed_word) and (len(stemmed_word) > 1 or not stemmed_word.isascii())


def setup(_: Sphinx) -> dict[str, Any]:
    """Takes the place of the search that needs jieba."""
    languages["zh"] = PairSearch
    return {"parallel_read_safe": True, "parallel_write_safe": True}
