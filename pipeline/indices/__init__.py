"""Arithmetic on pixels and series: no file, no network, no clock, no unseeded randomness."""
