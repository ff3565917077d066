"""A merchant's system on loopback that keeps what webhooks bring it, and answers as a test wants."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are given before it is all 204: a status, or `wait`, `drip`, `flood`, `redirect`."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=list)
    otherwise: int | str = 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [got.headers["webhook-id"] for got in self.got]


@contextmanager
def open_receiver(*, host: str = "127.0.0.1", port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                receiver.got.append(Got(self.path, {key.lower(): text for key, text in self.headers.items()}, body))
                answer = receiver.answers.pop(0) if receiver.answers else receiver.otherwise
            with suppress(OSError):
                self._answer(answer)

        def _answer(self, answer: int | str) -> None:
            if answer == "wait":
                time.sleep(30)
            elif answer == "drip":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                for _ in range(300):
                    self.wfile.write(b"z")
                    time.sleep(0.1)
            elif answer == "flood":
                self.send_response(500, "Too much")
                self.end_headers()
                for _ in range(200):
                    self.wfile.write(b"z" * 65536)
            elif answer == "redirect":
                self.send_response(307)
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.end_headers()
            else:
                self.send_response(int(answer))
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server((host, port), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
