"""Tables of the standards, each row with its source; the only place where their figures stand.

`water_limits`: GB 3838-2002 limits. `land_classes`: 三调 classes and the ecosystem types they belong to.
`land_kinds`: what classifiers and maps tell apart, with the land cover class and ecosystem type of each.
`land_maps`: classes of existing maps and the land kinds that they mean, with whether code and name, and
whether the kind, are confirmed; `land_map_versions`: those that must not be compared, and why.
`rights`: dictionaries of the natural-resource register. `inventory_schema`: columns of the inventory;
`product_names`: words of its cells in English, by column.
`land_classes_2007`: classes of the second survey and their counterparts, if there is one.
`land_classes_planning`: classes that only the planning classification has, so that a column is told from it.
`parcel_columns`: columns of registers by profile. `register_sums`: registered areas that add up.
`restricting_kinds`: what restricts.
`parameter_aliases`, `sample_headings`, `water_units`, `plausibility`, `suspect_values`, `stuck_sensors`: how
water samples are read; `water_extras`: parameters known beside those of `water_limits`.
`quality_words`, `river_words`, `change_words`, `water_section_change`, `first_pollutants`, `tli`,
`tli_words`, `spearman_critical`, `mean_decimals`: how sections and rivers are evaluated, each row with
whether it is `confirmed`.
`messages`: what errors, warnings and titles say in Chinese, by their English; `{0}` is a slot that is
translated in its turn, `{0!s}` one that is not.
`tasselled_cap`: coefficients of wetness by instrument and band.
`bandpass`: what brings the reflectance of a platform to that of Landsat OLI.
`statistic_items`: what is told by statistics, the units of each and the services that use it;
`statistic_products`: products, the kind of output they are and what they are a part of; `statistic_units`:
what values in a unit are multiplied by; `statistic_words`: words of headings and rows.
`place_columns`: columns of layers of regions and projects; `project_kinds`: kinds of projects.
`account_parameters`: keys of parameters of the accounts, the unit that formulas expect of each, the bounds of
its figures, and the index by which its price moves; `account_parameter_units`: what figures in another unit
are multiplied by; `ecosystem_subtypes`: what parameters tell apart within an ecosystem type.
`service_sectors`: sectors that use services, where statistics tell it, by service and beginning of the item.
`species_groups`: groups of species, the group that each lies within, and their names in tables of surveys;
`species_headings`, `species_words`: how tables of surveys, and those beside them, are read.
`rights_kinds`: kinds of registers of other rights, what two of them must not share; `rights_fields`: their
columns; `rights_resources`: what is licensed and traded; `rights_units`, `rights_words`: units and words of
their cells.
`ecological_index`, `ecological_index_terms`, `ecological_index_lands`, `ecological_index_zones`,
`ecological_index_grades`, `ecological_index_changes`: sub-indices, coefficients, land classes, weights of
zones, grades and words for changes of the ecological index (HJ 192-2015), each row with whether it is
`confirmed`;
`ecological_index_land_classes`: which of its land classes those of the survey and of maps are.
`health_measures`: what the health of rivers and lakes is judged by, where it comes from, and its names in
tables; `health_headings`: other columns of such tables; `health_units`: units of their cells.
`indicator_directions`: which indicators are better the higher, or the lower, they are, and on what ground.
`indicator_parts`: units of numerator and denominator, by the beginning of the codes of indicators.
`index_domains`: what the formula of a spectral index divides by at least.
`layer_conventions`: what data sets mean by the numbers of their rasters, by layer of the accounts, each row
with whether it is `confirmed`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
