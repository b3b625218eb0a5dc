"""What an area is made from: scenes, samples, sections, parcels and accounts, given or simulated."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from glob import glob
from pathlib import Path
from typing import Any

from pipeline import ingest
from pipeline.addresses import is_lost
from pipeline.aoi import PROJECT_ROOT
from pipeline.contracts import Scene
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.errors import InputError, SourceError
from pipeline.flow.account_files import list_account_files, list_parameter_tables
from pipeline.flow.assessment import registry
from pipeline.ingest.simulate.account_sources import (
    complete_accounts,
    describe_accounts,
    is_wholly_simulated,
)
from pipeline.settings import SampleFile, Settings
from pipeline.settings.accounts import Accounts
from pipeline.settings.aoi import AoiFile
from pipeline.settings.assessment import Assessment
from pipeline.settings.crs import CrsSetting, list_grids
from pipeline.settings.parcels import ParcelFile
from pipeline.settings.schemes import find_scheme
from pipeline.settings.sources import Provider, StacApi, StaticCatalog, digest_place
from pipeline.storage.cause import Artifact, Cause, checksums_of, sha256_of_file
from pipeline.storage.tables import load_json, load_layer

_SEARCH, _SCENES = 1, 6
_SIMULATED, _SIMULATED_ACCOUNTS, _ACCOUNT_TRUTH = 3, 2, 3
SEED = 20240501
WORLDS = ("simulated", "simulated_accounts", "account_truth")
"""What the artifacts of a simulated world are called among the inputs of a delivery; those of parts of the
assessment begin with `PART_WORLD`."""
PART_WORLD = "simulated_part_"

_PRODUCTS = PROJECT_ROOT / "configs" / "products.yaml"
_RIGHTS = PROJECT_ROOT / "configs" / "rights.yaml"
_ASKED = "asked.txt"
_LOG = logging.getLogger("ecoledger")


@dataclass(frozen=True)
class Inputs:
    """Where everything comes from. `simulated` is the cause of the simulated world, if there is one.

    `accounts` are those of the config, in the simulated world with all that they do not name; what is
    simulated for them, and what it should come to, have causes of their own. So have `blocks`, those of the
    parts of the assessment by name; `part_files` are the files that the config names for them. `assessment`
    names statistics and regions where they are not those of the accounts, `told_files` are its files. Paths
    of a simulated world are known before it is built; `flow.simulation` builds it.
    """

    provider: Provider
    samples: tuple[SampleFile, ...]
    sections: Path | None
    parcels: ParcelFile | None
    simulated: Cause | None = None
    truth: Path | None = None
    rules: tuple[Path, ...] = ()
    restricting: tuple[Path, ...] = ()
    labelled: tuple[Path, ...] = ()
    accounts: Accounts | None = None
    simulated_accounts: Cause | None = None
    planted_accounts: Cause | None = None
    account_truth: Path | None = None
    account_files: tuple[Path, ...] = ()
    supplement: tuple[Path, ...] = ()
    assessment: Assessment | None = None
    told_files: tuple[Path, ...] = ()
    blocks: Mapping[str, Any] = field(default_factory=dict)
    part_files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    simulated_parts: Mapping[str, Cause] = field(default_factory=dict)
    part_truths: Mapping[str, Path] = field(default_factory=dict)

    @cached_property
    def source(self) -> str:
        """What the scenes come from: the key of the simulated world, or the fingerprint of the provider."""
        return self.simulated.key if self.simulated else ingest.scenes.providers.fingerprint(self.provider)

    @property
    def tables(self) -> list[Path]:
        """Tables of samples and sections, in order, then `rules`: targets and compensation schemes."""
        found = [
            Path(name)
            for entry in self.samples
            for name in sorted(glob(entry.path))  # noqa: PTH207 Path.glob takes no absolute pattern
        ]
        return [*found, *([self.sections] if self.sections else []), *self.rules]

    @property
    def checksums(self) -> dict[str, str]:
        """Keys of the simulated world, checksums of every given file and of the tables of configs."""
        parcels = [Path(self.parcels.path)] if self.parcels else []
        worlds = zip(WORLDS, (self.simulated, self.simulated_accounts, self.planted_accounts), strict=True)
        known = {name: cause.key for name, cause in worlds if cause}
        known |= {f"{PART_WORLD}{name}": cause.key for name, cause in self.simulated_parts.items()}
        made = Path(self.provider.static).parent if isinstance(self.provider, StaticCatalog) else None
        given = [path for path in [*self.tables, *parcels] if not (self.simulated and made in path.parents)]
        return {**known, **checksums_of([*given, *self._others])}

    def list_part_keys(self, name: str) -> list[str]:
        """Keys of the files that a part of the assessment is made from, given or simulated."""
        simulated = [self.simulated_parts[name].key] if name in self.simulated_parts else []
        return [*checksums_of(self.part_files.get(name, ())).values(), *simulated]

    @property
    def _others(self) -> tuple[Path, ...]:
        parts = (path for paths in self.part_files.values() for path in paths)
        told = (*self.account_files, *self.told_files)
        given = (*self.restricting, *self.labelled, *self.supplement)
        return (*given, *told, *parts, _PRODUCTS, _RIGHTS)


def find_inputs(run: Run, study: Study) -> Inputs:
    """The inputs that the config names; with the simulated provider, what is not named is simulated."""
    settings = study.settings
    register = Path(settings.sections.register_path) if settings.sections.register_path else None
    given = tuple(settings.samples)
    if not settings.simulated:
        provider = ingest.scenes.providers.resolve(settings.scenes.provider, settings.scenes.missions)
        others = _list_others(study)
        return Inputs(provider, given, register, settings.parcels, accounts=settings.accounts, **others)
    cause = _name_world(study)
    folder = run.workspace.path(cause)
    inputs = Inputs(
        provider=StaticCatalog(static=str(folder / "catalog.json")),
        samples=given or (SampleFile(path=str(folder / "water" / "*")),),
        sections=register or folder / "sections.csv",
        parcels=settings.parcels or ParcelFile(path=str(folder / "register.gpkg")),
        simulated=cause,
        truth=folder / "truth.json",
        **_list_others(study),
    )
    inputs = _simulate_parts(run, study, cause, inputs)
    if settings.accounts:
        inputs = _simulate_accounts(run, study, settings.accounts, inputs)
    return _simulate_office_inputs(run, study, cause, inputs)


def _simulate_parts(run: Run, study: Study, world: Cause, inputs: Inputs) -> Inputs:
    """The inputs with the blocks of the assessment, in what they do not name those of the simulated world."""
    blocks, causes, truths = dict(inputs.blocks), {}, {}
    for part in registry.PARTS:
        if part.name in blocks and part.simulated:
            causes[part.name] = study.cause(f"{PART_WORLD}{part.name}", part.simulated.version, [world.key])
            folder = run.workspace.path(causes[part.name])
            blocks[part.name] = part.simulated.complete(blocks[part.name], folder)
            truths[part.name] = folder / "truth.json"
    return replace(inputs, blocks=blocks, simulated_parts=causes, part_truths=truths)


def _simulate_office_inputs(run: Run, study: Study, world: Cause, inputs: Inputs) -> Inputs:
    """The inputs with statistics and regions of the simulated world, where parts read what nobody names."""
    given = study.settings.assessment or Assessment()
    asked = any("told" in part.reads and part.name in inputs.blocks for part in registry.PARTS)
    if not asked or (inputs.accounts and inputs.assessment is None):
        return inputs
    cause = inputs.simulated_accounts or _name_simulated_accounts(study, world)
    made = inputs.accounts or describe_accounts(run.workspace.path(cause))
    own = {"statistics": given.statistics or made.statistics, "regions": given.regions or made.regions}
    return replace(inputs, assessment=given.model_copy(update=own), simulated_accounts=cause)


def _name_simulated_accounts(study: Study, world: Cause) -> Cause:
    return study.cause("simulated_accounts", _SIMULATED_ACCOUNTS, [world.key])


def _simulate_accounts(run: Run, study: Study, given: Accounts, inputs: Inputs) -> Inputs:
    """The inputs with the accounts of the config, in what they do not name those of the simulated world."""
    assert inputs.simulated
    cause = _name_simulated_accounts(study, inputs.simulated)
    accounts = complete_accounts(given, describe_accounts(run.workspace.path(cause)))
    inputs = replace(inputs, accounts=accounts, simulated_accounts=cause)
    if study.settings.parcels or not is_wholly_simulated(given):
        return inputs
    planted = _name_account_truth(study, given, cause)
    return replace(inputs, planted_accounts=planted, account_truth=run.workspace.path(planted) / "truth.json")


def _name_account_truth(study: Study, accounts: Accounts, made: Cause) -> Cause:
    profile = accounts.load_profile(study.aoi.id)
    return study.cause(
        "account_truth",
        _ACCOUNT_TRUTH,
        [*made.inputs, made.key],
        services=profile.services,
        choices=profile.choices.model_dump(),
        tables=[sha256_of_file(path) for path in list_parameter_tables(accounts, study.aoi.id)],
        slopes=[accounts.layers.slope_length_m, accounts.layers.level_slope_percent],
    )


def _list_others(study: Study) -> dict[str, Any]:
    """Files that stand in the config alone, simulated or not, by the field of `Inputs`."""
    settings, sections = study.settings, study.settings.sections
    targets = [Path(sections.targets)] if sections.targets else []
    accounts = settings.accounts
    asked = {part.name: part.find_block(settings) for part in registry.PARTS}
    blocks = {name: block for name, block in asked.items() if block is not None}
    return {
        "rules": (*targets, *(find_scheme(name) for name in sections.schemes)),
        "restricting": tuple(Path(layer.path) for layer in settings.restricting),
        "labelled": _list_labels(settings),
        "supplement": tuple(_expand(settings.catalogue.supplement)),
        "account_files": list_account_files(accounts, study.aoi.id) if accounts else (),
        "assessment": settings.choose_office_inputs(),
        "told_files": tuple(_expand(_list_office_inputs(settings.choose_office_inputs()))),
        "blocks": blocks,
        "part_files": {
            part.name: tuple(_expand(part.list_paths(blocks[part.name])))
            for part in registry.PARTS
            if part.name in blocks
        },
    }


def _list_office_inputs(given: Assessment | None) -> Iterator[str]:
    if given:
        yield from (file.path for file in (*given.statistics, given.regions) if file)


def _expand(patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        yield from (Path(name) for name in sorted(glob(pattern)))  # noqa: PTH207 Path.glob takes no absolute pattern


def _list_labels(settings: Settings) -> tuple[Path, ...]:
    """Files of samples, folders of models and existing maps that land cover is mapped by."""
    cover = settings.land_cover
    named = (cover.samples, cover.model, cover.accuracy, *cover.maps.values())
    return (*(Path(given.path) for given in named if given), *list_grids(*_list_crs(settings)))


def _list_crs(settings: Settings) -> Iterator[CrsSetting | None]:
    """What the config says of the CRS of its files."""
    cover = settings.land_cover
    given = (cover.samples, cover.accuracy, settings.parcels, *cover.maps.values(), *settings.restricting)
    yield from (entry.crs for entry in given if entry)
    if accounts := settings.accounts:
        yield from (entry.crs for entry in (accounts.regions, *accounts.projects) if entry)
    if settings.assessment and settings.assessment.regions:
        yield settings.assessment.regions.crs
    yield from (entry.crs for entry in settings.aoi if isinstance(entry, AoiFile))


def _name_world(study: Study) -> Cause:
    settings = study.settings.scenes
    return study.cause(
        "simulated",
        _SIMULATED,
        [],
        seed=SEED,
        missions=list(settings.missions),
        periods=[period.label for period in settings.periods],
        days=[str(settings.start), str(settings.end)],
        **({"tides": True} if study.settings.tides else {}),
    )


def name_scenes(study: Study, inputs: Inputs) -> Cause:
    """The cause of the SceneTable: the query, and what the catalogue holds where that can be known."""
    provider = inputs.provider
    source = name_search(study, provider).key if isinstance(provider, StacApi) else inputs.source
    return study.cause(
        "scenes",
        _SCENES,
        [source],
        **_describe_query(study),
        max_cloud_percent=study.settings.scenes.max_cloud_percent,
    )


def name_search(study: Study, api: StacApi) -> Cause:
    """The cause of what a search in a catalogue gives."""
    entry = api.model_dump(mode="json", include={"api", "collections", "alternate"})
    return study.cause("search", _SEARCH, [], provider=entry, **_describe_query(study))


def _describe_query(study: Study) -> dict[str, Any]:
    settings = study.settings.scenes
    return {"missions": list(settings.missions), "days": [str(settings.start), str(settings.end)]}


def is_settled(run: Run, study: Study, inputs: Inputs) -> bool:
    """Whether nothing is to be asked of the kept SceneTable: all is decided, no file of a scene replaced."""
    if has_undecided(run, study, inputs):
        return False
    return not ingest.scenes.contents.find_replaced(find_scenes(run, study, inputs), run.reader)


def has_undecided(run: Run, study: Study, inputs: Inputs) -> bool:
    """Whether the kept SceneTable is of what was asked otherwise, or a scene of it waits for its offset."""
    artifact = run.workspace.find(name_scenes(study, inputs))
    if artifact is None:
        return False
    undecided = load_json(artifact.path / "account.json")["undecided"]
    return bool(undecided) or not is_asked_so(artifact, inputs.provider)


def find_scenes(run: Run, study: Study, inputs: Inputs) -> list[Scene]:
    """The scenes of the kept SceneTable, if it is not one of a simulated world; none where none is kept.

    None of a table that was asked for otherwise. Addresses that were signed are asked for once more.
    """
    artifact = None if inputs.simulated else run.workspace.find(name_scenes(study, inputs))
    if artifact is None or not is_asked_so(artifact, inputs.provider):
        return []
    table, read = load_layer(artifact.path, "scenes"), ingest.scenes.choice.from_table
    scenes = read(table)
    if not any(is_lost(href) for scene in scenes for href in scene.hrefs):
        return scenes
    _ask_for_addresses(study, inputs.provider)
    return read(table)


def _ask_for_addresses(study: Study, provider: Provider) -> None:
    """Let this process know the addresses that a provider signs; what is kept stays as it is."""
    try:
        find_items(study, provider)
    except (SourceError, InputError) as error:
        told = f"signed addresses cannot be had anew, and what lies at them is not read: {error.message}"
        _LOG.warning(told, extra={"aoi": study.aoi.id})


def find_items(study: Study, provider: Provider) -> list[dict[str, Any]]:
    """All items that a provider has for an area, from a search or from what it holds."""
    settings = study.settings.scenes
    if not isinstance(provider, StacApi):
        return list(ingest.scenes.providers.read_items(provider))
    found = ingest.scenes.search.search_items(
        provider, study.aoi.geometry, settings.start, settings.end, settings.missions
    )
    return list(found)


def is_asked_so(artifact: Artifact, provider: Provider) -> bool:
    """Whether what a provider answered was asked for with the variables of now, which no cause tells."""
    path = artifact.path / _ASKED
    asked = path.read_text(encoding="utf-8") if path.exists() else ""
    return asked == digest_place(provider)


def note_asking(folder: Path, provider: Provider) -> None:
    """Note with what an answer was asked for, where a secret was in it."""
    if asked := digest_place(provider):
        (folder / _ASKED).write_text(asked, encoding="utf-8")
