"""What is said of indices of calendar years where there is none, or none to compare it with."""


def explain_no_year(period: str) -> str:
    """Why a period has no index of years."""
    return (
        f"按整年评价，{period} 不是完整的日历年（scenes.period: year） / "
        f"of whole calendar years, and {period} is none (scenes.period: year)"
    )


def explain_no_comparison(year: int, *, within: bool) -> str:
    """Why the index of a year is not compared with that of the year before, which may be `within` the run."""
    if within:
        return f"{year - 1} 年没有该指数 / the index of {year - 1} is not known"
    return (
        f"本次运行不含 {year - 1} 全年（scenes.start 可提前） / "
        f"the run does not have all of {year - 1} (an earlier scenes.start)"
    )
