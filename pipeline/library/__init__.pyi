from . import delivery as delivery
