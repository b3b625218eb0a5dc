"""What a process may have is the least of what machine, groups and address space say."""

import pytest

from pipeline.engine import clusters, limits
from pipeline.engine.limits import find_memory_limit, is_near_limit
from pipeline.errors import SettingsError
from pipeline.settings import Compute

GIB = 2**30
FILES = {
    2: ("", "memory.max", "memory.current", "inactive_file"),
    1: ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """The root of the groups of a machine, without any, and where a process is told its own."""
    monkeypatch.setattr(limits, "_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(limits, "_OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(limits, "find_address_limit", lambda: None)
    (tmp_path / "own").write_text("")
    return tmp_path


def plant(groups, version, group, bound, used=0, idle=0):
    root, bound_name, used_name, idle_name = FILES[version]
    folder = groups / "cgroup" / root / group
    folder.mkdir(parents=True, exist_ok=True)
    (folder / bound_name).write_text(f"{bound}\n")
    (folder / used_name).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{idle_name} {idle}\nfile 2\n")


def tell_own(groups, version, group):
    line = f"0::/{group}" if version == 2 else f"9:cpu:/other\n4:memory,hugetlb:/{group}"
    (groups / "own").write_text(line + "\n")


@pytest.mark.parametrize("version", FILES)
@pytest.mark.parametrize("group", ["", "system.slice/ecoledger.service", "slurm/uid_7/job_9/step_0"])
def test_the_bound_of_the_group_of_a_process_is_found_wherever_it_is(version, group, groups):
    plant(groups, version, group, GIB)
    tell_own(groups, version, group)
    assert find_memory_limit() == GIB


@pytest.mark.parametrize("version", FILES)
def test_the_least_of_a_group_and_of_those_that_it_is_in_counts_and_no_other(version, groups):
    machine = find_memory_limit()
    plant(groups, version, "a/b", "max" if version == 2 else 2**63 - 4096)
    tell_own(groups, version, "a/b")
    assert find_memory_limit() == machine
    plant(groups, version, "a", 3 * GIB // 2)
    plant(groups, version, "other", GIB)
    assert find_memory_limit() == 3 * GIB // 2
    plant(groups, version, "", GIB // 2)
    assert find_memory_limit() == GIB // 2


def test_a_container_that_is_told_a_path_outside_itself_has_the_bound_of_its_outermost_group(groups):
    plant(groups, 2, "", GIB)
    tell_own(groups, 2, "docker/0123/../../elsewhere")
    assert find_memory_limit() == GIB


@pytest.mark.parametrize("version", FILES)
def test_a_group_smaller_than_what_is_asked_for_is_told_before_the_run_begins(version, groups):
    plant(groups, version, "system.slice/ecoledger.service", GIB)
    tell_own(groups, version, "system.slice/ecoledger.service")
    with pytest.raises(SettingsError, match=r"2\.0 GiB, of 1\.0 GiB that this process may have"):
        clusters.count_workers(Compute(workers=1, memory="2 GiB"))


@pytest.mark.parametrize("version", FILES)
@pytest.mark.parametrize(
    ("used", "idle", "near"), [(50, 0, False), (91, 0, True), (91, 20, False), (130, 20, True)]
)
def test_a_group_is_near_its_bound_by_what_it_cannot_let_go(version, used, idle, near, groups):
    plant(groups, version, "job", 400 * GIB, used * 4 * GIB, idle * 4 * GIB)
    tell_own(groups, version, "job")
    assert is_near_limit(2**50) is near


def test_a_process_that_holds_what_it_is_to_hold_is_near_its_bound():
    assert not is_near_limit(2**40)
    assert is_near_limit(2**20)


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize(("more", "near"), [(2**20, True), (2**50, False)])
def test_a_process_near_the_addresses_that_it_may_have_is_near_its_bound(more, near, monkeypatch):
    monkeypatch.setattr(limits, "find_address_limit", lambda: limits._LIBRARY_ADDRESSES + more)
    assert is_near_limit(2**50) is near
