from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        from realtime import receivers, revocations, viewer_counts
        from streams import audience, figures

        receivers.connect()
        revocations.connect()
        figures.viewer_counter = viewer_counts.viewers
        audience.counter = viewer_counts.audiences
