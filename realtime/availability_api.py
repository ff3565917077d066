"""Availability over REST, from the cache that the realtime log keeps."""

import logging
from datetime import datetime, timedelta
from typing import Any

import redis
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory import availability as stock
from realtime import topic_log, wire
from realtime.wire import Event
from shop.text import is_text

logger = logging.getLogger(__name__)

SKUS_MAX = 100
SKUS = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "maxItems": SKUS_MAX}
FRESH = timedelta(seconds=10)


class AvailabilitySerializer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    available = serializers.IntegerField()
    version = serializers.IntegerField(help_text="of two numbers the one with the higher version is newer")
    as_of = serializers.DateTimeField()


class AvailabilityListSerializer(serializers.Serializer[Any]):
    results = AvailabilitySerializer(many=True)


class AvailabilityView(APIView):
    """What may still be sold of up to 100 SKUs; an unknown one is absent."""

    @extend_schema(
        operation_id="availability",
        parameters=[OpenApiParameter("sku", SKUS, required=True)],
        responses=AvailabilityListSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params.getlist("sku")
        if not 0 < len(asked) <= SKUS_MAX or "" in asked:
            raise serializers.ValidationError({"sku": [f"Name 1 to {SKUS_MAX} SKUs: ?sku=a&sku=b."]})
        skus = list(dict.fromkeys(filter(is_text, asked)))
        known = read_availability(skus)
        results = [
            {name: known[sku][name] for name in ("sku", "available", "version", "as_of")}
            for sku in skus
            if sku in known
        ]
        return Response({"results": results})


def read_availability(skus: list[str]) -> dict[str, Event]:
    """Read from the cache; what it lacks, or has not heard of lately, from the database and then into the cache."""
    try:
        known = {sku: event for sku, event in topic_log.cached_availability(skus).items() if _is_fresh(event)}
    except redis.RedisError as error:
        logger.warning("availability read from the database, Redis is away: %s", error)
        return _read_database(skus)
    if missing := [sku for sku in skus if sku not in known]:
        found = _read_database(missing)
        known |= found
        try:
            topic_log.set_availability(found.values())
        except redis.RedisError as error:
            logger.warning("availability not cached, Redis is away: %s", error)
    return known


def _is_fresh(event: Event) -> bool:
    """Whether a lost change would have been made good since. Live shows' SKUs are renewed all the time."""
    return timezone.now() - datetime.fromisoformat(event["as_of"]) < FRESH


def _read_database(skus: list[str]) -> dict[str, Event]:
    return {
        one.sku: wire.availability(sku=one.sku, available=one.available, version=one.version, as_of=one.as_of)
        for one in stock.read(skus).values()
    }
