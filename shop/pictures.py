"""Pictures that people upload: decoded under bounds, made anew in several widths, and nothing else of the file kept.

`PictureField` does it for whatever is saved through it, by a form or by code. The name that is kept says in which
widths a picture stands, the widest of them under that very name: `4f1c_400_800_1600.webp` has `4f1c_400.webp` and
`4f1c_800.webp` beside it. A file whose name says no widths (a drawing of the demo's) is shown as it is.
"""

import io
import re
import threading
import uuid
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
BYTES_MAX = 20 * 1024 * 1024
# Four bytes a pixel, and twice while it is converted. A JPEG is decoded at a fraction of its size, but a progressive
# one is held whole.
PIXELS_MAX = 36_000_000
JPEG_PIXELS_MAX = 64_000_000
NARROW, MIDDLE, WIDE = WIDTHS = (400, 800, 1600)
HEIGHT_MAX = 3200
QUALITY = 82
_NAME = re.compile(r"(?P<stem>(?:.*/)?[0-9a-f]{32})(?P<widths>(?:_\d{1,5})+)\.webp")
# One at a time in a process, so that the memory is needed once.
_DECODING = threading.Lock()


class PictureRefused(ValidationError):
    """A file that is no picture for us. Its message is for whoever sent it."""


class Picture(ContentFile):
    """A picture made anew: the widest is its content, `narrower` are the others by width."""

    def __init__(self, by_width: dict[int, bytes], *, name: str) -> None:
        self.widths = sorted(by_width)
        self.narrower = {width: by_width[width] for width in self.widths[:-1]}
        super().__init__(by_width[self.widths[-1]], name=name)


def read(file: "File[Any]") -> Picture:
    """Decode what somebody sent and make it anew, at most 1600 pixels wide. Raises PictureRefused."""
    file.seek(0)
    sent = file.read(BYTES_MAX + 1)
    if len(sent) > BYTES_MAX:
        mb = BYTES_MAX // 1024 // 1024
        raise PictureRefused(_("A picture may have %(mb)d MB at most.") % {"mb": mb}, code="bytes")
    with _DECODING:
        picture = _decode(_open(sent))
        widest = picture.width
        by_width = {width: _encode(picture, width) for width in (*(w for w in WIDTHS if w < widest), widest)}
    return Picture(by_width, name=file.name or "")


def _open(sent: bytes) -> Image.Image:
    """Read the head of a picture, and refuse what would be too much to decode."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limits below are lower
            picture = Image.open(io.BytesIO(sent), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise PictureRefused(_("This picture has far too many pixels. Send a smaller one."), code="pixels") from error
    except Exception as error:  # Pillow's readers raise whatever they stumble over
        detail = _("This is not a picture that can be read here. Send a JPEG, PNG, WebP, AVIF or GIF.")
        raise PictureRefused(detail, code="format") from error
    is_plain_jpeg = picture.format == "JPEG" and not picture.info.get("progressive")
    if picture.width * picture.height > (JPEG_PIXELS_MAX if is_plain_jpeg else PIXELS_MAX):
        detail = _("This picture has %(width)d × %(height)d pixels, which is too many. Send a smaller one.")
        raise PictureRefused(detail % {"width": picture.width, "height": picture.height}, code="pixels")
    return picture


def _decode(picture: Image.Image) -> Image.Image:
    """Return the first picture of a file upright, as RGB or RGBA of the web's colours, no larger than is shown."""
    try:
        picture.draft("RGB", (2 * WIDE, 2 * HEIGHT_MAX))
        picture.load()
        profile = picture.info.get("icc_profile")
        upright = _eight_bits(ImageOps.exif_transpose(picture))
        upright.thumbnail((WIDE, HEIGHT_MAX), Image.Resampling.LANCZOS)
        shown = _in_srgb(upright, profile)
    except Exception as error:
        raise PictureRefused(_("This picture is damaged: it can't be read to its end."), code="damaged") from error
    shown.info = {}  # where it was taken, by whom, and whatever else a camera wrote
    return shown


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return a picture with channels that can be scaled and encoded: not of 16 bits, nor numbers of a palette."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in {"PA", "LA", "La", "RGBa"} or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture if picture.mode in {"L", "RGB", "RGBA", "CMYK"} else picture.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the colours as a browser understands them without the profile, which is not kept."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    plain = picture.convert("RGB") if alpha else picture
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            plain = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or plain
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile of another kind of picture, or none at all
    plain = plain.convert("RGB")
    if alpha:
        plain.putalpha(alpha)
    return plain


def _encode(picture: Image.Image, width: int) -> bytes:
    height = max(1, round(picture.height * width / picture.width))
    scaled = picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    scaled.save(content, "WEBP", quality=QUALITY)
    return content.getvalue()


class PictureFile(FieldFile):
    """A picture where it is kept, with the narrower ones beside it."""

    def save(self, name: str, content: "File[Any]", save: bool = True) -> None:
        """Make a picture anew and keep it under a name of its own. Raises PictureRefused."""
        picture = content if isinstance(content, Picture) else read(content)
        stem = uuid.uuid4().hex
        for width, narrower in picture.narrower.items():
            path = self.field.generate_filename(self.instance, f"{stem}_{width}.webp")
            self.storage.save(path, ContentFile(narrower))
        widths = "_".join(str(width) for width in picture.widths)
        super().save(f"{stem}_{widths}.webp", picture, save=save)

    def at(self, width: int) -> str:
        """Return the address of the narrowest picture that is at least so wide, else of the widest."""
        return next((url for known, url in self._by_width() if known >= width), self.url)

    @property
    def srcset(self) -> str:
        """The addresses by width, as an <img> takes them; empty where there is but one."""
        known = list(self._by_width())
        return ", ".join(f"{url} {width}w" for width, url in known) if len(known) > 1 else ""

    def _by_width(self) -> Iterator[tuple[int, str]]:
        named = _NAME.fullmatch(self.name or "")
        widths = [int(width) for width in named["widths"].split("_")[1:]] if named else []
        for width in widths[:-1]:
            yield width, self.storage.url(f"{named['stem']}_{width}.webp")  # type: ignore[index]
        if widths:
            yield widths[-1], self.url


class PictureInput(forms.FileField):
    """A picture that somebody chooses; what is wrong with it is said beside the field."""

    def to_python(self, data: Any) -> Any:
        file = super().to_python(data)
        return read(file) if file is not None else None

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        kinds = ",".join(f"image/{kind.lower()}" for kind in FORMATS)
        return {**super().widget_attrs(widget), "accept": kinds}


class PictureField(models.FileField):
    """A column for a picture."""

    attr_class = PictureFile

    if TYPE_CHECKING:  # django-stubs names the class of all files

        def __get__(self, instance: Any, owner: Any) -> PictureFile: ...  # type: ignore[override]

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": PictureInput, **options})
