"""Where the surveys of species of the simulated world stand, as a config would name them."""

from pathlib import Path

from pipeline.settings.species import Species, SpeciesTable, SurveyFile


def complete_species(given: Species, folder: Path) -> Species:
    """A block as given, with files of a folder that `write_species` has filled for what it does not name."""
    made = {
        "surveys": [SurveyFile(path=str(folder / "surveys" / "*"))],
        "names": SpeciesTable(path=str(folder / "names.xlsx")),
        "populations": SpeciesTable(path=str(folder / "populations.xlsx")),
        "sites": SpeciesTable(path=str(folder / "sites.csv")),
        "habitats": SpeciesTable(path=str(folder / "habitats.csv")),
    }
    return given.model_copy(update={name: table for name, table in made.items() if not getattr(given, name)})
