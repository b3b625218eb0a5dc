"""How files of scenes are read: hosts, handles, headers, tiles, ranges; looks and bands of a block."""
