"""What a delivery shows of the accounts as rasters: erosion, services, and value per hectare."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pipeline.accounts.pixels import LinearForm, PixelItem, compute_form, list_pixel_items, sum_values
from pipeline.accounts.price_index import NO_INDEX, PriceIndex
from pipeline.accounts.prices import move_prices
from pipeline.accounts.rows import TYPE_OF_COVER
from pipeline.accounts.sharing import YearStatistics
from pipeline.accounts.valuing import Method
from pipeline.accounts.variables import VARIABLES
from pipeline.contracts import Raster
from pipeline.contracts.accounts import STATISTICS
from pipeline.grid import Block
from pipeline.legends import ECOSYSTEM, LAND_COVER, LegendClass
from pipeline.maps.accounts.registered import RegisteredGround
from pipeline.maps.accounts.runoff import load_book
from pipeline.maps.land_cover.kinds import is_typed
from pipeline.maps.step import Maps, build_raster
from pipeline.periods import When
from pipeline.settings.price_index import read_price_index

_SHOWN = ("deficit", "erosion_potential", "erosion")
"""Variables that are shown: the others are no finer than the files that they are from."""
_VALUE = "value_per_ha"
_BASES = {False: ("按制图地类", "by mapped class"), True: ("按登记地类", "by registered class")}
_AREA = "ha"
"""The unit of what a map of classes shows already."""
_CODES = 256


def list_layer_rasters(maps: Maps, when: When) -> Iterator[Raster]:
    """Variables of a year that are finer than the files that they are from."""
    made = maps.step("account_layers").layers(maps)
    for name in _SHOWN:
        if name in made:
            variable = VARIABLES[name]
            titles = variable.title_zh, variable.title_en
            shown = build_raster(maps, "account_layers", when, name, titles=titles)
            yield replace(shown, unit=variable.unit)


@dataclass(frozen=True)
class ServiceMaps:
    """Services of a year over the maps of a study, by registered class where there is one, else by mapped."""

    maps: Maps
    when: When
    registered: RegisteredGround | None

    def list_rasters(self) -> Iterator[Raster]:
        """What services give a hectare, and what that is worth in prices of the year."""
        items = self.items
        for one in items:
            if one.item.unit != _AREA:
                yield self._draw(name_raster(one), one.quantity, *_title(one), f"{one.item.unit}/ha")
        if items:
            count = len({one.service.code for one in items})
            basis = _BASES[self.registered is not None]
            zh = f"单位面积生态产品价值（{basis[0]}，逐像元 {count} 项）"
            en = f"Value per hectare ({basis[1]}, {count} services of pixels)"
            yield self._draw(_VALUE, sum_values(items), zh, en, "yuan/ha")

    @cached_property
    def items(self) -> list[PixelItem]:
        """Items that are told pixel by pixel, those left out that lack a layer, or a parameter everywhere."""
        study, year = self.maps.study, int(self.when.label)
        accounts = study.settings.accounts
        assert accounts is not None, "the config asks for no accounts"
        profile, path = accounts.load_profile(study.aoi.id), accounts.price_index
        index = PriceIndex(read_price_index(Path(path))) if path else NO_INDEX
        method = Method(tuple(profile.services), profile.choices.model_dump(), year)
        nothing = YearStatistics(pd.DataFrame(columns=[*STATISTICS.columns]), year, study.aoi.id)
        book = move_prices(load_book(study), index, year)
        found = list_pixel_items(method, nothing, book, *self._classes)
        given = set(self.maps.step("account_layers").layers(self.maps))
        return [one for one in found if given >= set(one.quantity.variables) and one.known.any()]

    @property
    def _classes(self) -> tuple[list[str], list[str | None]]:
        """Mapped classes, as sums under units name them, then registered ones; the types that each is of."""
        mapped = [*(entry.name_zh for entry in self._types), *(entry.key for entry in LAND_COVER.classes)]
        types = [TYPE_OF_COVER.get(name) for name in mapped]
        if self.registered is None:
            return mapped, types
        return [*mapped, *self.registered.codes], [*types, *self.registered.types]

    @property
    def _types(self) -> tuple[LegendClass, ...]:
        """Ecosystem types, where the map tells them."""
        return ECOSYSTEM.classes if is_typed(self.maps.study) else ()

    @cached_property
    def _rows(self) -> tuple[NDArray[np.int16], ...]:
        """Rows of classes by code: of ecosystem types where the map tells them, then of land cover."""
        types = _number_codes(self._types, 0)
        return (*([types] if self._types else []), _number_codes(LAND_COVER.classes, len(self._types)))

    def _draw(self, name: str, form: LinearForm, zh: str, en: str, unit: str) -> Raster:
        """A form over the pixels of the year, computed as it is written."""
        classes, made = (self.maps.open(step, self.when) for step in ("land_cover", "account_layers"))
        codes = [classes[layer].data for layer in ("ecosystem", "land_cover")[-len(self._rows) :]]
        values = da.map_blocks(
            partial(self._compute_block, form=form),
            *codes,
            *(made[variable].data for variable in form.variables),
            name=f"{name}_{self.when.stem}",  # else Dask makes one of all that there is of the study
            dtype=np.float32,
            meta=np.empty((0, 0), dtype=np.float32),
        )
        lazy = xr.DataArray(values, dims=("y", "x"))
        first, last = self.when.first, self.when.last
        return Raster(f"{name}_{self.when.stem}", name, "amount", lazy, zh, en, first, last, unit=unit)

    def _compute_block(
        self, *blocks: NDArray[np.generic], form: LinearForm, block_info: Mapping[int, Any]
    ) -> NDArray[np.float32]:
        count = len(self._rows)
        row = self._rows[-1][blocks[count - 1]]
        if count > 1:
            types = self._rows[0][blocks[0]]
            row = np.where(types < 0, row, types)
        if self.registered is not None:
            (top, bottom), (left, right) = block_info[0]["array-location"]
            own = self.registered.number_pixels(self.maps.study.grid, Block(top, bottom, left, right))
            row = np.where(own < 0, row, own + len(self._classes[0]) - len(self.registered.codes))
        layers = zip(blocks[count:], form.variables, strict=True)
        taken = [_take(layer, name) for layer, name in layers]
        stack = np.stack(taken) if taken else np.empty((0, *row.shape), np.float32)
        return compute_form(form, row.astype(np.int16), stack)


def name_raster(one: PixelItem) -> str:
    """The name of the raster of a service, before its year: `service_reg_02b_nitrogen`."""
    words = [one.service.code, one.item.key] if one.item.key else [one.service.code]
    return "service_" + "_".join(words).lower().replace("-", "_")


def _title(one: PixelItem) -> tuple[str, str]:
    zh, en = one.service.name_zh, one.service.name_en
    if one.item.key:
        zh, en = f"{zh}：{one.item.name_zh}", f"{en}: {one.item.name_en}"
    return f"{zh}（每公顷）", f"{en}, per hectare"


def _number_codes(classes: Sequence[LegendClass], first: int) -> NDArray[np.int16]:
    rows = np.full(_CODES, -1, dtype=np.int16)
    rows[[entry.code for entry in classes]] = first + np.arange(len(classes))
    return rows


def _take(layer: NDArray[np.generic], name: str) -> NDArray[np.float32]:
    """A variable of a block; a deficit is none where it is not below 0."""
    values = layer.astype(np.float32, copy=False)
    return np.nan_to_num(values, nan=0.0) if name == "deficit" else values
