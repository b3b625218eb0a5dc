"""The services, one entry each, by what they do; `registry` lists them."""
