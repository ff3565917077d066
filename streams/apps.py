from django.apps import AppConfig


class StreamsConfig(AppConfig):
    name = "streams"

    def ready(self) -> None:
        # Registers how to forget a person.
        from streams import erasure  # noqa: F401
