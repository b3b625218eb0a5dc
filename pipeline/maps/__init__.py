"""The maps of a study: what each is made from, how it is made block by block, and what it shows."""
