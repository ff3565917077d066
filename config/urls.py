"""Every address. The pages and calls themselves are in the apps."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import files, health
from config.metrics import metrics
from shop.rest.problems import unknown_call

api_v1: list[URLPattern | URLResolver] = [
    path("", include("shop.api_urls")),
    path("", include("orders.api_urls")),
    path("", include("streams.api_urls")),
    path("", include("realtime.api_urls")),
    re_path(r"^(?P<rest>(?s:.*))$", unknown_call),  # line ends, too
]

handler400 = "config.refusals.bad_request"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("health", health.health),
    path("ready", health.ready),
    path("metrics", metrics),
    path("media-access", files.media_access),
    path("static/<path:path>", files.static_file),
    path(f"{files.MEDIA_PATH}/<path:path>", files.media_file),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include(api_v1)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("", include("streams.urls")),
    path("", include("shop.urls")),
    path("", include("orders.urls")),
]
