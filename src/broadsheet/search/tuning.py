"""How results are ranked, as one value that can be named, compared and measured. Ranking by it is ``hybrid``."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from broadsheet.errors import BadInput

type Fusion = Literal["z", "cosine", "weighted", "rrf"]
type Feedback = Literal["none", "rm3", "rocchio"]

FUSIONS: tuple[Fusion, ...] = get_args(Fusion.__value__)
FEEDBACKS: tuple[Feedback, ...] = get_args(Feedback.__value__)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Everything that decides the order of results; the defaults are what readers get.

    weight: share of meaning in the sum, in [0, 1]; None is the site's own, lowered by the share of papers that have
    no vector yet. 0 is words alone, 1 meaning alone. fusion: weighted sum of the cosine and the cube of the BM25 score,
    held against the first ten, or in a short query its share of the best (``cosine``); of scores in standard deviations
    from their mean (``z``); of min-max normalised scores (``weighted``); or of reciprocal ranks (``rrf``, with
    ``rrf_k``). depth: candidates asked of each kind. by_length: meaning has a smaller share in a query of three words
    or fewer, and in one of fifty or more, a whole text, how rare a word is counts twice and scores by words are not
    cubed. feedback: enrich such a query from its first results: words (``rm3``) or vector (``rocchio``). maxsim:
    how many of the first results are scored anew, token by token; 0 is none. acronyms: a query that holds one form of
    an acronym asks for the other too. all_words: with the fusion ``cosine``, papers that hold every word typed count
    more, the fewer they are the more, but for whole texts. titles: a paper whose whole title was typed comes first,
    whatever its score; a bench that asks for papers by their titles leaves that out.
    """

    fusion: Fusion = "cosine"
    weight: float | None = None
    rrf_k: int = 60
    depth: int = 300
    by_length: bool = True
    feedback: Feedback = "none"
    maxsim: int = 0
    acronyms: bool = True
    all_words: bool = True
    titles: bool = True

    @property
    def words_alone(self) -> bool:
        """Whether it can be asked for without a model."""
        return self.weight == 0 and not self.maxsim and self.feedback != "rocchio"

    def __str__(self) -> str:
        """Return what differs from the defaults, as ``named`` reads it: ``weight=0.4 fusion=rrf``; or ``default``."""
        plain = Ranking()
        said = (
            f"{field.name}={_shown(getattr(self, field.name))}"
            for field in fields(self)
            if getattr(self, field.name) != getattr(plain, field.name)
        )
        return " ".join(said) or "default"


DEFAULT = Ranking()
WORDS, MEANING = Ranking(weight=0.0, by_length=False, all_words=False), Ranking(weight=1.0)
"""BM25 as it is, whatever is typed, and the cosine alone. Who has no model gets ``DEFAULT`` without meaning."""
SYSTEMS: dict[str, Ranking] = {"words": WORDS, "meaning": MEANING, "fused": DEFAULT}
"""The systems that a bench tells apart unless others are named."""

NAMED = {"default": DEFAULT, **SYSTEMS, "reranked": Ranking(maxsim=30)}
"""Rankings that have a name of their own."""

_LARGEST = {"rrf_k": 1000, "depth": 1000, "maxsim": 100}


def named(text: str) -> Ranking:
    """Read a ranking: one of NAMED, or settings as ``weight=0.4 fusion=rrf``, blanks or commas between.

    Raises BadInput for a setting that does not exist and for a value that it cannot have.
    """
    asked = text.replace(",", " ").split()
    if len(asked) == 1 and asked[0] in NAMED:
        return NAMED[asked[0]]
    ranking = DEFAULT
    for part in asked:
        name, equals, value = part.partition("=")
        if not equals or name not in {field.name for field in fields(Ranking)}:
            names = ", ".join([*NAMED, *(field.name for field in fields(Ranking))])
            raise BadInput(f"{part[:40]!r} is no setting of a ranking.", f"There are: {names}; as in weight=0.4.")
        ranking = replace(ranking, **{name: _value(name, value)})
    return ranking


def _value(name: str, value: str) -> Any:
    match name:
        case "weight" if value == "none":
            return None
        case "weight" if _is_share(value):
            return float(value)
        case "fusion" if value in FUSIONS:
            return value
        case "feedback" if value in FEEDBACKS:
            return value
        case "by_length" | "acronyms" | "all_words" | "titles" if value in {"yes", "no"}:
            return value == "yes"
        case "rrf_k" | "depth" | "maxsim" if value.isdecimal() and int(value) <= _LARGEST[name]:
            return max(int(value), 0 if name == "maxsim" else 1)
    raise BadInput(f"{name} cannot be {value[:40]!r}.", _ways(name))


def _is_share(value: str) -> bool:
    try:
        return 0 <= float(value) <= 1
    except ValueError:
        return False


def _ways(name: str) -> str:
    ways = {"weight": "none, or a number from 0 to 1", "fusion": " or ".join(FUSIONS), "feedback": ", ".join(FEEDBACKS)}
    return f"It takes {ways.get(name) or (f'a number up to {_LARGEST[name]}' if name in _LARGEST else 'yes or no')}."


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
