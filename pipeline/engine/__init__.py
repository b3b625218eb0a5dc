"""How a run is carried out: what is finished and what is missing, where tasks run, what became of each."""
