"""Every way in installs what pyproject says, in the versions of the lock."""

import re
import tomllib

import pytest
import yaml

from pipeline import __version__
from tests.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DEPENDENCIES = PROJECT["project"]["dependencies"]
OF_CONDA_FORGE = {
    "dask[distributed]": ("dask", "distributed"),
    "lazy-loader": ("lazy_loader",),
    "pandera[pandas]": ("pandera-pandas",),
    "typst": ("typst-py",),
}
"""What PyPI and conda-forge call by other names."""
RECIPE = yaml.safe_load((ROOT / "packaging" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")


def split(requirement: str) -> tuple[str, str]:
    name, bounds = re.fullmatch(r"([\w\[\]-]+)\s*(.*)", requirement).groups()
    return name, bounds.replace(" ", "")


def read_lock(name: str) -> dict[str, set[str]]:
    """Versions by package: one may have several, by platform or version of Python."""
    versions: dict[str, set[str]] = {}
    for package, version in re.findall(
        r"^([\w.-]+)==([^ ;]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    ):
        versions.setdefault(package, set()).add(version)
    return versions


def test_the_conda_recipe_has_the_dependencies_and_the_version_of_the_project():
    wanted = {
        f"{name} {bounds}"
        for project_name, bounds in map(split, DEPENDENCIES)
        for name in OF_CONDA_FORGE.get(project_name, (project_name,))
    }
    assert set(RECIPE["requirements"]["run"]) - {"python >=${{ python_min }}"} == wanted
    assert RECIPE["context"]["version"] == __version__
    assert PROJECT["project"]["requires-python"] == f">={RECIPE['context']['python_min']}"
    name, _, target = RECIPE["build"]["python"]["entry_points"][0].partition(" = ")
    assert PROJECT["project"]["scripts"] == {name: target}


def test_what_only_runs_is_locked_in_the_versions_that_are_tested():
    whole, running = read_lock("requirements.lock"), read_lock("requirements-run.lock")
    assert len(running) > len(DEPENDENCIES)
    assert {name: whole[name] for name in running} == running
    assert {split(one)[0].partition("[")[0].lower() for one in DEPENDENCIES} <= set(running)
    assert "pytest" not in running


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-run.lock", "requirements-stac.lock"])
def test_a_lock_names_checksums_and_no_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text.count("--hash=sha256:") > len(read_lock(name))
    assert "://" not in text


def test_the_image_takes_the_locked_versions_and_runs_without_rights():
    lines = CONTAINERFILE.replace("\\\n", " ").splitlines()
    installs = [line for line in lines if "pip install" in line and "requirement" in line]
    assert all("--require-hashes" in line for line in installs)
    assert len(installs) == 1
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users[-1:] == ["ecoledger"]
    assert not any(line.startswith(("ADD http", "COPY .env")) for line in lines)


def test_all_that_the_image_copies_is_let_into_it():
    let_in = {
        line[1:]
        for line in (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        word
        for line in CONTAINERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert copied == let_in
    assert all((ROOT / name).exists() for name in let_in)
