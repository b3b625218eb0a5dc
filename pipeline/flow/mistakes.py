"""Checks that are run one after another, whatever those before found, and all that they find told at once."""

from collections.abc import Callable, Iterable, Sequence

from pipeline.errors import InputError, Interrupted, PipelineError, SettingsError

Check = Callable[[], object]


def raise_mistakes(checks: Iterable[Check]) -> list[str]:
    """Run all checks, and raise what they find as one error; what they say of good inputs."""
    errors, told = run_checks(checks)
    if not errors:
        return told
    heads = list(dict.fromkeys(error.message for error in errors))
    problems = list(dict.fromkeys(problem for error in errors for problem in error.problems))
    many = f"{len(problems)} mistakes in the config and its files"
    raise _choose_kind(errors)(heads[0] if len(heads) == 1 else many, problems)


def _choose_kind(errors: Sequence[PipelineError]) -> type[PipelineError]:
    """The kind that all errors are of; of several kinds, the config is what is wrong."""
    kinds = {type(error) for error in errors}
    if len(kinds) == 1:
        return kinds.pop()
    return InputError if all(issubclass(kind, InputError) for kind in kinds) else SettingsError


def run_checks(checks: Iterable[Check]) -> tuple[list[PipelineError], list[str]]:
    """What checks raise, and what they say of good inputs."""
    errors: list[PipelineError] = []
    told: list[str] = []
    for check in checks:
        try:
            said = check()
        except Interrupted:
            raise
        except PipelineError as error:
            errors.append(error)
        else:
            told += [said] if isinstance(said, str) else []
    return errors, told
