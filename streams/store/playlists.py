"""The playlists of a show whose files lie in a bucket."""

from pathlib import Path

from streams import playback
from streams.hls.origin import Playlists
from streams.hls.recording import Recording
from streams.store.bucket import Bucket


class BucketPlaylists(Playlists):
    """Playlists of what the bucket has. Each is put there, and then noted on disk, where our pages look for it.

    All methods raise StoreAway; calling them again goes on where they stopped.
    """

    def __init__(self, folder: Path, recording: Recording, bucket: Bucket) -> None:
        super().__init__(folder, recording)
        self._bucket = bucket
        self._prefix = playback.stored_as(folder)

    def _put(self, name: str, text: str) -> None:
        self._bucket.put(self._prefix + name, text.encode())
        super()._put(name, text)

    def _take_away(self, name: str) -> None:
        self._bucket.remove(self._prefix + name)
        super()._take_away(name)
