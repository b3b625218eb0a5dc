"""What access to green is reckoned from: homes, green, parks, streets, entrances, as offices have them."""
