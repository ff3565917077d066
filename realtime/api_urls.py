"""REST addresses below /api/v1/."""

from django.urls import path

from realtime.api import AvailabilityView

urlpatterns = [
    path("availability", AvailabilityView.as_view(), name="api-availability"),
]
