"""Jobs with each of their runs, gates before hosts, what hosts answered before; the timetable itself is ``jobs``."""

from django.db import models


class Job(models.Model):
    """A job of the timetable. Whoever moves ``held_until`` from the past into the future may run it."""

    name = models.CharField(max_length=40, unique=True)
    next_at = models.DateTimeField(db_index=True, help_text="When it runs next; a moment in the past is caught up.")
    held_by = models.CharField(max_length=80, blank=True, help_text="Machine, process and thread that runs it.")
    held_until = models.DateTimeField(null=True, help_text="Renewed while it runs; in the past, its holder has died.")
    wanted = models.BooleanField(default=False, help_text="An operator asked for a run now.")
    asked_by = models.CharField(max_length=150, blank=True, help_text="The operator who asked for it.")
    paused = models.BooleanField(default=False, help_text="An operator had it rest.")

    def __str__(self) -> str:
        return self.name


class JobRun(models.Model):
    """One run of a job. Without an end it runs, or its process died."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="runs")
    started = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    by = models.CharField(max_length=150, blank=True, help_text="The operator who asked for it; empty: the timetable.")
    ok = models.BooleanField(null=True)
    result = models.TextField(blank=True, help_text="One sentence on what it did, or why it failed.")
    times = models.PositiveIntegerField(default=1, help_text="Runs in a row that went just like this one, with it.")

    class Meta:
        indexes = [models.Index(fields=["job", "-id"], name="jobrun_of_job")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.started:%Y-%m-%d %H:%M}"


class Gate(models.Model):
    """The gate before a host: when the next request may start, over all threads, processes and commands.

    Times are seconds since 1970 as the system's clock tells them, as whoever waits at a gate computes with them.
    """

    host = models.CharField(max_length=255, primary_key=True)
    opens = models.FloatField(default=0, help_text="When the next request may start.")
    held = models.FloatField(default=0, help_text="Until when the host asked to be left alone.")
    noted = models.FloatField(default=0, help_text="When this was written: later than now, the clock was set back.")

    def __str__(self) -> str:
        return self.host


class Answered(models.Model):
    """What an address answered last, so that it can be asked only for what has changed since."""

    address = models.CharField(max_length=64, primary_key=True, help_text="Digest of the address and its query.")
    etag = models.TextField(blank=True)
    modified = models.TextField(blank=True)
    body = models.BinaryField(default=bytes, help_text="Packed by zlib; small answers only.")
    seen = models.DateTimeField()

    def __str__(self) -> str:
        return self.address
