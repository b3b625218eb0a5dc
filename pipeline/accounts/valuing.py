"""From sums under ground, statistics and parameters to what each service comes to."""

from pipeline.accounts.service import Amounts, Item, Terms


def evaluate(item: Item, terms: Terms) -> Amounts:
    """Quantity and price of an item, of any leading axes (draws, worlds) over rows.

    It reads the names in `item.needs` from `terms`, and nothing else; statistics are handed out already (see
    `pipeline.accounts.sharing`). Unknown terms are NaN, and so is what rests on them.
    """
    return Amounts(item.quantity.compute(terms), item.price.compute(terms))
