"""The operators' pages of jobs: what runs by itself and how it went. What may be asked of a job lives in ``jobs``."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from broadsheet import jobs
from broadsheet.accounts import readers
from broadsheet.errors import BadInput
from broadsheet.work import overview
from broadsheet.work.models import JobRun

RUNS = 50
"""Runs shown of one job."""

ACTS: dict[str, tuple[Callable[[readers.Visitor, str], None], str]] = {
    "start": (jobs.start_now, "runs as soon as the server or a worker can."),
    "pause": (jobs.pause, "rests until it goes on; a run that is under way ends at its next batch."),
    "go-on": (jobs.go_on, "goes on."),
}


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    """Show administrators the timetable: what each job does, when it runs next, how its last run went."""
    readers.admin(request.user)
    now = timezone.now()
    return _private(render(request, "web/jobs.html", {"shown": overview.of(jobs.standing(), now), "now": now}))


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, name: str) -> HttpResponse:
    """Show administrators the last runs of one job, and take what they ask of it."""
    readers.admin(request.user)
    entry = jobs.entry(name)
    if request.method == "POST":
        asked = request.POST.get("do", "")
        if asked not in ACTS:
            raise BadInput(f"{asked[:20]!r} cannot be asked of a job.", f"There are: {', '.join(ACTS)}.")
        act, said = ACTS[asked]
        act(request.user, name)
        messages.success(request, f"{name} {said}")
        return HttpResponseRedirect(
            reverse("jobs") if request.POST.get("from") == "list" else reverse("job", args=[name])
        )
    now = timezone.now()
    runs = JobRun.objects.filter(job__name=name).order_by("-pk")[:RUNS]
    shown = [(run, overview.length(run, now)) for run in runs]
    return _private(render(request, "web/job.html", {"job": overview.of([entry], now)[0], "runs": shown, "now": now}))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
