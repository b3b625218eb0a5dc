"""Why tables, rows and cells are rejected; what marks a row."""

NO_SECTION = "缺少断面名称 (no section name)"
UNRESOLVED_NAME = (
    "名称是出错或没有有效存储结果的公式 (a name is an error, or a formula without a result that holds)"
)
NOT_NORMAL = "站点状态不是正常 (the station does not work normally)"
UNKNOWN_PARAMETER = "监测项目无法识别 (parameter not recognised)"
NO_LIMIT = (
    "未检出但检出限未知：请写作 0.025L 或 <0.025，或加检出限行、列，或配置 samples 的 detection_limits "
    "(not detected, and no detection limit is known: write 0.025L or <0.025, give a row or column of "
    "limits, or detection_limits in samples of the config)"
)
TOO_WIDE = (
    "单元格多于表头，可能是数字里的逗号未加引号 (more cells than headings: commas in numbers without quotes?)"
)
INCOMPLETE_HEADINGS = (
    "此处另有一行表头，但缺断面、时间或监测项目，其下各行未读 "
    "(another row of headings, without a section, a time or a parameter: the rows below it are not read)"
)
BAD_POINT = "坐标不是经纬度 (not degrees of longitude or latitude)"
NO_READINGS = "表头下没有监测数据 (no readings below the headings)"
EMPTY_SHEET = "空表 (the sheet is empty)"
NO_HEADINGS = "未找到含断面、时间和监测项目的表头 (no row of headings with a section, a time and a parameter)"

NORMAL = frozenset({"正常", "normal", "在线"})
LIMIT_ROWS = frozenset({"检出限", "方法检出限", "最低检出限", "检测限"})
