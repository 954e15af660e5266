"""How the facts that other places tell are shown; those of the paper's own text are in ``looks``, which these join."""

from typing import Any
from urllib.parse import quote

from broadsheet.enrich.looks import Look, Piece
from broadsheet.errors import BadInput
from broadsheet.sources.hub import KINDS
from broadsheet.sources.openai_chat import LONGEST, Unfit, tidy

type Value = dict[str, Any]

_PLACES = {"models": "", "datasets": "datasets/", "spaces": "spaces/"}


def hub_address(kind: str, name: str) -> str:
    """Return the page of a model, dataset or space at the Hub."""
    return f"https://huggingface.co/{_PLACES[kind]}{quote(name)}"


def counted(shelf: Value, kind: str) -> str:
    """Return how many things of a kind there are as far as they were counted, such as ``100 or more models``."""
    number = shelf["number"]
    return f"{number}{' or more' if shelf.get('more') else ''} {kind if number != 1 else kind[:-1]}"


def _stars(value: Value) -> list[Piece]:
    if value.get("gone"):
        return [Piece("the repository is not there any more")]
    if "stars" not in value:
        return []
    number, archived = value["stars"], ", archived" if value.get("archived") else ""
    named = f"{number} star{'' if number == 1 else 's'} for {value['repository']}{archived}"
    return [Piece(named, f"https://github.com/{quote(value['repository'])}")]


def _hub(value: Value) -> list[Piece]:
    return [Piece(counted(value[kind], kind)) for kind in KINDS if kind in value]


def _citations(value: Value) -> list[Piece]:
    number = value.get("number")
    if not isinstance(number, int):
        return []
    pieces = [Piece(f"cited {number} time{'' if number == 1 else 's'}")]
    if value.get("influential"):
        pieces.append(Piece(f"{value['influential']} of them influential"))
    if listed := value.get("references"):
        pieces.append(Piece(f"{listed} reference{'' if listed == 1 else 's'}"))
    return pieces


def _orcids(value: Value) -> list[Piece]:
    return [Piece(f"{name} {one}", f"https://orcid.org/{one}") for _, name, one in value.get("authors", [])]


def _summary(value: Value) -> list[Piece]:
    return [Piece(str(value["text"]))] if value.get("text") else []


def _read_summary(typed: str) -> Value:
    """Return a person's own summary. Raises BadInput for one that is empty or too long."""
    if len(typed) > LONGEST:
        raise BadInput(f"The summary has {len(typed)} characters.", f"It takes {LONGEST} at most.")
    said = tidy(typed)
    if isinstance(said, Unfit):
        raise BadInput("The summary is no sentence.", "Write one or two plain sentences.")
    return {"text": said}


LOOKS: dict[str, Look] = {
    "summaries": Look(
        "Summary by a machine",
        _summary,
        lambda source: f"written by the model {source}, which may be wrong",
        _read_summary,
        "One or two plain sentences.",
        apart=True,
    ),
    "citations": Look("Citations", _citations, lambda source: f"counted by {source}"),
    "stars": Look("Stars", _stars, lambda source: f"read at {source}"),
    "hub": Look("At the Hub", _hub, lambda source: f"listed by {source}"),
    "orcid": Look("ORCID iDs", _orcids, lambda source: f"told by {source}"),
}
"""By kind, in the order in which they are shown."""
