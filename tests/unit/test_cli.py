"""The command line as it is documented."""

import json
import logging
import re
import shlex
import sys
from io import StringIO
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.aoi import PROJECT_ROOT
from pipeline.cli import app, main, terminal
from pipeline.cli.terminal import spell_controls
from pipeline.settings import build_schema, load_settings

README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
VERBS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(verb):
    shown = CliRunner().invoke(app, [verb, "--help"])
    assert shown.exit_code == 0
    assert f"Example: ecoledger {verb}" in re.sub(r"\s+", " ", shown.output)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_stands_in_the_readme(verb):
    assert re.search(rf"`(ecoledger )?{verb}\b", README)


def test_every_command_that_the_readme_names_exists():
    named = set(re.findall(r"ecoledger (\w+)", README)) - {"ledger"}
    assert named <= set(VERBS)


def test_the_config_of_the_readme_is_valid_with_each_of_its_further_pieces(tmp_path):
    whole, *pieces = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    path = tmp_path / "my.yaml"
    for piece in ("{}", *pieces):
        config = yaml.safe_load(whole) | yaml.safe_load(piece)
        path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
        assert load_settings(path).label == "2024"


def test_every_make_target_of_the_readme_exists():
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    for line in re.findall(r"^make .*", README, flags=re.MULTILINE):
        target = shlex.split(line, comments=True)[1]
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


@pytest.mark.parametrize("verb", ["indices", "indices --beyond", "legends", "providers", "rules"])
def test_lists_come_as_json_for_machines(verb):
    shown = CliRunner().invoke(app, [*verb.split(), "--json"])
    assert shown.exit_code == 0
    rows = json.loads(shown.stdout)
    assert len(rows) > 0
    assert all(isinstance(row, dict) for row in rows)


def test_the_published_schema_is_that_of_the_settings():
    published = json.loads((PROJECT_ROOT / "configs" / "schema.json").read_text(encoding="utf-8"))
    assert published == build_schema()


@pytest.mark.parametrize(
    "path", sorted((PROJECT_ROOT / "configs").glob("demo*.yaml")), ids=lambda path: path.name
)
def test_every_shipped_config_is_valid(path: Path):
    assert load_settings(path).aoi == yaml.safe_load(path.read_text(encoding="utf-8"))["aoi"]


@pytest.mark.parametrize("name", ["[red]2024", "[/bold]", "area [2024", "[link=https://a.example]x"])
def test_markup_in_a_path_is_written_as_it_stands(tmp_path, monkeypatch, capsys, name):
    config = tmp_path / f"{name.replace('/', '∕')}.yaml"
    config.write_text("label: a\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["ecoledger", "validate", str(config)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert str(config) in capsys.readouterr().err.replace("\n", "")


def test_a_config_that_is_wrong_ends_a_run_with_one_line_its_code_and_each_mistake(tmp_path, monkeypatch):
    monkeypatch.setenv("ECOLEDGER_LANGUAGE", "zh")
    path = tmp_path / "my.yaml"
    path.write_text(
        "label: a\naoi: [atlantis]\nscenes: {start: 2024-13-01, end: 2024-12-31}\n", encoding="utf-8"
    )
    ended = CliRunner().invoke(app, ["run", str(path), "--json", "--log", str(tmp_path / "log")])
    assert ended.stdout.count("\n") == 1
    told = json.loads(ended.stdout)
    assert (told["exit_code"], told["deliveries"], told["figures"]) == (2, [], [])
    assert [one["place"].rpartition(", ")[2] for one in told["problems"]] == ["aoi.0", "scenes.start"]
    assert "处错误" in told["message"]
    *_, last = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert (last["exit_code"], last["said"]) == (2, told["message"])


@pytest.mark.parametrize(
    ("language", "told"),
    [("zh", "警告： a.example 没有网络地址"), ("en", "warning: a.example has no address")],
)
def test_what_is_logged_as_a_warning_is_told_once_in_the_language_of_the_terminal(
    monkeypatch, language, told
):
    monkeypatch.setenv("ECOLEDGER_LANGUAGE", language)
    shown = StringIO()
    monkeypatch.setattr(terminal.ERR, "_file", shown)
    for _ in range(2):
        with terminal.show_warnings():
            logging.getLogger("ecoledger").info("not for people")
    with terminal.show_warnings():
        logging.getLogger("ecoledger").warning("%s has no address; asked again", "a.example")
    logging.getLogger("ecoledger").warning("a.example is told to nobody once the command has ended")
    assert shown.getvalue().count("a.example") == 1
    assert shown.getvalue().startswith(told)
    assert shown.getvalue().count("\n") == 1


def test_no_name_steers_the_terminal_or_turns_its_words_round():
    assert spell_controls("a\x1b[31mb\u202ec\r江\td\n") == r"a\x1b[31mb\u202ec\r江" + "\td\n"
