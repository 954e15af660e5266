"""What the looks at the index found that ``mending`` can mend."""

from dataclasses import dataclass, field
from pathlib import Path

MEND = "`broadsheet doctor index --mend` does it"
ANEW = "`broadsheet doctor index --mend` makes it anew from the papers, which are whole in the database."


@dataclass
class Ills:
    """What was found that can be mended.

    anew: the index has to be made anew. unread: it cannot even be opened. rows: some rows of vectors are damaged.
    codes: those of vectors are lost. cells: their groups are lost or damaged. retake, strangers: papers to be taken
    over again, and to be taken out. waiting: papers are left to be taken over. leftovers: folders of no use. folders:
    those in the place of a file.
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
