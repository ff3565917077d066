"""Pictures that people upload, in the bucket that video goes to."""

from typing import Any

from django.conf import settings
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

from streams.store.headers import PICTURE_CACHE


class BucketStorage(S3Storage):
    """Keeps files where MEDIA_BASE_URL finds them; nothing that is there already is overwritten."""

    def get_default_settings(self) -> dict[str, Any]:
        return super().get_default_settings() | {
            "bucket_name": settings.MEDIA_BUCKET,
            "location": settings.MEDIA_PREFIX,
            "file_overwrite": False,
            "object_parameters": {"CacheControl": PICTURE_CACHE},
        }

    def url(self, name: str, *_: Any, **__: Any) -> str:
        return settings.MEDIA_URL + (filepath_to_uri(name) or "")
