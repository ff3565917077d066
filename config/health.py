"""Liveness (`/health`, touches nothing) and readiness (`/ready`) of the web process."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from config.insiders_only import insiders_only
from shop import readiness


def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "OK"})


@insiders_only
def ready(request: HttpRequest) -> HttpResponse:
    checks = readiness.check()
    return JsonResponse({"checks": checks}, status=readiness.status(checks))
