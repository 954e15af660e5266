"""Vectors that were kept one a paper are kept one a paper and model after an update."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from tests import cast

from broadsheet.papers.models import Paper
from broadsheet.search.models import Embedding


def migrate(name):
    executor = MigrationExecutor(connection)
    executor.migrate([("search", name)])
    return executor.loader.project_state([("search", name)]).apps


@pytest.mark.django_db(transaction=True)
def test_an_update_takes_kept_vectors_along_there_and_back():
    papers = [cast.paper(f"2601.0000{number}") for number in (1, 2)]
    try:
        before = migrate("0002_quality").get_model("search", "Embedding")
        for paper in papers:
            before.objects.create(paper_id=paper.pk, model="one/1", digest="d", vector=bytes([paper.pk % 256]))
        migrate("0003_vectors_of_several_models")
        Embedding.objects.create(paper=papers[0], model="two/1", digest="d", vector=b"new")
        assert [bytes(row.vector) for row in Embedding.objects.filter(model="one/1").order_by("paper")] == [
            bytes([paper.pk % 256]) for paper in papers
        ]
        assert list(Embedding.objects.lacking(Paper.objects.all(), "two/1")) == [papers[1]]
        again = migrate("0002_quality").get_model("search", "Embedding")
        assert dict(again.objects.values_list("paper_id", "model")) == {papers[0].pk: "two/1", papers[1].pk: "one/1"}
    finally:
        migrate("0003_vectors_of_several_models")
