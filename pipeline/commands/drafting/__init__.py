"""A first config for files that somebody has: what `ecoledger init` finds, chooses and writes.

`discovery` goes through a folder; `vectors`, `tables` and `catalogues` tell, by the readers of a run, what a
file is; `choices` takes what a config needs, `questions` asks for the rest; `outline` draws an area where
there is none, and `writing` puts the config into words, which stand in `texts.csv`.
"""

from pipeline.commands.drafting.choices import Choices, Wishes, choose_inputs
from pipeline.commands.drafting.discovery import find_inputs, inspect_file
from pipeline.commands.drafting.found import Found, Role
from pipeline.commands.drafting.questions import Question, list_questions, take_answer
from pipeline.commands.drafting.texts import say
from pipeline.commands.drafting.writing import Draft, list_commands, refuse_present, write_draft

__all__ = [
    "Choices", "Draft", "Found", "Question", "Role", "Wishes", "choose_inputs", "find_inputs",
    "inspect_file", "list_commands", "list_questions", "refuse_present", "say", "take_answer", "write_draft",
]  # fmt: skip
