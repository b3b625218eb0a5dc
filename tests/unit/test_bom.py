"""The bill of materials names all that a run needs, and is that of the lock."""

import importlib.util
import json
import re

import pytest
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from pipeline import __version__
from tests.pages import ROOT

SPEC = importlib.util.spec_from_file_location("bom", ROOT / "packaging" / "bom.py")
bom = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bom)

LOCK = (ROOT / "requirements-run.lock").read_text(encoding="utf-8")
SHIPPED = (ROOT / "packaging" / "ecoledger.cdx.json").read_text(encoding="utf-8")
TOLD = json.loads(SHIPPED)

SMALL = """# head
alpha==1.0 \\
    --hash=sha256:{0} \\
    --hash=sha256:{1}
    # via
    #   -c requirements.lock
    #   ecoledger (pyproject.toml)
    #   Beta_Two
beta-two==2.0 ; python_full_version < '3.12' \\
    --hash=sha256:{0}
    # via ecoledger (pyproject.toml)
""".format("a" * 64, "b" * 64)


def test_a_lock_is_read_with_checksums_markers_and_who_needs_what():
    alpha, beta = bom.read_packages(SMALL)
    assert (alpha.name, alpha.version, alpha.marker) == ("alpha", "1.0", "")
    assert alpha.hashes == ("a" * 64, "b" * 64)
    assert alpha.needed_by == {"ecoledger", "beta-two"}
    assert (beta.marker, beta.needed_by) == ("python_full_version < '3.12'", {"ecoledger"})


def test_a_lock_that_names_no_version_is_refused():
    with pytest.raises(ValueError, match="alpha>=1"):
        list(bom.read_packages("alpha>=1\n"))


def test_every_package_of_the_lock_is_a_component_with_its_checksums():
    written = re.findall(r"^([\w.-]+)==([^ ;\\]+)", LOCK, re.MULTILINE)
    assert sorted((one["name"], one["version"]) for one in TOLD["components"]) == sorted(written)
    hashes = [
        one["content"] for component in TOLD["components"]
        for reference in component["externalReferences"] for one in reference["hashes"]
    ]  # fmt: skip
    assert sorted(hashes) == sorted(re.findall(r"sha256:(\w+)", LOCK))


def test_every_component_is_reached_from_ours_and_states_its_licence():
    needs = {one["ref"]: one.get("dependsOn", []) for one in TOLD["dependencies"]}
    reached, waiting = set(), [TOLD["metadata"]["component"]["bom-ref"]]
    while waiting:
        one = waiting.pop()
        waiting += [ref for ref in needs[one] if ref not in reached]
        reached.add(one)
    assert {one["bom-ref"] for one in TOLD["components"]} < reached
    told = [one for one in TOLD["components"] if one.get("licenses")]
    assert len(told) >= 0.9 * len(TOLD["components"])


def test_it_is_valid_cyclonedx_of_this_version_and_asks_no_network():
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(SHIPPED) is None
    assert TOLD["metadata"]["component"]["version"] == __version__
    addresses = set(re.findall(r"https?://[^/\"]+", SHIPPED))
    assert addresses == {"http://cyclonedx.org"}


def test_what_is_shipped_was_made_from_this_lock():
    made = json.loads(JsonV1Dot6(bom.build_bom(LOCK, __version__)).output_as_string())
    for one in (made, TOLD):
        for component in one["components"]:
            component.pop("licenses", None)
    assert made == TOLD
