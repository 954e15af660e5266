"""Which source reads which file."""

from pathlib import Path

from broadsheet.errors import BadInput
from broadsheet.sources import by_content
from broadsheet.sources.hf_daily import HfDaily
from broadsheet.sources.jsonl import ENDINGS, JsonLines
from broadsheet.sources.record import Source
from broadsheet.sources.snapshot import Snapshot, is_snapshot


def source_for(path: Path, name: str | None = None) -> Source:
    """Return the source that reads a file, chosen by its ending, and where several share one by what is in it.

    name: kept as provenance instead of the file's own.
    Raises BadInput for a missing file, one that may not be read, a folder and an ending that no source reads.
    """
    if not path.is_file():
        raise BadInput(f"{path} is not a file.", "Name the files in it one by one.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise BadInput(f"{path} cannot be opened: {error.strerror}.") from None
    if is_snapshot(path):
        return Snapshot(path, name)
    if path.suffix in by_content.ENDINGS and (source := by_content.source_in(path, name)):
        return source
    if path.suffix == ".json":
        return HfDaily(path, name)
    if path.name.endswith(ENDINGS):
        return JsonLines(path, name)
    raise BadInput(
        f"{path.name!r} has an ending that is not known.",
        f"Records come as {', '.join(ENDINGS)}; a daily_papers answer as .json, arXiv's snapshot as .json or .zip; "
        f"feeds, references and files of other places as {', '.join(by_content.ENDINGS)}.",
    )
