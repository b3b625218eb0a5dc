"""A run by a function is that of the command: same settings, same ledger, same notice, nothing printed."""

import logging
from types import SimpleNamespace

import pytest

import pipeline
from pipeline.errors import InputError, SettingsError
from pipeline.library import running
from pipeline.settings.outputs import Notify

WORDS = {
    "label": "2024",
    "aoi": ["guangyang_island", "longyou_bay"],
    "scenes": {"provider": "simulated", "start": "2024-01-01", "end": "2024-12-31"},
}


def enter_delivered(summary, found):
    summary.deliveries = [str(one.folder) for one in found]


@pytest.fixture
def delivered(out, monkeypatch):
    """A run that has nothing to make: what was asked of it, while it gives the small delivery."""
    asked = {}

    def deliver_all(opened, settings):
        asked.update(run=opened, settings=settings)
        logging.getLogger("ecoledger.flow").warning("for whoever listens")
        return [SimpleNamespace(aoi="delta", folder=out / "delta" / "2024", kept=True)]

    monkeypatch.setattr("pipeline.flow.deliver_all", deliver_all)
    monkeypatch.setattr("pipeline.library.running.enter_delivered", enter_delivered)
    return asked


def test_a_run_gives_its_deliveries_and_prints_nothing(delivered, tmp_path, capfd):
    settings = pipeline.build_settings(**WORDS)
    found = pipeline.run(settings, out=tmp_path / "new", aoi=["longyou_bay"], workers=3)
    assert [repr(one) for one in found] == ["<Delivery delta/2024: 模拟 simulated, 2023, 2024>"]
    asked = delivered["settings"]
    assert (asked.aoi, asked.compute.workers, asked.out) == (["longyou_bay"], 3, str(tmp_path / "new"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("delivered")
def test_the_ledger_knows_of_a_run_by_a_function(tmp_path):
    pipeline.run(pipeline.build_settings(**WORDS), out=tmp_path)
    (record,) = pipeline.read_status(tmp_path).runs
    assert (record["label"], record["exit_code"]) == ("2024", 0)


@pytest.mark.usefixtures("delivered")
def test_who_is_to_be_told_of_a_run_is_told_whatever_its_end(out, tmp_path, monkeypatch, caplog):
    told = []
    monkeypatch.setattr("pipeline.engine.notice.notify", lambda _, summary: told.append(summary) or "no one")
    settings = pipeline.build_settings(**WORDS).model_copy(update={"notify": Notify(command=["mail"])})
    pipeline.run(settings, out=tmp_path)
    monkeypatch.setattr("pipeline.flow.deliver_all", raise_input_error)
    with pytest.raises(InputError):
        pipeline.run(settings, out=tmp_path)
    assert [(one.exit_code, one.message) for one in told] == [(0, ""), (3, "bad data")]
    assert told[0].deliveries == [str(out / "delta" / "2024")]
    assert caplog.messages == ["for whoever listens", "no one", "no one"]


def raise_input_error(*_):
    raise InputError("bad data")


def test_a_name_that_is_no_area_of_the_config_is_refused_by_the_run():
    with pytest.raises(SettingsError, match="nowhere"):
        pipeline.estimate(pipeline.build_settings(**WORDS), aoi=["nowhere"])


def test_an_estimate_has_a_row_for_each_area():
    found = pipeline.estimate(pipeline.build_settings(**WORDS))
    assert list(found["aoi"]) == WORDS["aoi"]
    assert (found["memory_mib"] > 0).all()


def test_what_a_command_does_not_say_stays_as_the_config_has_it():
    settings = pipeline.build_settings(**WORDS)
    assert running.place_settings(settings) == settings
