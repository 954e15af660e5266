"""Indexes of the rows that stand and of those that are another paper, in place of one of both."""

import django.db.models.deletion
from django.db import migrations, models

STANDING = models.Index(fields=["id"], condition=models.Q(("same_as__isnull", True)), name="paper_standing")
OTHERS = models.Index(fields=["same_as"], condition=models.Q(("same_as__isnull", False)), name="paper_same_as")


class Migration(migrations.Migration):
    dependencies = [("papers", "0003_sources")]

    operations = [
        # The field itself stays as it is: to alter it, SQLite would copy the whole table.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="paper",
                    name="same_as",
                    field=models.ForeignKey(
                        db_index=False,
                        help_text="The paper that this row turned out to be; such a row has no day and is shown nowhere.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="others",
                        to="papers.paper",
                    ),
                )
            ],
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX IF EXISTS papers_paper_same_as_id_78511aed",
                    "CREATE INDEX papers_paper_same_as_id_78511aed ON papers_paper (same_as_id)",
                )
            ],
        ),
        migrations.AddIndex(model_name="paper", index=STANDING),
        migrations.AddIndex(model_name="paper", index=OTHERS),
    ]
