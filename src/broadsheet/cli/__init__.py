"""The command line: each command parses, calls and prints. Django is loaded only once a command runs."""

import click

from broadsheet import __version__
from broadsheet.cli import (
    bench,
    community,
    compare,
    digest,
    doctor,
    draft,
    duplicates,
    enrich,
    experiment,
    index_status,
    mail,
    model,
    papers,
    readers,
    serve,
    worker,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="broadsheet")
def main() -> None:
    """Broadsheet: the daily papers, on your own machine."""


for command in (
    serve.serve,
    worker.worker,
    worker.jobs,
    papers.ingest,
    papers.search,
    draft.draft,
    papers.reindex,
    index_status.index_group,
    papers.status,
    duplicates.papers,
    enrich.enrich,
    compare.compare,
    model.model,
    bench.bench,
    experiment.experiment,
    readers.reader,
    community.vote,
    community.comment,
    community.submit,
    community.save,
    community.reading_list,
    digest.digest,
    mail.mail,
    doctor.doctor,
):
    main.add_command(command)
