"""What every page knows of the shows; nothing is asked of the database unless the template asks."""

from functools import cached_property

from django.http import HttpRequest

from streams.models import StreamSession


class OnAir:
    """Whether the floor is open: for the header's dot and the way in."""

    @cached_property
    def first(self) -> StreamSession | None:
        """The show that has been on air longest."""
        return (
            StreamSession.objects.filter(state__in=StreamSession.ON_AIR).order_by("started_at", "created_at").first()
        )

    def __bool__(self) -> bool:
        return self.first is not None


def on_air(request: HttpRequest) -> dict[str, object]:
    return {"on_air": OnAir()}
