"""Every URL of the site on one screen."""

from django.urls import path

from broadsheet.api.routes import api
from broadsheet.web.views import errors, front, paper, status

handler400 = errors.bad_request
handler404 = errors.not_found
handler500 = errors.failure

urlpatterns = [
    path("", front.newest, name="newest"),
    path("papers", front.papers, name="papers"),
    path("papers/week", front.newest, {"kind": "week"}, name="newest-week"),
    path("papers/month", front.newest, {"kind": "month"}, name="newest-month"),
    path("papers/date/<str:label>", front.edition, {"kind": "day"}, name="day"),
    path("papers/week/<str:label>", front.edition, {"kind": "week"}, name="week"),
    path("papers/month/<str:label>", front.edition, {"kind": "month"}, name="month"),
    path("papers/trending", front.trending, name="trending"),
    path("papers/<path:key>.md", paper.markdown, name="markdown"),
    path("papers/<path:key>", paper.page, name="paper"),
    path("status", status.status, name="status"),
    path("favicon.ico", status.favicon, name="favicon"),
    path("robots.txt", status.robots, name="robots"),
    path("api/", api.urls),
]
