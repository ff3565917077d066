from django.apps import AppConfig


class StreamsConfig(AppConfig):
    name = "streams"

    def ready(self) -> None:
        # Registers checks of settings, and how to forget a person.
        from streams import checks, erasure  # noqa: F401
