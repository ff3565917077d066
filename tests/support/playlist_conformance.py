"""Judge a show's playlists, every version of them, as RFC 8216 and docs/video.md would.

`watching(folder)` collects the versions while a show runs; `faults(versions, read)` says afterwards what was wrong.
Nothing here uses our own parsers: playlists are read by m3u8, files by ffmpeg.
"""

import subprocess
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path

import imageio_ffmpeg
import m3u8

LOOK_S = 0.025  # the media process looks for news every 0.1 s, so no version is missed
MULTIVARIANT = {"index.m3u8": "", "preview.m3u8": "-preview", "replay.m3u8": "-replay"}
SOUND_FRAME_S = 1024 / 44_100
ROUNDING_S = 0.002  # dates have three decimals
NEIGHBOUR = timedelta(seconds=0.5)
NEVER = datetime.fromtimestamp(0, UTC)

Read = Callable[[str], bytes]
History = dict[int, "Entry"]
"""A media playlist's entries, all that it ever listed, by their media sequence number."""


@dataclass(frozen=True, slots=True)
class Version:
    """A playlist as it was once. `missing` names what was listed then and was not there."""

    name: str
    text: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A listed segment. `place` is its discontinuity sequence number."""

    uri: str
    init: str
    duration_s: float
    at: datetime
    place: int

    @property
    def ends_at(self) -> datetime:
        return self.at + timedelta(seconds=self.duration_s)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run's rendition is, by its init file and its decoded pictures."""

    codecs: str
    size: tuple[int, int] | None


class Watch:
    """Remembers each version of the playlists in a folder."""

    def __init__(self, folder: Path) -> None:
        self.versions: list[Version] = []
        self._folder = folder
        self._texts: dict[str, str] = {}
        self._there: set[str] = set()

    def look(self) -> bool:
        """Take in what is new; tell whether anything was."""
        before = len(self.versions)
        for path in sorted(self._folder.glob("*.m3u8")):
            with suppress(FileNotFoundError):  # a preview was withdrawn
                text = path.read_text()
                if self._texts.get(path.name) != text:
                    self._texts[path.name] = text
                    self.versions.append(Version(path.name, text, self._missing(text)))
        return len(self.versions) > before

    def _missing(self, text: str) -> tuple[str, ...]:
        new = [uri for uri in named(text) if uri not in self._there]
        missing = tuple(uri for uri in new if not _is_there(self._folder / uri))
        self._there.update(set(new) - set(missing))
        return missing


@contextmanager
def watching(folder: Path) -> Iterator[list[Version]]:
    """Collect every version of the folder's playlists while the block runs, and what stands there after it."""
    watch = Watch(folder)
    is_over = threading.Event()

    def work() -> None:
        while not is_over.wait(LOOK_S):
            watch.look()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield watch.versions
    finally:
        is_over.set()
        thread.join()
        while watch.look():
            pass


def named(text: str) -> list[str]:
    """Return all that a playlist names: playlists, or segments and their init files."""
    playlist = m3u8.loads(text)
    inits = {segment.init_section.uri: None for segment in playlist.segments if segment.init_section}
    return [*(one.uri for one in playlist.playlists), *inits, *(segment.uri for segment in playlist.segments)]


def faults(versions: Sequence[Version], read: Read) -> list[str]:
    """Return what is wrong with a show's playlists, and the files that they name; nothing if all is well."""
    if found := playlist_faults(versions):
        return found
    seen, histories = _seen(versions)
    frame_s = max(_frames_s(seen).values(), default=SOUND_FRAME_S)
    facts: dict[str, Facts] = {}
    for init, entries in _batches(histories.values()).items():
        facts[init], words = _decode(entries, read, frame_s)
        found += [f"{init}: {one}" for one in words]
    for index in MULTIVARIANT:
        found += [f"{index}: {words}" for words in _wrong_index(index, seen.get(index, []), histories, facts)]
    return list(dict.fromkeys(found))


def playlist_faults(versions: Sequence[Version]) -> list[str]:
    """Return what is wrong by the playlists alone, and by what was not there as they named it."""
    seen, histories = _seen(versions)
    frames_s = _frames_s(seen)
    found = [f"{version.name}: lists {uri}, which is not there" for version in versions for uri in version.missing]
    for name, history in histories.items():
        found += [f"{name}: {words}" for playlist in seen[name] for words in _wrong_alone(playlist)]
        found += [f"{name}: {words}" for one, other in pairwise(seen[name]) for words in _wrong_after(one, other)]
        found += [f"{name}: {words}" for words in _wrong_order(history, frames_s.get(name, SOUND_FRAME_S))]
    for suffix in MULTIVARIANT.values():
        family = {name: one for name, one in histories.items() if _suffix(name) == suffix and one}
        found += _disagreements(family, frames_s)
    return list(dict.fromkeys(found))


