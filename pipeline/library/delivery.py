"""A published delivery as analysts read it: layers, tables, maps and evidence, each read as it is used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio

from pipeline import library
from pipeline.errors import InputError, Problem
from pipeline.outputs.published import Published, find_deliveries, open_published
from pipeline.storage.delivered import FINDINGS_END, REGISTER_ENDS, find_delivered

if TYPE_CHECKING:
    import xarray as xr  # takes long to load, and only maps need it

_TABLES = "tables/"
_ENDS = (".csv", ".parquet")
"""Of tables; those too long for CSV are Parquet."""
_ACCOUNTS = "account_"
_ALL_ROWS = {"findings": FINDINGS_END}
"""How the file of a layer ends that has all its rows where it is there."""


@dataclass(frozen=True)
class Tables(Mapping[str, pd.DataFrame]):
    """Tables of a delivery by name, each read as it is asked for, and once.

    Their index, `line`, is the line of the CSV file that a row stands in. A cell that is empty there is NaN.
    InputError for a file that was changed since it was published.
    """

    published: Published
    stems: Mapping[str, str]

    @cached_property
    def _read(self) -> dict[str, pd.DataFrame]:
        return {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            table = self.published.table(self.stems[name])
            assert table is not None, "the stems are those of the manifest"
            self._read[name] = table.rename_axis("line")
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.stems)

    def __len__(self) -> int:
        return len(self.stems)

    def __repr__(self) -> str:
        return f"<Tables: {', '.join(self.stems)}>"


@dataclass(frozen=True, repr=False)
class Delivery:
    """What `open_delivery` gives. Nothing but the manifest is read before it is asked for, and then once.

    Geometries are in EPSG:4490 (CGCS2000, longitude and latitude); areas in columns are of the ellipsoid,
    m2 or ha as their names say. What is not known is NaN, None or NaT, with the reason in `reason`, never 0.
    Column names are those of the data dictionary in the workbook.

    Examples
    --------
    >>> delivery = pipeline.open_delivery("delivery/delta/latest")
    >>> delivery.inventory.groupby("ecosystem_l1")["area_ha"].sum().idxmax()
    '灌丛'
    """

    published: Published

    def __repr__(self) -> str:
        told = "模拟 simulated, " if self.simulated else ""
        return f"<Delivery {self.aoi}/{self.label}: {told}{', '.join(self.periods)}>"

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.published.folder

    @property
    def aoi(self) -> str:
        """The id of its area."""
        return self.published.aoi

    @property
    def label(self) -> str:
        """Its label, such as `2024`."""
        return self.published.label

    @property
    def name(self) -> str:
        """The name of its area, in the language of the delivery."""
        return self.published.name(self.published.language)

    @property
    def simulated(self) -> bool:
        """Whether anything in it is."""
        return self.published.simulated

    @property
    def periods(self) -> list[str]:
        """The labels of its periods, in order."""
        return list(self.published.periods)

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Config, versions, inputs and files with their checksums, warnings: `manifest.json` as it stands."""
        return self.published.manifest

    @cached_property
    def inventory(self) -> gpd.GeoDataFrame:
        """The ecological product inventory 生态产品目录清单: a row per `product_id`.

        A product is of a parcel, whose outline it has, and a period. Quantities are in `quantity_unit`,
        values in yuan.
        """
        return self.read_layer("inventory")

    @cached_property
    def parcels(self) -> gpd.GeoDataFrame:
        """The land register, cut to the area: a row per `parcel_id`; `area_m2` is that inside the area."""
        return self.read_layer("parcels")

    @cached_property
    def sections(self) -> gpd.GeoDataFrame:
        """Sections of rivers and lakes: a row per `section_id` and `period`; points.

        `water_class` is 1 to 6 (I to V, worse than V) of GB 3838-2002, means are in the units of the norm.
        """
        return self.read_layer("sections")

    @cached_property
    def patches(self) -> gpd.GeoDataFrame:
        """Ground that changed its class: a row per `patch_id`, from one period to the next."""
        return self.read_layer("change_patches")

    @cached_property
    def findings(self) -> gpd.GeoDataFrame:
        """What an officer should look at: a row per `finding_id`, with its rule, severity and basis."""
        return self.read_layer("findings")

    @property
    def outline(self) -> gpd.GeoDataFrame:
        """The area: a row per part."""
        return self.published.outline

    @property
    def layers(self) -> list[str]:
        """The names of all layers of the GeoPackage, for `read_layer`."""
        names = (str(name) for name, _ in pyogrio.list_layers(self._package))
        return [name for name in names if name != "layer_styles"]

    def read_layer(self, name: str) -> gpd.GeoDataFrame:
        """Any layer of the GeoPackage, in EPSG:4490; InputError for one that it does not have.

        A register that no GeoPackage holds is read from its GeoParquet, all of it, as its findings are.
        """
        if beside := self._find_beside(name):
            return gpd.read_parquet(self.published.find_file(beside)).drop(columns="fid", errors="ignore")
        if name not in self.layers:
            place, held = f"{self._package}, layer {name}", ", ".join(self.layers)
            raise InputError("No such layer in the delivery", [Problem(place, "no such layer", held)])
        return pyogrio.read_dataframe(self._package, layer=name)

    def _find_beside(self, name: str) -> str | None:
        """The file that has a whole layer of which the GeoPackage has nothing, or some rows."""
        ends = {**{one: end for one, end in REGISTER_ENDS.items() if one not in self.layers}, **_ALL_ROWS}
        file = f"{self._package.stem}{ends.get(name, '')}"
        return file if name in ends and self.published.has(file) else None

    @property
    def _package(self) -> Path:
        return find_delivered(self.folder, ".gpkg")

    @cached_property
    def tables(self) -> Tables:
        """Every CSV table by the stem of its file, such as `tables["area_balance"]`."""
        names = (Path(name) for name in self.manifest["files"] if name.startswith(_TABLES))
        stems = sorted(path.stem for path in names if path.suffix in _ENDS)
        return Tables(self.published, {stem: stem for stem in stems})

    @property
    def indicators(self) -> pd.DataFrame:
        """Figures of the area: a row per `indicator` and `period`, each with numerator and denominator."""
        return self.tables["indicators"]

    @property
    def measures(self) -> pd.DataFrame:
        """Figures of parcels: a row per `parcel_id`, `period` and `measure`, with the area not seen."""
        return self.tables["parcel_measures"]

    @cached_property
    def accounts(self) -> Tables:
        """The books of the accounts by name, such as `accounts["totals"]`; empty where there are none.

        They are of several grains (region, parcel, class, service), so each stays a tidy table of its own:
        `totals` and `services` by region and service, `parcels` by parcel, `bridge` from period to period.
        """
        stems = {name.removeprefix(_ACCOUNTS): name for name in self.tables if name.startswith(_ACCOUNTS)}
        return Tables(self.published, stems)

    @cached_property
    def maps(self) -> "xr.Dataset":
        """All maps as lazy arrays on Dask chunks: `maps["ndvi"].sel(period="2024")`, dims (period, y, x).

        Dims: `period` has the labels, with `first_day` and `last_day` beside it; changes have `pair`, such as
        `2023/2024`; x and y are the middles of pixels in metres of `maps.rio.crs`. Values are float32 as they
        are meant (unpacked), NaN where nothing is known. Attributes are those of CF: `long_name` (English),
        `long_name_zh`, `units`; classes have `flag_values`, `flag_meanings`, `flag_meanings_zh` and
        `flag_colors`. Opens the headers of the rasters; pixels are read by `compute`.
        """
        return library.rasters.open_maps(self.published)

    @cached_property
    def scenes(self) -> gpd.GeoDataFrame:
        """The scenes behind it: a row per `id`, by `datetime` (UTC), with their outlines in EPSG:4326.

        `cloud_percent` is of the whole scene, as its provider says; `offset_source` and `offset_evidence`
        tell by what the offset of its numbers was decided.
        """
        return library.evidence.read_scenes(self.published)

    def explain(self, indicator: str, period: str | None = None) -> "library.evidence.Evidence":
        """What a figure of `indicators` rests on; the last period that has it unless named.

        SettingsError for an indicator or a period that the delivery does not have, with those that it has.

        Examples
        --------
        >>> delivery = pipeline.open_delivery("delivery/delta/latest")
        >>> print(delivery.explain("vegetation_cover_share_land"))
        vegetation_cover_share_land 2024 = 0.6123456789012345 share
          numerator 71234567.125, denominator 116330000.5
          source rasters/fvc_2024.tif
          place tables/indicators.csv, line 2
          scenes 1: S2B_y
        """
        return library.evidence.explain_figure(
            self.published, self.indicators, self.scenes, indicator, period
        )


