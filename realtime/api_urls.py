"""REST addresses below /api/v1/."""

from django.urls import path

from realtime.availability_api import AvailabilityView

urlpatterns = [
    path("availability", AvailabilityView.as_view(), name="api-availability"),
]
