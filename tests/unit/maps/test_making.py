"""What too many lost reads come to: another run, or files that the user must mend."""

import pytest

from pipeline.contracts import NEVER_READABLE, NOT_READABLE, ReadRecord
from pipeline.errors import InputError, TooMuchLost
from pipeline.maps.making import refuse_loss
from pipeline.storage.cause import Artifact


@pytest.fixture
def lose(run, planted, tmp_path):
    """A store of which one read in three was done, the others lost for these reasons."""

    def refuse(*reasons: str) -> None:
        folder = tmp_path / "store"
        folder.mkdir()
        lost = [
            ReadRecord(f"s{number}", "red", "r0", "failed", reason, "href", error=f"s{number}.tif: HTTP 404")
            for number, reason in enumerate(reasons)
        ]
        records = [ReadRecord("s9", "red", "r0", "read", "", "href"), *lost]
        run.workspace.ledger.enter_blocks("key", [("r0", "checksum", records)])
        refuse_loss(run, planted, [Artifact("key", folder)])

    return refuse


def test_files_that_are_gone_are_named_as_the_users_to_mend(lose):
    with pytest.raises(InputError, match="gone, broken or not what their items say") as refusal:
        lose(NEVER_READABLE, NEVER_READABLE)
    assert [problem.place for problem in refusal.value.problems] == ["s0, red", "s1, red"]
    assert "s0.tif: HTTP 404" in refusal.value.problems[0].found
    assert "max_failed_share" in refusal.value.problems[0].todo
    assert "another run" not in str(refusal.value)


def test_what_may_come_back_is_worth_another_run(lose):
    with pytest.raises(TooMuchLost, match=r"another run reads what was lost again$"):
        lose(NOT_READABLE, NOT_READABLE)


def test_of_both_kinds_each_is_told(lose):
    with pytest.raises(TooMuchLost, match="but for 1 reads of files that are gone"):
        lose(NOT_READABLE, NEVER_READABLE)
