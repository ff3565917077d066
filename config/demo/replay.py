"""The demo's show that is over: its recording, what was on the table when, and what was said."""

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from config.demo import film, people, recording
from config.demo.posters import POSTERS
from config.demo.shelves import keep
from shop.models import User, Variant
from streams import playback
from streams.chat import moderators
from streams.hls.playlist import clock
from streams.models import ChatMessage, Pin, RunListItem, StreamSession

SLUG = "demo-replay"
SHOTS = film.KNITS

# Seconds into the recording.
PINS = ((8, "CREW-SEA-M"), (16, "CREW-RUST-M"), (24, "ROLLNECK-OAT-M"), (32, "CARDIGAN-MOSS-M"))
CHAT = (
    (1, people.HOST, "Good evening. Five colours on the rail, four things on the table."),
    (4, people.SHOPPER, "evening"),
    (9, people.HOST, "Sea first. Lambswool, four-ply, not bleached before dyeing."),
    (11, people.SHOPPER_2, "does it itch on bare skin?"),
    (14, people.HOST, "A little on the first day. It is washed once before it leaves us."),
    (17, people.SHOPPER, "I am between S and M, how does the rust one fit?"),
    (20, people.HOST, "Straight. Between two sizes, take the smaller one for under a jacket."),
    (25, people.SHOPPER_2, "how heavy is the roll-neck"),
    (27, people.ADMIN, "840 g in M, it is in the details"),
    (30, people.HOST, "The neck folds twice. Wool wash at 30 degrees, and dry it flat."),
    (34, people.SHOPPER, "are the buttons horn?"),
    (36, people.HOST, "Horn, all five. The band is knitted on, not sewn."),
    (41, people.SHOPPER_2, "thank you, short and good"),
    (43, people.HOST, "Good night."),
)

# Seconds from and to, as WebVTT wants them, of what the host says over the film.
SAID = (
    (0.5, 3.8, "Good evening. Five colours on the rail,\nfour things on the table."),
    (8.2, 12.4, "Sea first. It is lambswool, four-ply,\nnot bleached before dyeing."),
    (13.2, 15.9, "It itches a little, on the first day.\nAfter that it is soft."),
    (16.4, 19.6, "Rust next. It is cut straight."),
    (20.0, 23.4, "Between two sizes,\ntake the smaller one under a jacket."),
    (24.3, 27.6, "The roll-neck, in oat. The neck folds twice."),
    (28.0, 31.4, "Wool wash at 30 degrees, and dry it flat."),
    (32.4, 36.0, "And the cardigan, in moss."),
    (36.4, 40.4, "Five buttons, all horn.\nThe band is knitted on, not sewn."),
    (40.8, 43.8, "Thank you for watching. Good night."),
)


def record(started_at: datetime) -> Path:
    """Record the show into a folder of its own, beside the other shows'; return it. Takes some ten seconds.

    Raises OSError, subprocess.SubprocessError or HlsError.
    """
    folder = playback.folder(uuid4())
    folder.mkdir(parents=True)
    try:
        recording.record(SHOTS, folder, started_at=started_at, captions=_captions())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def seed(folder: Path, users: Mapping[str, User], *, started_at: datetime) -> StreamSession:
    """Make the show of a recording, ended; the folder's name is its id. Needs an open transaction."""
    ended_at = started_at + timedelta(seconds=film.length(SHOTS))
    session = StreamSession.objects.create(
        id=UUID(folder.name),
        slug=SLUG,
        title="Five colours, one yarn",
        description="The same lambswool in four things to wear, from the rail to the table, in under a minute.",
        host=users[people.HOST.email],
        state=StreamSession.State.ENDED,
        poster=keep("posters", "knits", POSTERS["knits"]()),
        starts_at=started_at,
        started_at=started_at,
        ended_at=ended_at,
        owner_epoch=recording.RUN,
    )
    variants = {variant.sku: variant for variant in Variant.objects.filter(sku__in=[sku for _, sku in PINS])}
    shown = [(started_at + timedelta(seconds=at), variants[sku]) for at, sku in PINS if sku in variants]
    ends = [at for at, _ in shown[1:]] + [ended_at]
    RunListItem.objects.bulk_create(
        RunListItem(session=session, variant=variant, position=place) for place, (_, variant) in enumerate(shown)
    )
    Pin.objects.bulk_create(
        Pin(session=session, variant=variant, from_at=at, until_at=until)
        for (at, variant), until in zip(shown, ends, strict=True)
    )
    ChatMessage.objects.bulk_create(
        ChatMessage(
            session=session,
            author=users[person.email],
            author_name=users[person.email].public_name,
            role=moderators.role_of(session, users[person.email]),
            text=text,
            at=started_at + timedelta(seconds=at),
        )
        for at, person, text in CHAT
    )
    return session


def _captions() -> bytes:
    lines = ["WEBVTT", "Language: en", ""]
    for begin_s, end_s, text in SAID:
        lines += [f"{clock(begin_s)} --> {clock(end_s)}", text, ""]
    return "\n".join(lines).encode()
