"""Why something in a register of rights is not used, or has to be looked at, and what to do about it."""

from pipeline.ingest.rejects import Advice

NO_HEADINGS = Advice(
    "一行表头：证号、权利人、有效期、许可量等 / a row of headings: number, holder, term, amount",
    "写上表头，或在配置 rights 的 columns 中指明 / write headings, or name them in columns of the config",
)
UNKNOWN_COLUMN = Advice(
    "已知字段 / a known field (standards/rights_fields.csv)",
    "如需使用，在 columns 中指明 / name it in columns, if it is to be used",
)
A_TOTAL = Advice("各项权利；合计不读 / rights; a total is not read", "无需处理 / nothing")
NO_IDENTITY = Advice(
    "证号、权利人或宗地 / a number, a holder or a parcel",
    "补上其一 / add one of them",
)
NOT_A_DAY = Advice(
    "一个完整日期，如 2024-03-01 / a whole day such as 2024-03-01",
    "改成完整日期；长期有效写“长期” / write a whole day, or 长期 where it has no end",
)
TERM_TURNED = Advice("终止不早于起始 / an end not before the start", "改正其一 / mend one of them")
WRONG_CODE = Advice(
    "18 位统一社会信用代码，校验位应为 {check} / 18 characters whose last is {check} (GB 32100-2015)",
    "核对代码；此前不用于关联 / look the code up; until then nothing is linked by it",
)
NOT_A_CODE = Advice(
    "18 位统一社会信用代码 / a credit code of 18 characters (GB 32100-2015)",
    "核对代码；此前不用于关联 / look the code up; until then nothing is linked by it",
)
OF_A_PERSON = Advice(
    "统一社会信用代码；身份证件号码不外传 / a credit code; the number of a person goes no further",
    "无需处理 / nothing",
)
NOT_A_PLACE = Advice(
    "经度 73 至 136、纬度 3 至 54 的度数 / degrees of longitude 73 to 136, of latitude 3 to 54",
    "改成度；其他坐标系在配置中写 crs / write degrees, or set crs in the config",
)
SWAPPED = Advice(
    "经度在前、纬度在后 / longitude and latitude, not each in the column of the other",
    "两列互换 / change the columns",
)
NO_GROUND = Advice("点或多边形 / a point or polygons", "改成点或多边形 / make it a point, or polygons")
HALF_A_PLACE = Advice("经度和纬度 / longitude and latitude", "补上另一个 / add the other one")
ASSUMED_CRS = Advice(
    "坐标系 / a CRS",
    "未说明坐标系，按 CGCS2000 经纬度读取；如不是，写明 crs / taken as degrees of CGCS2000; set crs if not",
)
NO_UNIT = Advice(
    "单位，如 m3 或 万m3 / a unit such as m3 or 万m3",
    "写在表头括号内、“单位”列、“单位：”行，或配置 units / in brackets in the heading, in a column or a line "
    "单位, or as units in the config",
)
WRONG_UNIT = Advice(
    "可换算为 {unit} 的单位 / a unit that can be brought to {unit} (standards/rights_units.csv)",
    "改正单位，或换算后填写 / mend the unit, or convert the figure",
)
NO_YEAR = Advice(
    "用量或交易的年份 / the year of what was used or traded",
    "加“年度”列，写进表头或表名，或在配置中写 year / tell it in a column, the heading or the title, or "
    "set year in the config",
)
UNKNOWN_RESOURCE = Advice(
    "已知污染物 / a known pollutant (standards/rights_resources.csv)",
    "改用已知名称 / use such a name",
)
UNKNOWN_SIDE = Advice(
    "买入或卖出 / bought or sold",
    "改用这样的词 / use such a word",
)
NO_PARTY = Advice(
    "买入方和卖出方 / a buyer and a seller",
    "补上缺少的一方；此前交易不平衡 / add who is missing; until then the trade has no balance",
)
NO_FIGURE = Advice("一个数量 / an amount", "补上数量 / write the amount")
ELSEWHERE = Advice(
    "范围内的权利 / rights inside the area",
    "{count} 项位于范围之外，不列入，仍计入交易平衡 / {count} lie outside: not listed, but part of the "
    "balance of trades",
)
