"""REST addresses below /api/v1/."""

from django.urls import URLPattern, path

from streams.api import captions, comments, host, ingest, metrics, playback, sessions, watch

urlpatterns: list[URLPattern] = [
    path("sessions", sessions.SessionList.as_view(), name="api-sessions"),
    path("sessions/<slug:slug>", sessions.SessionDetail.as_view(), name="api-session"),
    path("sessions/<slug:slug>/comments", comments.Comments.as_view(), name="api-comments"),
    path("sessions/<slug:slug>/comments/<uuid:comment_id>", comments.Comment.as_view(), name="api-comment"),
    path("sessions/<slug:slug>/opinion", sessions.SessionOpinion.as_view(), name="api-session-opinion"),
    path("watch/<slug:slug>", watch.Watch.as_view(), name="api-watch"),
    path("playback/metrics", metrics.Metrics.as_view(), name="api-metrics"),
    path("playback/leases", playback.Leases.as_view(), name="api-leases"),
    path("playback/leases/<str:lease>", playback.Lease.as_view(), name="api-lease"),
    path("host/sessions", host.HostSessions.as_view(), name="api-host-sessions"),
    path("host/sessions/<slug:slug>/products", host.HostProducts.as_view(), name="api-host-products"),
    path("host/sessions/<slug:slug>/pin", host.HostPin.as_view(), name="api-host-pin"),
    path("host/sessions/<slug:slug>/recording", host.HostRecording.as_view(), name="api-host-recording"),
    path("host/sessions/<slug:slug>/captions", captions.HostCaptions.as_view(), name="api-host-captions"),
    path("host/sessions/<slug:slug>/live", host.HostLive.as_view(), name="api-host-live"),
    path("host/sessions/<slug:slug>/end", host.HostEnd.as_view(), name="api-host-end"),
    path("host/sessions/<slug:slug>/key", host.HostKey.as_view(), name="api-host-key"),
    path("host/sessions/<slug:slug>/camera", host.HostCamera.as_view(), name="api-host-camera"),
    path("host/sessions/<slug:slug>/slow-mode", host.HostSlowMode.as_view(), name="api-host-slow-mode"),
    path("host/sessions/<slug:slug>/chat/<uuid:message_id>", host.HostChatMessage.as_view(), name="api-host-chat"),
    path("host/sessions/<slug:slug>/figures", host.HostFigures.as_view(), name="api-host-figures"),
    path("ingest/publish", ingest.IngestPublish.as_view(), name="api-ingest-publish"),
]
