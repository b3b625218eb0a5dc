"""What an error of a disk means."""

import errno

import pytest

from pipeline.errors import ProviderUnavailable, WorkspaceError
from pipeline.storage import disk


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "out" / "work"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN])
def test_a_mount_that_vanished_under_the_workspace_is_code_6_and_says_when_to_go_on(root, code):
    for place in (None, str(root / "artifacts" / "a"), str(root.parent / "bay" / "2024")):
        found = disk.explain(root, OSError(code, "gone", place))
        assert isinstance(found, WorkspaceError)
        assert "once it is back, run again" in str(found)


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOTCONN, errno.ESTALE])
def test_a_mount_that_vanished_under_the_inputs_is_the_outside_world(root, tmp_path, code):
    found = disk.explain(root, OSError(code, "gone", str(tmp_path / "scenes" / "B04.tif")))
    assert isinstance(found, ProviderUnavailable)
    assert str(tmp_path / "scenes" / "B04.tif") in str(found)


def test_a_workspace_that_is_no_longer_there_is_a_disk_that_does_not_answer(root):
    root.rmdir()
    for error in (
        FileNotFoundError(errno.ENOENT, "No such file", str(root / "artifacts")),
        FileNotFoundError("no group found, as zarr tells it"),
        RuntimeError("not recognized, as GDAL tells it"),
    ):
        found = disk.explain(root, error)
        assert isinstance(found, WorkspaceError)
        assert "does not answer" in str(found)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_is_said_as_such(root, code):
    found = disk.explain(root, OSError(code, "No space left", None))
    assert isinstance(found, WorkspaceError)
    assert "is full; make room" in str(found)


def test_with_hardly_any_room_any_error_is_that_of_a_full_disk(root, monkeypatch):
    monkeypatch.setattr("pipeline.storage.disk._LEAST_FREE", 2**62)
    assert "is full" in str(disk.explain(root, RuntimeError("TIFFWriteDirectory failed")))


def test_a_disk_that_may_only_be_read_is_said_as_such(root):
    found = disk.explain(root, OSError(errno.EROFS, "Read-only file system", None))
    assert "cannot be used" in str(found)
    assert "Read-only file system" in str(found)


def test_an_error_of_something_else_is_none_of_the_disk(root, tmp_path):
    for error in (
        FileNotFoundError(errno.ENOENT, "No such file", str(tmp_path / "parcels.gpkg")),
        PermissionError(errno.EACCES, "denied", str(tmp_path / "parcels.gpkg")),
        ConnectionError("the provider went away"),
        RuntimeError("anything"),
    ):
        assert disk.explain(root, error) is None
