"""Rules about how a file was read: what was taken for granted of it as a whole, and what stays in doubt."""

from pipeline.rights_registry.rules.rule import Rule

READING_RULES = (
    Rule(
        "register_layer",
        "info",
        "按名称选用地块图层",
        "Layer of parcels taken by its name",
        "三调数据库图层名 DLTB（TD/T 1057）/ names of layers are those of the survey's database",
        "{file} 有多个面图层，未在配置中指定，按名称读取 {layer}；未读取：{others}（配置 parcels.layer）",
        "{file} has several layers of polygons and the config names none; by its name {layer} is read, "
        "and not {others} (parcels.layer)",
    ),
    Rule(
        "register_rows_repeat",
        "warning",
        "要素编号重复",
        "Feature numbers that repeat",
        "要素编号应各不相同 / a number is that of one feature (OGC 12-128, GeoPackage)",
        "图层 {layer} 的要素编号重复（如联表视图），{rows} 行只有 {numbers} 个编号；"
        "逐行读取，同一地块可能出现多次",
        "feature numbers of the layer {layer} repeat, as in a view that joins tables: {rows} rows have "
        "{numbers} numbers; each row is read, so that a parcel may be there several times",
    ),
    Rule(
        "datum_shift",
        "warning",
        "坐标转换精度不足或适用范围不符",
        "Coordinates brought to CGCS2000 too coarsely",
        "转换精度 2 m 以内为本项目建议；精度和适用范围取自 EPSG / accuracy and area of use are those of EPSG",
        "{file} 的坐标系为 {crs}，以“{operation}”转换到 CGCS2000，精度 {accuracy_zh}"
        "（建议 {accepted} 以内），适用范围 {area}{place_zh}；可在配置 crs 中给出当地七参数或格网",
        "{file} is in {crs}; {operation} brings it to CGCS2000 with an accuracy of {accuracy_en} (accepted: "
        "{accepted}) and is meant for {area}{place_en}; give local seven parameters or a grid as crs",
    ),
    Rule(
        "land_class_zeros",
        "info",
        "地类编码的前导零已补",
        "Leading zeros of land classes put back",
        "TD/T 1055-2019 四位、GB/T 21010-2007 三位编码，按全列判定 / told by the codes of the whole column",
        "字段 {column} 的编码缺前导零，按全列编码补为：{codes}",
        "codes in the column {column} lack their leading zeros; by the whole column they are: {codes}",
    ),
    Rule(
        "land_class_unclear",
        "warning",
        "地类编码无法判定版本",
        "Land classes of an edition that cannot be told",
        "同一编码在三调（缺前导零）和二调中是不同地类 / one code is two classes in the two surveys",
        "字段 {column} 的编码 {codes} 与全列的版本不符、两版含义不同或与所附名称不符，地类为空"
        "（配置 parcels.land_class_edition）",
        "the codes {codes} in the column {column} are not of its edition, mean two classes, or stand beside "
        "another name; their land class is null (parcels.land_class_edition)",
    ),
)
