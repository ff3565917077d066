"""The script of a page in Node: told what to do over its standard input, telling what it hears on its output."""

import json
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
WITHIN_S = 30.0
OPTIONS = ("--experimental-websocket", "--experimental-eventsource", "--no-warnings")

DRIVER = """
import readline from "node:readline";
import { connect } from "showfloor/wire";
const [path, address, ticket, api] = process.argv.slice(2);
const Socket = globalThis.WebSocket;
const control = { letSockets() { globalThis.WebSocket = Socket; online(); } };
class Blocked {  // a proxy in between that knows no upgrade
  constructor() { setTimeout(() => this.onclose?.({ code: 1006 })); }
  close() {}
}
let online;
globalThis.addEventListener = (name, call) => name === "online" && (online = call);
if (api) {
  globalThis.WebSocket = Blocked;
  const { fetch } = globalThis;
  globalThis.document = {
    cookie: "", documentElement: { dataset: {} }, querySelector: () => null, addEventListener() {}, dispatchEvent() {},
  };
  const signedIn = (options) => ({ ...options, headers: { ...options.headers, Authorization: `Token ${ticket}` } });
  globalThis.fetch = (path, options) => fetch(new URL(path, api), signedIn(options));
}
const show = connect({ path, address, ticket });
const names = ["fresh", "stale", "items", "pin", "session", "chat", "chatremoved", "chatstate", "refused", "bye"];
for (const name of names) {
  show.addEventListener(name, (event) => console.log(JSON.stringify({ name, detail: event.detail ?? null })));
}
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [method, ...words] = JSON.parse(line);
  (show[method] ? show : control)[method](...words);
});
"""


def install_scripts(folder: Path) -> str:
    """Put the scripts of pages where Node finds them under the names of the import map; return Node."""
    node = shutil.which("node")
    assert node, "Node is needed to test the scripts that browsers run: install nodejs"
    package = folder / "node_modules" / "showfloor"
    shutil.copytree(ROOT / "static" / "js", package)
    (package / "package.json").write_text('{"type": "module", "exports": {"./*": "./*.js"}}')
    return node


class Page:
    """A page's script, told what to do over its standard input, telling what it hears on its output."""

    def __init__(self, folder: Path, path: str, address: str, ticket: str, api: str = "") -> None:
        node = install_scripts(folder)
        (folder / "driver.mjs").write_text(DRIVER)
        self.process = subprocess.Popen(
            [node, *OPTIONS, "driver.mjs", path, address, ticket, api],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self.past: list[dict[str, Any]] = []  # all that was ever heard
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            event = json.loads(line)
            self.past.append(event)
            self.heard.put(event)

    def tell(self, *words: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def wait_for(self, name: str, **like: Any) -> Any:
        """Return the detail of the next event of a name whose detail says this."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            event = self.heard.get(timeout=max(0.01, deadline - time.monotonic()))
            detail = event["detail"]
            if event["name"] == name and all(detail.get(key) == value for key, value in like.items()):
                return detail

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


@contextmanager
def opened_pages() -> Iterator[list[Page]]:
    """Collect pages; those that were opened are closed at the end."""
    opened: list[Page] = []
    yield opened
    for page in opened:
        page.stop()
