"""What of the statistics is not used, and what to do about it."""

from pipeline.ingest.rejects import Advice

NO_HEADINGS = Advice(
    "一行表头：指标、地区、年份等 / a row of headings: item, region, year and the like",
    "写上表头，或在配置 statistics 的 columns 中指明 / write headings, or name them in columns of the config",
)
UNKNOWN_COLUMN = Advice(
    "全年数值的指标、年份或区域作表头 / a heading that names an item, a year or a region, of a whole year",
    "如需使用，在 columns 中指明 / name it in columns, if it is to be used",
)
UNKNOWN_ITEM = Advice(
    "已知指标或其代码 / a known item or its code (standards/statistic_items.csv)",
    "改用已知名称，或写代码，如 visits；产品写 output.agriculture_managed 并给出产品名 / use such a name or "
    "code, of products output.agriculture_managed and the name of the product",
)
NO_REGION = Advice(
    "区域名称或标识 / the name or id of a region",
    "加“地区”列，或在配置中写 region / add a column of regions, or set region in the config",
)
ELSEWHERE = Advice(
    "本区或其镇村 / this area or one of its regions",
    "别处的数不用；若属本区，在配置中写 names / not used; if it is of here, say so by names in the config",
)
A_TOTAL = Advice(
    "各区域的数；合计只作核对 / figures of regions; a total is only held against their sum",
    "若合计即全区，请写全区的名称或标识 / where it is that of the area, write the area's name or id",
)
TWO_THINGS = Advice(
    "行与列表头说的一致 / rows and headings that say the same",
    "改正其中之一 / mend one of them",
)
TOO_MUCH = Advice(
    "不大于 {most} {unit} / at most {most} {unit}", "改正数或单位 / mend the figure or its unit"
)
TOTAL_DIFFERS = Advice(
    "各区域之和 {sum} / the sum of the regions, {sum}",
    "这些数都不使用；改正错误的数或补上缺少的行 / none is used: mend the wrong one, or add what lacks",
)
SUM_OF_PRODUCTS = Advice(
    "产品，不是其合计 / products, not their sum",
    "其中各项已另外给出，合计不再计入 / its parts are given as well, and count",
)
WRONG_PRICE_UNIT = Advice(
    "按产量单位计的价格 {units} / a price by the unit of the output, {units}",
    "改正价格或产量的单位 / mend the unit of one of them",
)
BY_REGIONS = Advice(
    "各镇村之和 {sum} / the sum of the regions, {sum}",
    "相差在末位舍入之内，按各镇村之和计 / they differ by the last place: the sum of the regions counts",
)
AREA_DIFFERS = Advice(
    "全区不小于各镇村之和 {sum} / an area of no less than its regions, {sum}; all of them are it",
    "全区与各镇村的数都不使用；改正错误的数 / neither is used: mend the wrong figure",
)
