"""What an error means where the disk of a workspace is full, closed or gone."""

import errno
import shutil
from pathlib import Path

from pipeline.errors import PipelineError, ProviderUnavailable, WorkspaceError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_GONE = {errno.EIO, errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN, errno.ESHUTDOWN}
_LEAST_FREE = 16 * 2**20


def explain(root: Path, error: Exception) -> PipelineError | None:
    """The error that a user of a workspace should see; None where its disk has no part in it.

    GDAL tells of full disks in words only, so that any error counts as that of a disk with hardly any room.
    A disk that is gone is that of the workspace unless the error names a file elsewhere: then it is the
    outside world, and a later run may succeed.
    """
    code, place = getattr(error, "errno", None), Path(str(getattr(error, "filename", None) or root))
    if code in _FULL or _has_no_room(root):
        return no_room(root)
    if code in _GONE and not place.is_relative_to(root.parent):
        return ProviderUnavailable(f"{place} does not answer: {error}; once its disk is back, run again")
    if code in _GONE or (code in {None, errno.ENOENT} and not root.exists()):
        return no_answer(root, error)
    if code == errno.EROFS or _is_own(root, error):
        return WorkspaceError(f"The workspace {root} cannot be used: {error}")
    return None


def no_room(root: Path) -> WorkspaceError:
    """The disk of a workspace has no room left."""
    return WorkspaceError(f"The disk of {root} is full; make room, then run again: what is finished is kept")


def no_answer(root: Path, error: Exception) -> WorkspaceError:
    """The disk of a workspace is not there any more."""
    back = "once it is back, run again: what is finished is kept"
    return WorkspaceError(f"The disk of {root} does not answer: {error}; {back}")


def _has_no_room(root: Path) -> bool:
    try:
        return shutil.disk_usage(root).free < _LEAST_FREE
    except OSError:
        return False


def _is_own(root: Path, error: Exception) -> bool:
    """Whether an error names a place in the workspace, or one beside it that must not be written."""
    place = Path(str(getattr(error, "filename", None) or ""))
    return place.is_relative_to(root) or (
        isinstance(error, PermissionError) and place.is_relative_to(root.parent)
    )
