"""What the realtime server tells Prometheus, at /metrics of its own port."""

from prometheus_client import Gauge

sockets = Gauge("showfloor_realtime_sockets", "Open sockets by the way they are written to", ["writer"])
