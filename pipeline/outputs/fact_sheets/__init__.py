"""Fact sheets 一地一档: all that a published delivery says of a parcel, as data, and as PDF."""
