"""What goes wrong inside an engine, told as our own errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from broadsheet.errors import BroadsheetError


class IndexStale(BroadsheetError):
    """The index is damaged or of another schema, and has to be built anew from the papers (``WholeIndex.anew``)."""


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Turn an engine's errors into ours; they raise bare Exceptions, and their panics are not even Exceptions."""
    try:
        yield
    except BroadsheetError:
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise BroadsheetError(f"The search index failed while {doing}: {error}.") from error
        raise
