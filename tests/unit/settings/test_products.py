"""The table of ecological products that is shipped."""

from pipeline.settings.products import load_products


def test_the_table_of_products_is_whole():
    table = load_products()
    assert len(table.grades.names) == len(table.grades.cuts_percent) + 1
    assert {product.cat1 for entries in table.ecosystems.values() for product in entries} <= {*"MRC"}
