"""``broadsheet model fit-static``: the student of the embedding model, fitted on papers of one's own."""

from pathlib import Path

import click

from broadsheet.cli.out import progress
from broadsheet.cli.start import command, heeded_stop
from broadsheet.errors import BroadsheetError


@click.command("fit-static")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File. Default: beside the model, in use.")
@click.option("--papers", type=click.IntRange(min=1), default=150_000, show_default=True, help="Papers at most.")
@command(tables=True)
def fit_static(out: Path | None, papers: int) -> None:
    """Fit the small table of words that gives papers a vector at once, on the vectors that are kept here."""
    from django.conf import settings

    from broadsheet.search import current
    from broadsheet.search.encoders import embed, student, weights, wordpieces
    from broadsheet.search.keeping import lessons

    embedder = current.embedder(build=True)
    if embedder is None:
        raise BroadsheetError(current.why_no_model(), "Fitting needs the model: `broadsheet model get` brings it.")
    folder = Path(settings.MODELS_DIR) / embedder.name
    words = wordpieces.WordPieces(wordpieces.pieces_of(folder / embed.WORDS))
    drawing = lessons.Lessons(embedder, papers, folder / "titles.npz")
    drawn = drawing.drawn().tolist()
    held = min(lessons.HELD_OUT, len(drawn) // 5)
    with heeded_stop() as stop:
        with progress("Titles") as advance:
            trial = drawing.read(drawn[:held], lambda done, total: advance(done, total, f"{done} tried"), stop)
            lesson = drawing.read(drawn[held:], lambda done, total: advance(done, total, f"{done} titles"), stop)
        with progress("Words") as advance:
            alone = drawing.words(words.pieces, lambda done, total: advance(done, total, f"{done} words"), stop)
        with progress("Fitting") as advance:
            table = lessons.fitted(
                words,
                lesson,
                alone,
                embedder.mark,
                report=lambda done, total: advance(done, total, f"step {done}"),
                stop=stop,
            )
    found = lessons.tried(student.Student(table), trial)
    target = out or student.own_table(embedder.mark)
    with weights.writing(target.parent, "fit", wait=0.0):
        student.save(table._replace(about=table.about | {"held out": found._asdict()}), target)
    (folder / "titles.npz").unlink(missing_ok=True)
    click.echo(
        f"{target}: fitted on {len(lesson.texts)} papers and their titles, {target.stat().st_size / 1e6:.1f} MB.\n"
        f"On {held} others the mean cosine with the model is {found.papers:.3f}, on their titles {found.titles:.3f}.\n"
        f"A paper's title, asked by the model, finds it among them at a mean reciprocal rank of {found.found:.3f}"
        f" ({found.by_model:.3f} by the model's own vectors), among the first ten in {found.first_ten:.1%}."
    )