def _seen(versions: Iterable[Version]) -> tuple[dict[str, list[m3u8.M3U8]], dict[str, History]]:
    """Return each playlist's versions, and the history of each media playlist."""
    seen: dict[str, list[m3u8.M3U8]] = defaultdict(list)
    for version in versions:
        seen[version.name].append(m3u8.loads(version.text))
    return seen, {name: _history(its) for name, its in seen.items() if name not in MULTIVARIANT}


# --- one playlist ---


def _entries(playlist: m3u8.M3U8) -> History:
    place, entries = playlist.discontinuity_sequence or 0, {}
    for number, segment in enumerate(playlist.segments, playlist.media_sequence):
        place += segment.discontinuity
        init = segment.init_section.uri if segment.init_section else ""
        entries[number] = Entry(segment.uri, init, segment.duration, segment.program_date_time or NEVER, place)
    return entries


def _history(playlists: Sequence[m3u8.M3U8]) -> History:
    return {number: entry for playlist in playlists for number, entry in _entries(playlist).items()}


def _wrong_alone(playlist: m3u8.M3U8) -> Iterator[str]:
    if not playlist.is_independent_segments:
        yield "does not say that its segments are independent"
    for number, entry in _entries(playlist).items():
        if int(entry.duration_s + 0.5) > playlist.target_duration:
            yield f"segment {number} is longer than the target of {playlist.target_duration} s"
        if entry.at == NEVER:
            yield f"segment {number} has no date"
        if Path(entry.init).parent != Path(entry.uri).parent:
            yield f"segment {number}, {entry.uri}, has the map {entry.init or 'of nobody'}"


def _wrong_after(before: m3u8.M3U8, after: m3u8.M3U8) -> Iterator[str]:
    old, new = _entries(before), _entries(after)
    if before.is_endlist and before.dumps() != after.dumps():
        yield "changed after its end"
    if after.target_duration < before.target_duration:
        yield "the target duration fell"
    for word in ("media_sequence", "discontinuity_sequence"):
        if getattr(after, word) < getattr(before, word):
            yield f"{word} fell from {getattr(before, word)} to {getattr(after, word)}"
    if new and old and max(new) < max(old):
        yield f"segment {max(old)} was taken back"
    if new and old and min(new) > max(old) + 1:
        yield f"segments between {max(old)} and {min(new)} were never listed"
    for number in old.keys() & new.keys():
        if old[number] != new[number]:
            yield f"segment {number} changed from {old[number]} to {new[number]}"


def _wrong_order(history: History, frame_s: float) -> Iterator[str]:
    """Look at the segments one after the other, as a player does that was there from the beginning."""
    for (number, one), (_, other) in pairwise(sorted(history.items())):
        if (one.place == other.place) != (one.init == other.init):
            yield f"map and discontinuity do not change together at segment {number + 1}"
        gap_s = (other.at - one.ends_at).total_seconds()
        if gap_s < -frame_s - ROUNDING_S or (one.place == other.place and gap_s > frame_s + ROUNDING_S):
            yield f"segment {number + 1} begins {gap_s:+.3f} s after the one before it ended"
    uris = [entry.uri for entry in history.values()]
    if len(set(uris)) < len(uris):
        yield "lists a file twice"


# --- renditions beside each other ---


def _disagreements(family: dict[str, History], frames_s: dict[str, float]) -> Iterator[str]:
    for (name, one), (other_name, other) in combinations(family.items(), 2):
        places, other_places = _by_place(one), _by_place(other)
        if places.keys() != other_places.keys():
            yield f"{name} and {other_name} have the discontinuities {sorted(places)} and {sorted(other_places)}"
        within_s = max(frames_s.get(name, SOUND_FRAME_S), frames_s.get(other_name, SOUND_FRAME_S)) + ROUNDING_S
        for place in places.keys() & other_places.keys():
            theirs = other_places[place]
            for at in places[place]:
                apart_s = min(abs((at - its).total_seconds()) for its in theirs)
                # One may have begun earlier, or gone on longer, than the other.
                if apart_s > within_s and theirs[0] - NEIGHBOUR <= at <= theirs[-1] + NEIGHBOUR:
                    yield f"{name} and {other_name} are {apart_s:.3f} s apart at {at}"


