"""Makes a file of any number of lines in the exact format of arXiv's bulk snapshot, from the shared real papers.

``python -m tests.soak.snapshot_maker PAPERS.jsonl.xz NUMBER FILE`` writes it. Each round over the papers gives them the
ids of another month, so that no two lines are the same paper; times follow the ids.
"""

import calendar
import json
import lzma
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

FIRST_MONTH = 2015 * 12
A_MONTH = 99_999
_TIME = "%a, %-d %b %Y %H:%M:%S GMT"


def lines(papers: Path, number: int) -> Iterator[str]:
    """Yield so many lines, the papers over and over under new ids."""
    done = 0
    while done < number:
        with lzma.open(papers, "rt", encoding="utf-8") as file:
            for line in islice(file, number - done):
                yield json.dumps(twin(json.loads(line), done))
                done += 1


def twin(paper: dict, place: int) -> dict:
    """Return the line of a paper at one place of the file."""
    month, serial = FIRST_MONTH + place // A_MONTH, place % A_MONTH + 1
    year, month = month // 12, month % 12 + 1
    share = serial / (A_MONTH + 1) * calendar.monthrange(year, month)[1]
    submitted = datetime(year, month, 1, tzinfo=UTC) + timedelta(days=share)
    versions = [submitted + timedelta(days=30 * n) for n in range(1 + place % 3)]
    key = f"{year % 100:02}{month:02}.{serial:05}"
    is_published = place % 5 == 0
    return {
        "id": key,
        "submitter": (paper["authors"] or [None])[0],
        "authors": ", ".join(paper["authors"]),
        "title": wrapped(paper["title"]).replace("\n", "\n  "),
        "comments": paper.get("comment") or None,
        "journal-ref": f"Journal of Examples {year - 2000} ({year}) {serial}" if is_published else None,
        "doi": f"10.1000/{key}" if is_published else None,
        "report-no": None,
        "categories": " ".join(paper.get("categories") or ["cs.LG"]),
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "abstract": f"  {wrapped(paper['abstract'])}\n",
        "versions": [{"version": f"v{n}", "created": f"{at:{_TIME}}"} for n, at in enumerate(versions, start=1)],
        "update_date": f"{versions[-1] + timedelta(days=1):%Y-%m-%d}",
        "authors_parsed": [[*reversed(name.rpartition(" ")[::2]), ""] for name in paper["authors"]],
    }


def wrapped(text: str) -> str:
    """Return a text in lines of 80 characters, as arXiv wraps them."""
    rows, row = [], ""
    for word in text.split():
        if row and len(row) + len(word) >= 79:
            rows.append(row)
            row = word
        else:
            row = f"{row} {word}".lstrip()
    return "\n".join([*rows, row])


if __name__ == "__main__":
    with Path(sys.argv[3]).open("w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines(Path(sys.argv[1]), int(sys.argv[2])))
