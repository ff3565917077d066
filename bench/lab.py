"""A place to measure in: embedded servers with data, ports and a folder of their own."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.launcher.processes import Program


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def new_environment(home: Path) -> dict[str, str]:
    """Return settings for an instance of its own in `home`, embedded servers included."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "only-for-benchmarks-" + "0123456789" * 4,
        "SHOWFLOOR_HOME": str(home),
        **{name: str(free_port()) for name in ("PORT", "REALTIME_PORT", "RTMP_PORT", "SRT_PORT")},
    }


@contextmanager
def new_home() -> Iterator[Path]:
    """Make a folder for an instance's data, and remove it in the end."""
    home = Path(tempfile.mkdtemp(prefix="showfloor-bench-"))
    home.chmod(0o711)  # as root, PostgreSQL runs as another user, who must be able to pass
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


# All of a load comes from one network, and its buyers come again.
NO_LIMITS = dict.fromkeys(
    ("ORDERS_PER_MINUTE_NETWORK", "ORDERS_PER_MINUTE_BUYER", "UNPAID_UNITS_NETWORK", "UNPAID_UNITS_BUYER"), "10000000"
)


@contextmanager
def databases(**environment: str) -> Iterator[Path]:
    """Run embedded PostgreSQL (durable) and Redis, migrated, with Django set up on them in this process.

    `environment` holds further settings, for this process and all that it starts.
    """
    with new_home() as home:
        os.environ |= new_environment(home) | environment
        import django

        django.setup()
        from django.core.management import call_command

        from config.embedded import postgres, redis
        from config.launcher import processes

        started: list[tuple[subprocess.Popen[bytes], Program]] = []
        try:
            for program in (postgres.prepare(home), redis.prepare(home)):
                with (home / f"{program.name}.log").open("wb") as log:
                    process = processes.spawn(program, output=log)
                started.append((process, program))
                processes.wait_until_ready(process, program, within_s=60)
            postgres.ensure_databases(home)
            call_command("migrate", verbosity=0)
            call_command("migrate", database="archive", verbosity=0)
            yield home
        finally:
            for process, program in reversed(started):
                processes.stop(process, program)


def database_address() -> str:
    """Return what psycopg needs to reach the database that Django is set up on."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    return f"host={database['HOST']} user={database['USER']} dbname={database['NAME']}"


def make_goods(skus: Iterable[str], *, units: int, warehouse: str = "bench") -> dict[str, int]:
    """Put products on sale, delivered all over India; return the stock item of each SKU."""
    from inventory import stock
    from inventory.models import Courier, Warehouse, Zone
    from shop.models import Category, Product, Variant

    place = Warehouse.objects.create(code=warehouse, name=warehouse.title(), country="IN", postal_code="110001")
    courier = Courier.objects.create(name="Bench courier")
    Zone.objects.create(warehouse=place, courier=courier, country="IN", transit_days=2)
    category = Category.objects.create(slug="bench", name="Bench")
    items = {}
    for sku in skus:
        product = Product.objects.create(slug=sku.lower(), name=sku, category=category)
        Variant.objects.create(product=product, sku=sku, price_minor=1000)
        items[sku] = stock.receive(sku=sku, warehouse=warehouse, quantity=units, actor="system").pk
    return items


@contextmanager
def web_processes(count: int) -> Iterator[list[int]]:
    """Run web servers side by side, as `manage.py up` starts one; give their ports."""
    from django.conf import settings
    from django.core.management import call_command

    from config.launcher import programs

    call_command("collectstatic", verbosity=0, interactive=False)
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    ports = [free_port() for _ in range(count)]
    with running(*(programs.web(port=port) for port in ports)):
        yield ports


@contextmanager
def running(*these: Program) -> Iterator[None]:
    """Run programs until left; each writes to a log in the home."""
    from django.conf import settings

    from config.launcher import processes

    started: list[tuple[subprocess.Popen[bytes], Program]] = []
    try:
        for number, program in enumerate(these):
            with (settings.HOME / f"{program.name}-{number}.log").open("wb") as log:
                started.append((processes.spawn(program, output=log), program))
        for process, program in started:
            processes.wait_until_ready(process, program, within_s=60)
        yield
    finally:
        for process, program in reversed(started):
            processes.stop(process, program)
