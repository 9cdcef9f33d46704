"""When schedules are due, beside pyawscron (AWS's cron expressions) and zoneinfo (the zones).

pyawscron knows no time zones: it tells local times, which zoneinfo places on the time line. Times
that a clock skips are left out, of those that it shows twice the first is meant, as AWS's
Scheduler does. Days from the 29th on are left to the tests in the core: pyawscron fails where a
month does not have them.
"""

import datetime
import os
import pathlib
import subprocess
import zoneinfo

import pytest
from pyawscron import AWSCron

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(
    os.environ.get("FIRING_TIMES", ROOT / "target/release/examples/firing_times")
)
COUNT = 1000
AFTER = datetime.datetime(2026, 2, 27, 22, 17, tzinfo=datetime.timezone.utc)

EXPRESSIONS = [
    "0 10 * * ? *",
    "15 12 * * ? *",
    "0 18 ? * MON-FRI *",
    "0 8 1 * ? *",
    "0/15 * * * ? *",
    "0/10 * ? * MON-FRI *",
    "0/5 8-17 ? * MON-FRI *",
    "0/30 20-23,0-2 ? * MON-FRI *",
    "* * * * ? *",
    "0 * * * ? *",
    "59 23 * * ? *",
    "0 0 * * ? *",
    "30 2 * * ? *",
    "30 1 * * ? *",
    "5,35,50 1,13 * * ? *",
    "7/20 3/6 * * ? *",
    "10-50/20 * * * ? *",
    "0-10 0 * * ? *",
    "0 0/3 * * ? *",
    "0 6-18/4 * * ? *",
    "0 9 L * ? *",
    "0 9 12W * ? *",
    "0 9 1W * ? *",
    "0 9 15W * ? *",
    "0 9 28W * ? *",
    "0 9 ? * 6L *",
    "0 9 ? * 1L *",
    "0 9 ? * 2#1 *",
    "0 9 ? * 7#3 *",
    "0 9 ? * 4#5 *",
    "0 9 ? * SUN *",
    "0 9 ? * SAT,SUN *",
    "0 9 ? * 2-6 *",
    "0 9 ? * 1,3,5,7 *",
    "0 9 ? * TUE-THU,SAT *",
    "0 12 1,15 * ? *",
    "0 12 1-7 * ? *",
    "0 12 28 * ? *",
    "0 12 27 * ? *",
    "0 12 1/9 * ? *",
    "0 12 5-25/5 * ? *",
    "0 12 1 JAN,APR,JUL,OCT ? *",
    "0 12 * 2 ? *",
    "0 12 * 3-5 ? *",
    "0 12 ? 6-8 MON *",
    "0 12 ? DEC FRI *",
    "0 12 1 1/2 ? *",
    "0 */4 * * ? 2026-2030",
    "0 0 * * ? 2027,2029,2031",
    "*/20 5 ? 11 MON-WED 2026-2040",
]
ZONES = {
    "UTC": "UTC0",
    "America/New_York": "EST5EDT,M3.2.0,M11.1.0",
    "Europe/Berlin": "CET-1CEST,M3.5.0,M10.5.0/3",
    # Its clock jumps by half an hour.
    "Australia/Lord_Howe": "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
}


def ours(zone):
    """The times of all expressions, as the program tells them."""
    lines = [f"cron({text})\t{zone}\t{AFTER.isoformat()}\t{COUNT}" for text in EXPRESSIONS]
    done = subprocess.run(
        [PROGRAM], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return dict(zip(EXPRESSIONS, done.stdout.splitlines(), strict=True))


def theirs(text, zone):
    """The times of one expression, by pyawscron and zoneinfo."""
    cron = AWSCron(text)
    utc = datetime.timezone.utc
    local = AFTER.astimezone(zone).replace(tzinfo=utc)
    times = []
    while len(times) < COUNT:
        local = cron.occurrence(local).next()
        if local is None or local.year > 2060:
            break
        there = local.replace(tzinfo=zone, fold=0)
        at = there.astimezone(utc)
        if at.astimezone(zone).replace(tzinfo=utc) != local:
            continue  # The clock never shows it.
        if at > AFTER:
            times.append(int(at.timestamp()))
    return times


def test_there_are_fifty():
    assert len(set(EXPRESSIONS)) == 50


@pytest.mark.parametrize("name", ZONES)
def test_the_next_thousand_times_are_the_same(name):
    zone = zoneinfo.ZoneInfo(name)
    found = ours(ZONES[name])
    for text in EXPRESSIONS:
        expected = theirs(text, zone)
        times = [int(word) for word in found[text].split()]
        if len(expected) < COUNT:
            # pyawscron was stopped where it gets slow.
            assert expected, text
            times = times[: len(expected)]
        assert times == expected, text
