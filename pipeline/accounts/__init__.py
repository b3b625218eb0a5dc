"""What nature gives: quantity of each service, value in yuan, and the books that they stand in.

Arithmetic over sums under units of ground, statistics and parameters; it opens no file.
"""
