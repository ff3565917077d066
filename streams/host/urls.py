"""Addresses below /host/, part of the namespace `streams`."""

from django.urls import path

from streams.host import actions, announcing, moderation, pages

urlpatterns = [
    path("", pages.my_shows, name="host"),
    path("shows/<slug:slug>/", pages.studio, name="studio"),
    path("shows/<slug:slug>/run-list/", actions.change_run_list, name="studio-run-list"),
    path("shows/<slug:slug>/pin/", actions.pin, name="studio-pin"),
    path("shows/<slug:slug>/live/", actions.go_live, name="studio-live"),
    path("shows/<slug:slug>/end/", actions.end, name="studio-end"),
    path("shows/<slug:slug>/key/", actions.rotate_key, name="studio-key"),
    path("shows/<slug:slug>/takeover/", actions.allow_takeover, name="studio-takeover"),
    path("shows/<slug:slug>/recording/", actions.choose_recording, name="studio-recording"),
    path("shows/<slug:slug>/captions/", actions.change_captions, name="studio-captions"),
    path("shows/<slug:slug>/srt/", actions.lease_port, name="studio-srt"),
    path("shows/<slug:slug>/slow-mode/", actions.set_slow_mode, name="studio-slow-mode"),
    path("shows/<slug:slug>/chat/", actions.say, name="studio-say"),
    path("shows/<slug:slug>/announce/", announcing.announce, name="studio-announce"),
    path(
        "shows/<slug:slug>/announcements/<uuid:announcement_id>/end/", announcing.end, name="studio-end-announcement"
    ),
    path("shows/<slug:slug>/moderation/", moderation.page, name="moderation"),
    path("shows/<slug:slug>/chat/<uuid:message_id>/", moderation.act, name="chat-act"),
    path("shows/<slug:slug>/chat/unpin/", moderation.unpin, name="chat-unpin"),
    path("shows/<slug:slug>/chat/rules/", moderation.set_rules, name="chat-rules"),
    path("shows/<slug:slug>/silences/<int:silence_id>/lift/", moderation.lift, name="chat-lift"),
    path("shows/<slug:slug>/moderators/", moderation.name, name="chat-name"),
    path("shows/<slug:slug>/moderators/<int:moderator_id>/dismiss/", moderation.dismiss, name="chat-dismiss"),
]
