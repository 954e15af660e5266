"""What the looks at the index found that ``mending`` can mend."""

from dataclasses import dataclass, field
from pathlib import Path

MEND = "`broadsheet doctor index --mend` does it"
ANEW = (
    "`broadsheet doctor index --mend` makes it anew from the papers, which are whole in the database;"
    " where a server runs, it says what has to be done first."
)


@dataclass
class Ills:
    """What was found that can be mended.

    anew: the index has to be made anew. unread: it cannot be opened, so that who keeps it open has to end for that.
    rows: some rows of vectors are damaged. codes: the codes of vectors are lost. cells: the groups of vectors are lost
    or damaged. retake: papers to be taken over again. strangers: papers to be taken out. waiting: papers are left to be
    taken over. leftovers: folders of no use. folders: folders in the place of a file.
    """

    anew: bool = False
    unread: bool = False
    rows: bool = False
    codes: bool = False
    cells: bool = False
    retake: set[int] = field(default_factory=set)
    strangers: set[int] = field(default_factory=set)
    waiting: bool = False
    leftovers: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self != Ills()
