"""Pages of shows. The host's are below /host/."""

from django.urls import URLPattern, URLResolver, include, path

from streams import devices, pages
from streams.api import stream_limit

app_name = "streams"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("shows/", pages.shows, name="shows"),
    path("shows/<slug:slug>/", pages.show, name="show"),
    path("shows/<slug:slug>/run-list/", pages.run_list, name="run-list"),
    path("shows/<slug:slug>/opinion/", pages.opinion, name="opinion"),
    path("shows/<slug:slug>/chat/", pages.say, name="say"),
    path("accounts/devices/", devices.devices, name="devices"),
    path("video-streams/subscription", stream_limit.subscription, name="stream-limit"),
    path("host/", include("streams.host.urls")),
]
