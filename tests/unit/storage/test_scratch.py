"""What is put away on disk comes back as it was, and leaves nothing."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.storage import scratch
from pipeline.storage.scratch import ScatteredRows, ScratchFile


def test_any_slice_of_what_is_kept_is_read(tmp_path):
    with ScratchFile(tmp_path) as file:
        first, second = file.keep(b"abcdef"), file.keep("东滩".encode())
        assert first[2:4] == b"cd"
        assert second[0:6].decode() == "东滩"
        assert first[0:6] == b"abcdef"
        assert not list(tmp_path.iterdir())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(0, 60),
    slice_rows=st.integers(1, 25),
    buffer=st.integers(0, 300),
    seed=st.integers(0, 9),
)
def test_rows_that_come_in_any_order_are_taken_in_theirs(tmp_path, count, slice_rows, buffer, seed):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(count, 3))
    with pytest.MonkeyPatch.context() as patch, ScratchFile(tmp_path) as file:
        patch.setattr(scratch, "BUFFER_BYTES", buffer)
        rows = ScatteredRows(file, count, 3, slice_rows)
        for places in np.array_split(rng.permutation(count), 5):
            rows.put(places, truth[places])
        taken = list(rows.take())
    assert all(len(part) <= slice_rows for part in taken)
    np.testing.assert_array_equal(np.concatenate(taken), truth)
    assert not list(tmp_path.iterdir())


def test_a_row_that_never_came_is_not_taken_for_nought(tmp_path):
    with ScratchFile(tmp_path) as file:
        rows = ScatteredRows(file, 2, 1, 5)
        rows.put(np.array([1]), np.array([[4.0]]))
        (taken,) = rows.take()
    assert np.isnan(taken[0, 0])
    assert taken[1, 0] == 4
