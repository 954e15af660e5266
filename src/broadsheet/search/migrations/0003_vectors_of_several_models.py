"""Vectors of several models beside each other, and which model search uses.

The primary key of vectors was their paper. They are copied into a table with a key of its own, which works alike on
every database; it takes about a minute for a million, and the room of the old table until the end.
"""

import django.db.models.deletion
from django.db import migrations, models


def copy(apps, schema_editor):
    schema_editor.execute(
        "INSERT INTO search_keptvector (paper_id, model, digest, vector)"
        " SELECT paper_id, model, digest, vector FROM search_embedding"
    )


def copy_back(apps, schema_editor):
    """Take one vector a paper back, the one that was given last."""
    schema_editor.execute(
        "INSERT INTO search_embedding (paper_id, model, digest, vector)"
        " SELECT paper_id, model, digest, vector FROM search_keptvector"
        " WHERE id IN (SELECT MAX(id) FROM search_keptvector GROUP BY paper_id)"
    )


class Migration(migrations.Migration):

    dependencies = [
        ('papers', '0001_initial'),
        ('search', '0002_quality'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptVector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(db_index=True, help_text='Name and recipe of the model.', max_length=80)),
                ('digest', models.CharField(help_text='Of the text embedded; another text makes the vector stale.', max_length=16)),
                ('vector', models.BinaryField()),
                ('paper', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='embeddings', to='papers.paper')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('paper', 'model'), name='one_vector_by_a_model')],
            },
        ),
        migrations.RunPython(copy, copy_back),
        migrations.DeleteModel(name='Embedding'),
        migrations.RenameModel(old_name='KeptVector', new_name='Embedding'),
        migrations.CreateModel(
            name='ModelChoice',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('wanted', models.CharField(help_text='The model that search is to use.', max_length=60)),
                ('settled', models.CharField(help_text='The model that it used last; another one while it changes.', max_length=60)),
                ('waits', models.BooleanField(default=False, help_text='Change only when every paper has its own vector.')),
            ],
        ),
    ]