def _by_place(history: History) -> dict[int, list[datetime]]:
    places: dict[int, list[datetime]] = defaultdict(list)
    for _, entry in sorted(history.items()):
        places[entry.place].append(entry.at)
    return places


def _wrong_index(
    index: str, versions: Sequence[m3u8.M3U8], histories: dict[str, History], facts: dict[str, Facts]
) -> Iterator[str]:
    for version in versions:
        for variant in version.playlists:
            said = Facts(variant.stream_info.codecs, variant.stream_info.resolution)
            history = histories.get(variant.uri, {})
            # The last word on a live show must be about its newest run.
            is_last = index == "index.m3u8" and version is versions[-1]
            inits = [history[max(history)].init] if history and is_last else [one.init for one in history.values()]
            true = {facts[init] for init in inits if init in facts}
            if said not in true:
                yield f"{variant.uri} is said to be {said}, and is {true or 'nothing'}"


def _frames_s(seen: Mapping[str, Sequence[m3u8.M3U8]]) -> dict[str, float]:
    """Return how long a picture lasts, for each media playlist that has any."""
    variants = [variant for name in MULTIVARIANT for index in seen.get(name, ()) for variant in index.playlists]
    return {one.uri: 1 / one.stream_info.frame_rate for one in variants if one.stream_info.frame_rate}


def _suffix(name: str) -> str:
    return "".join(Path(name).stem.partition("-")[1:])


# --- files ---


def _is_there(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _batches(histories: Iterable[History]) -> dict[str, list[Entry]]:
    """Return all segments of each init file, in order of time."""
    batches: dict[str, dict[str, Entry]] = defaultdict(dict)
    for history in histories:
        for entry in history.values():
            batches[entry.init][entry.uri] = entry
    return {init: sorted(its.values(), key=lambda one: one.at) for init, its in batches.items()}


def _decode(entries: Sequence[Entry], read: Read, frame_s: float) -> tuple[Facts, list[str]]:
    """Decode a run's rendition, and see that there is a keyframe where each segment begins."""
    init = read(entries[0].init)
    avc, has_sound = init.find(b"avcC"), b"mp4a" in init
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(init + b"".join(read(entry.uri) for entry in entries))
        file.flush()
        argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-copyts", "-i", file.name]
        if avc >= 0:  # once more, only what can be decoded by itself
            argv += ["-skip_frame", "nokey", "-i", file.name, "-map", "0:v", "-c:v:0", "copy"]
            argv += ["-map", "1:v", "-c:v:1", "rawvideo", "-fps_mode", "passthrough", "-f", "framecrc", "-"]
        done = subprocess.run([*argv, "-map", "0", "-f", "null", "-"], capture_output=True, text=True, check=False)
    words = [f"does not decode: {line}" for line in done.stderr.splitlines()[:3]]
    if done.returncode and not words:
        words = [f"does not decode: status {done.returncode}"]
    codecs = [f"avc1.{init[avc + 5 : avc + 8].hex()}"] if avc >= 0 else []
    codecs += ["mp4a.40.2"] if has_sound else []
    size = None
    if avc >= 0 and not words:
        size, packets, keyframes = _read_crcs(done.stdout)
        for entry in entries:
            at_s = packets[0] + (entry.at - entries[0].at).total_seconds()
            if min((abs(one - at_s) for one in keyframes), default=frame_s) > frame_s / 2 + ROUNDING_S:
                words.append(f"{entry.uri} does not begin with a keyframe")
    return Facts(",".join(codecs), size), words


def _read_crcs(text: str) -> tuple[tuple[int, int] | None, list[float], list[float]]:
    """Read ffmpeg's list: the picture's size, the times of all packets, and those of the decoded keyframes."""
    size, bases, times = None, {}, defaultdict(list)
    for line in text.splitlines():
        word, _, value = line.partition(":")
        if word.startswith("#dimensions"):
            width, height = value.split("x")
            size = (int(width), int(height))
        elif word.startswith("#tb"):
            over, under = value.split("/")
            bases[word.split()[1]] = int(over) / int(under)
        elif not line.startswith("#"):
            stream, _, pts = line.replace(" ", "").split(",")[:3]
            times[stream].append(int(pts) * bases[stream])
    return size, sorted(times["0"]), times["1"]
