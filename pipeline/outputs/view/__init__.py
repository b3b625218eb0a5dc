"""One map for all: the page over every area, label and period of a folder of deliveries."""