def open_delivery(place: str | Path, *, aoi: str | None = None, label: str | None = None) -> Delivery:
    """A published delivery: of its folder, of `out/aoi/latest`, or of the folder of all by `aoi` and `label`.

    Reads its manifest and nothing else. With `aoi` alone, or the folder of an area, the last good one.
    SettingsError where there is none, InputError for a manifest that is none of ours.

    Examples
    --------
    >>> pipeline.open_delivery("delivery", aoi="delta", label="2024")
    <Delivery delta/2024: 模拟 simulated, 2023, 2024>
    """
    folder = Path(place).expanduser()
    return Delivery(open_published(folder.joinpath(*(part for part in (aoi, label) if part))))


def list_deliveries(out: str | Path) -> list[Delivery]:
    """All deliveries of a folder, by area and label.

    SettingsError where there is none, InputError for manifests that are none of ours, all at once.

    Examples
    --------
    >>> [one.label for one in pipeline.list_deliveries("delivery")]
    ['2024']
    """
    return [Delivery(one) for one in find_deliveries(Path(out).expanduser())]


def open_composite(delivery: str | Path | Delivery, period: str | None = None) -> "xr.Dataset":
    """The composite of a period (the last one unless named) as lazy bands (y, x): reflectance, NaN unknown.

    Bands bear their STAC common names. It comes from the delivery, where `outputs: {composite: true}` kept it
    there, else from the store in the `work` folder beside the deliveries, which also tells `looks`, clear
    looks a pixel, and `failed`, looks that could not be read. SettingsError where neither is there.

    Examples
    --------
    >>> composite = pipeline.open_composite("delivery/delta/latest", "2024")
    >>> ndvi = (composite.nir - composite.red) / (composite.nir + composite.red)
    >>> ndvi.rio.crs.to_epsg(), round(float(ndvi.mean()), 4)
    (32651, 0.5)
    """
    opened = delivery if isinstance(delivery, Delivery) else open_delivery(delivery)
    return library.rasters.open_bands(opened.published, period or opened.periods[-1])
