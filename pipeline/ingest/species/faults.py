"""Why a record of a survey is not used: what should have stood there, and what to do."""

from pipeline.ingest.rejects import Advice

NO_HEADINGS = Advice(
    "一行表头：物种、样点、日期、数量，或物种与日期、样点交叉 / headings: species, site, date, count, or "
    "species against dates or sites",
    "写上表头，或在配置 surveys 的 columns 中指明 / write headings, or name them in columns of the config",
)
UNKNOWN_SPECIES = Advice(
    "名称表中的物种，相近的有 {near} / a species of the table of names; the nearest: {near}",
    "改正名称，或在名称表中加别名 / mend the name, or add it to the table as an alias",
)
SEVERAL_SPECIES = Advice(
    "一个物种，而名称指向 {names} / one species; the names mean {names}",
    "写明拉丁学名，或改正其一 / write the Latin name, or mend one of them",
)
UNDETERMINED = Advice(
    "鉴定到种 / determined to the species",
    "未鉴定到种，不计入物种数；鉴定后更名 / not counted as a species; rename it once it is determined",
)
UNKNOWN_SITE = Advice(
    "样点表中的样点，相近的有 {near} / a site of the table of sites; the nearest: {near}",
    "改正名称，或在样点表中加上 / mend the name, or add the site to the table",
)
NO_SITE = Advice(
    "样点 / a site",
    "填写样点（合并单元格另存为文本后会变空），或在配置中写 site / fill it in, as merged cells saved as text "
    "are blank, or set site in the config",
)
NO_DAY = Advice("调查日期：{why} / a date of the survey", "写成 2024-03-15 或 2024年3月 / write it so")
NOT_A_COUNT = Advice(
    "个体数：数、约 300、>100、100-150、若干，未发现写 0 / individuals: a number, about 300, >100, "
    "100-150, some, or 0",
    "改正；未调查写“未调查”或留空 / mend it; where nobody looked write 未调查 or nothing",
)
BLANK_COUNT = Advice(
    "个体数；未发现写 0，未计数写“有” / a count: 0 where none was found, 有 where they were not counted",
    "空白不作 0，也不作有 / a blank is taken neither for none nor for some",
)
ZERO_OF_UNIT = Advice(
    "个体的单位：只、头、尾、株等 / a unit of individuals",
    "该单位的 0 不说明没有个体 / 0 of this unit does not tell that there were no individuals",
)
MERGED = Advice(
    "每格一个数，未合并 / a count of its own in every cell",
    "取消合并，分别填写 / unmerge the cells and fill each of them",
)
UNKNOWN_COLUMN = Advice(
    "日期、样点或物种作表头 / a heading that names a date, a site or a species",
    "如需使用，改正表头或在 columns 中指明 / mend it, or name it in columns, if it is to be used",
)
DOUBLED = Advice("每种列只有一列 / one column of a kind", "改名或删去其余的列 / rename or delete the others")
UNKNOWN_GROUP = Advice(
    "类群，如鸟类、水鸟、植物、鱼类 / a group such as birds, waterbirds, plants, fish",
    "改用已知类群 / use a group of standards/species_groups.csv",
)
NO_GROUP = Advice(
    "所调查的类群 / the group that was looked for",
    "未发现任何物种时须写明类群，或在配置中写 species_group / where nothing was found the group must be told",
)
REPEATED = Advice("一处即可 / one place", "与 {place} 相同，只用一次 / equal to {place}: used once")
DIFFERENT = Advice(
    "同一物种、样点、日期和调查组只有一个数 / one count of a species, site, date and group of observers",
    "与 {place} 不同，按 {low} 至 {high} 计；若为不同群体，在配置中写 repeats: sum / differs from {place}: "
    "taken as {low} to {high}; if they are flocks apart, set repeats: sum",
)
CONTRADICTED = Advice(
    "同一物种、样点和日期，有或没有 / found or not found, on one day at one site",
    "与 {place} 相反，都不使用；改正其一 / contradicts {place}: neither is used; mend one of them",
)
BETWEEN_PERIODS = Advice(
    "在一个时段之内的调查日期 / a date of the survey within one period",
    "写明各日的记录 / write the records of each day",
)
UNDATED_ESTIMATE = Advice(
    "估计年份 / the year of the estimate",
    "没有年份的种群数量不使用 / an estimate without its year is not used",
)
NOT_AN_ESTIMATE = Advice(
    "大于 0 的个体数 / individuals above 0",
    "改正数或单位 / mend the number or its unit",
)
ESTIMATES_DIFFER = Advice(
    "种群数量的 1%，约 {one_percent} / 1 % of the population, about {one_percent}",
    "两数相差一倍以上，都不使用；改正其一 / they differ more than twofold: neither is used; mend one",
)
SEVERAL_POPULATIONS = Advice(
    "一个物种一个种群 / one population of a species",
    "与 {place} 年份相同；只留所在迁飞区的种群 / of the year of {place}: leave that of your flyway",
)
SUPERSEDED = Advice("最近一次估计 / the latest estimate", "使用 {place} / {place} is used")
UNKNOWN_PARCEL = Advice(
    "登记簿中的地块 / a parcel of the land register",
    "写 parcel_id、宗地编码或单元号 / write its parcel_id, code or number",
)
