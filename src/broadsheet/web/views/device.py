"""The page on which a reader lets a program in by the code it shows. What programs call lives in ``api.device``."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from broadsheet.accounts import devices, readers
from broadsheet.errors import BadInput, NotFound


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Take the code, show who asks for what, and then take the decision. Each step is a form of its own."""
    if readers.signed_in(request.user) is None:
        readers.active(request.user, "sign a program in")
    if request.method != "POST":
        # A link may carry the code, but looking it up waits for the reader's own press of the button.
        return _show(request, code=request.GET.get("code", "")[:20])
    code = request.POST.get("code", "")[:20]
    try:
        if "decision" not in request.POST:
            return _show(request, code=code, grant=devices.typed(request.user, code))
        return _decide(request, code)
    except NotFound as unknown:
        return _show(request, code=code, problem=str(unknown), status=404)


def _decide(request: HttpRequest, code: str) -> HttpResponse:
    decision = request.POST["decision"]
    if decision == "approve":
        grant = devices.approve(request.user, code, read_only=request.POST.get("scope") == "read")
    elif decision == "deny":
        grant = devices.deny(request.user, code)
    else:
        raise BadInput(f"decision is {decision[:20]!r}; it takes approve or deny.")
    return _show(request, grant=grant, done=decision)


def _show(request: HttpRequest, status: int = 200, **context: object) -> HttpResponse:
    answer = render(request, "web/device.html", {"title": "Sign a program in", **context}, status=status)
    answer["Cache-Control"] = "private, no-store"
    return answer
