"""The land register of an area: read, checked, repaired and cut to it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.aoi import PROJECT_ROOT, Aoi
from pipeline.datum import DatumShift
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.flow.datums import find_shifts, note_shifts
from pipeline.flow.inputs import Inputs
from pipeline.geodesy import CGCS2000
from pipeline.ingest.notes import FileNote
from pipeline.ingest.parcels import (
    ATTRIBUTES,
    EXTRAS,
    KEYS,
    NOTES,
    Elsewhere,
    LandRegister,
    read_parcels,
    read_restricting,
)
from pipeline.rights_registry import findings, geometry, restrictions
from pipeline.rights_registry.rules import RULES
from pipeline.settings.crs import list_grids
from pipeline.settings.parcels import ParcelFile, RestrictingFile
from pipeline.storage.cause import Artifact, checksums_of
from pipeline.storage.scratch import KeptBytes, ScratchFile
from pipeline.storage.tables import GroupedTable, LongTable, save_json

_PARCELS = 5
_SAID, _NONE = "said", ""
_RIGHTS = PROJECT_ROOT / "configs" / "rights.yaml"


def make_parcels(run: Run, study: Study, inputs: Inputs) -> Artifact:
    """Artifact with `parcels`, `findings` and `pieces` inside layers that restrict use.

    `missing.json` lists the columns that the register lacks, `datum_shifts.json` by the key of the config how
    the coordinates of each input of the area came to CGCS2000.
    """
    file, layers = inputs.parcels, study.settings.restricting
    given: list[ParcelFile | RestrictingFile] = [*([file] if file else []), *layers]
    grids = list_grids(*(entry.crs for entry in given))
    paths = [*(Path(entry.path) for entry in given), *grids, _RIGHTS]
    shifts = find_shifts(study, inputs)
    cause = study.cause(
        "parcels",
        _PARCELS,
        list(checksums_of(paths).values()),
        parcels=file.model_dump(exclude={"path"}) if file else {},
        restricting=[layer.model_dump(exclude={"path"}) for layer in layers],
        shifts={key: shift.as_dict() for key, shift in shifts.items()},
    )

    def build(folder: Path) -> None:
        register = read_parcels(file, study.aoi) if file else _build_empty_register()
        restricting = read_restricting(layers, study.aoi)
        every = {**shifts, **_list_shifts(register, restricting)}
        with RegisterFiles.open(folder, [str(kind) for kind in restricting["kind"]]) as files:
            geometry.prepare_parcels(
                register.keys,
                register.batches(),
                study.aoi,
                files,
                area_tolerance=file.area_tolerance_percent / 100 if file else geometry.AREA_TOLERANCE,
                restricting=restricting,
            )
            notes = [
                *register.notes,
                *note_shifts(every, study.settings.model_copy(update={"parcels": file})),
            ]
            said = [_find_elsewhere(register.elsewhere, study.aoi), *_tell_notes(notes, study.aoi)]
            files.add_findings(_SAID, findings.join_findings(said))
        save_json(folder / "missing.json", list(register.missing))
        told = {key: shift.as_dict() for key, shift in every.items() if not shift.changes_nothing}
        save_json(folder / "datum_shifts.json", told)

    return run.artifact(study.title("parcels"), cause, build)


@dataclass(frozen=True)
class RegisterFiles(geometry.Outlet):
    """The tables of a register, which grow on disk."""

    parcels: LongTable
    findings: GroupedTable
    pieces: GroupedTable
    scratch: ScratchFile

    @classmethod
    @contextmanager
    def open(cls, folder: Path, kinds: Sequence[str]) -> Iterator["RegisterFiles"]:
        """Tables of a folder; `findings` and `pieces` are there also where they are empty."""
        groups = [*geometry.FINDING_GROUPS, _SAID]
        with (
            LongTable(folder / "parcels.parquet") as parcels,
            GroupedTable(folder / "findings.parquet", groups) as found,
            GroupedTable(folder / "pieces.parquet", [_NONE, *kinds]) as pieces,
            ScratchFile(folder) as scratch,
        ):
            pieces.add(_NONE, restrictions.NO_PIECE)
            yield cls(parcels, found, pieces, scratch)

    def add_parcels(self, part: gpd.GeoDataFrame, /) -> None:
        """See Outlet."""
        self.parcels.add(part)

    def add_findings(self, group: str, part: gpd.GeoDataFrame, /) -> None:
        """See Outlet."""
        self.findings.add(group, part)

    def add_pieces(self, kind: str, part: gpd.GeoDataFrame, /) -> None:
        """See Outlet."""
        self.pieces.add(kind, part)

    def keep(self, wkb: bytes, /) -> KeptBytes:
        """See Outlet."""
        return self.scratch.keep(wkb)


def _list_shifts(register: LandRegister, restricting: gpd.GeoDataFrame) -> dict[str, DatumShift]:
    of_register = {"parcels": register.shift} if register.shift else {}
    return {
        **of_register,
        **{f"restricting.{number}": shift for number, shift in enumerate(restricting.attrs["shifts"])},
    }


def _find_elsewhere(where: Elsewhere | None, aoi: Aoi) -> gpd.GeoDataFrame:
    rows = [asdict(where)] if where else []
    hint = [row["likely"] for row in rows]
    table = pd.DataFrame(rows, columns=["count", "lon", "lat", "likely"]).assign(
        hint_zh=[f"；按 {crs} 则在试点区内（配置 parcels.crs）" if crs else "" for crs in hint],
        hint_en=[f"; in {crs} they would be inside (parcels.crs)" if crs else "" for crs in hint],
    )
    frame = gpd.GeoDataFrame(table, geometry=[aoi.geometry] * len(rows), crs=CGCS2000)
    return findings.build_findings(RULES["register_elsewhere"], frame)


def _tell_notes(notes: Iterable[FileNote], aoi: Aoi) -> Iterator[gpd.GeoDataFrame]:
    for note in notes:
        frame = gpd.GeoDataFrame([{**note.facts, "key": note.about}], geometry=[aoi.geometry], crs=CGCS2000)
        yield findings.build_findings(RULES[note.rule], frame)


def _build_empty_register() -> LandRegister:
    """The register of an area without one."""
    columns = ["parcel_id", *ATTRIBUTES, *EXTRAS, *NOTES, "geometry"]
    rows = gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=CGCS2000)
    return LandRegister(rows[[*KEYS]], lambda: iter([rows]), (), None, None)
