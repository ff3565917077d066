"""Static files under names that hold their digest, each beside a compressed copy for the front door to hand out."""

import gzip
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile

TEXTS = (".css", ".js", ".mjs", ".svg", ".json", ".html", ".txt", ".map")
LEAST_BYTES = 512


class CompressedStorage(ManifestStaticFilesStorage):
    """Django's own, and a .gz of every text that gets smaller by it."""

    # Packages name files that they do not ship; that must not stop a release.
    manifest_strict = False

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        for name, hashed, processed in super().post_process(paths, dry_run, **options):
            yield name, hashed, processed
            if processed is True and hashed and not dry_run:
                self._compress(hashed)
        if not dry_run:
            for name in paths:
                self._compress(name)

    def _compress(self, name: str) -> None:
        if not name.endswith(TEXTS) or self.exists(f"{name}.gz"):
            return
        with self.open(name) as file:
            content = file.read()
        small = gzip.compress(content, 9, mtime=0)
        if len(content) > LEAST_BYTES and len(small) < len(content):
            self.save(f"{name}.gz", ContentFile(small))
