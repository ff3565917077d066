from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        from realtime import presence, receivers, revocations
        from streams import audience, figures

        receivers.connect()
        revocations.connect()
        figures.viewer_counter = presence.viewers
        audience.counter = presence.audiences
