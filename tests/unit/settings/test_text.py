"""The text of a config: bounded before it is built, every mistake in it told."""

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import load_settings

LAUGHTER = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 40))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "[" * 100_000, "nests too deep"),
        ("a: " + "[" * 100_000 + "]" * 100_000, "nests too deep"),
        ("\n".join(" " * n + "a:" for n in range(500)), "nests too deep"),
        ("a: &a [*a, *a]", "too long"),
        (LAUGHTER, "too long"),
        ("a: [" + "x, " * 300_000 + "]", "too long"),
    ],
    ids=["open", "closed", "mappings", "itself", "aliases", "list"],
)
def test_a_config_without_end_is_refused_with_its_line_before_it_is_built(tmp_path, text, message):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message) as refused:
        load_settings(path)
    (problem,) = refused.value.problems
    assert problem.place.startswith(f"{path}:")


def test_values_without_end_in_set_are_refused_too(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("label: a\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load_settings(path, ["indices=" + "[" * 50_000])
    places = [problem.place for problem in refused.value.problems]
    assert any(place.startswith("--set indices=[[[") and len(place) < 100 for place in places)


@pytest.mark.parametrize("day", ["2024-13-01", "2023-02-29", "2024-06-31 08:00:00"])
def test_a_day_that_does_not_exist_is_one_mistake_among_the_others(tmp_path, day):
    path = tmp_path / "config.yaml"
    path.write_text(
        f"label: a\naoi: [guangyang_island]\nscenes: {{provider: simulated, start: {day}, end: 2024-12-31}}\n"
        "indixes: [ndvi]\n",
        encoding="utf-8",
    )
    with pytest.raises(SettingsError) as refused:
        load_settings(path)
    told = {problem.place.partition(", ")[2]: problem.found for problem in refused.value.problems}
    assert set(told) == {"scenes.start", "indixes"}
    assert day in told["scenes.start"]


@pytest.mark.parametrize(
    "value",
    ["!!bool zz", "!!timestamp nonsense", "!!int x", '!!int ""', '!!float ""', "!!float x", "!!int 0b2"],
)
def test_a_value_that_is_not_what_its_tag_says_is_refused_with_its_line(tmp_path, value):
    path = tmp_path / "config.yaml"
    path.write_text(f"label: a\naoi: {value}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="not YAML") as refused:
        load_settings(path)
    (problem,) = refused.value.problems
    assert problem.place == f"{path}:2"
    assert value.split()[0].removeprefix("!!") in problem.found


def test_a_text_of_a_million_letters_is_told_like_any_other(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(f"note: {'x' * 10**6}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="note: found"):
        load_settings(path)
