"""A bucket of an S3 store, and what we do with it: put, remove, and let browsers read.

Credentials, region and another address than Amazon's come from the environment that every client of S3 reads
(`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL_S3` …). botocore's own retries are off: who calls knows what has to wait.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from streams.store import headers
from streams.store.exceptions import StoreAway

logger = logging.getLogger(__name__)

CONNECTIONS = 64
CONNECT_S = 2
ANSWER_S = 5  # between two packets, not for the whole of a file
CORS = {
    "AllowedOrigins": ["*"],
    "AllowedMethods": ["GET", "HEAD"],
    "AllowedHeaders": ["Range"],
    "ExposeHeaders": ["Content-Length", "Content-Range"],
    "MaxAgeSeconds": 86400,
}


class Bucket:
    """May be used by several threads at once."""

    def __init__(self, name: str, prefix: str) -> None:
        self.name = name
        self.prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.client(
            "s3",
            config=Config(
                connect_timeout=CONNECT_S,
                read_timeout=ANSWER_S,
                retries={"total_max_attempts": 1},
                max_pool_connections=CONNECTIONS,
                request_checksum_calculation="when_required",  # not every store knows Amazon's newer checksums
            ),
        )

    def put(self, name: str, body: bytes) -> None:
        """Write a file as a whole; readers see the old one until the new one is there. Raises StoreAway."""
        packed = headers.compressed(name, body)
        with _store_errors():
            self._client.put_object(
                Bucket=self.name,
                Key=self.prefix + name,
                Body=packed or body,
                **({"ContentEncoding": "gzip"} if packed else {}),
                ContentType=headers.content_type(name),
                CacheControl=headers.cache_control(name),
            )

    def remove(self, name: str) -> None:
        """Calling twice is safe. Raises StoreAway."""
        with _store_errors():
            self._client.delete_object(Bucket=self.name, Key=self.prefix + name)

    def remove_folder(self, name: str) -> None:
        """Remove all files of a folder. Calling twice is safe. Raises StoreAway, also if any of them stays."""
        with _store_errors():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.name, Prefix=f"{self.prefix}{name}/"):
                if found := [{"Key": one["Key"]} for one in page.get("Contents", ())]:
                    answer = self._client.delete_objects(Bucket=self.name, Delete={"Objects": found, "Quiet": True})
                    if kept := answer.get("Errors"):
                        raise StoreAway(f"{len(kept)} files stay, {kept[0].get('Key')}: {kept[0].get('Code')}")

    def allow_reading(self) -> None:
        """Let the pages of any site read what is public, unless somebody gave the bucket rules of its own.

        Raises StoreAway.
        """
        with _store_errors():
            try:
                self._client.get_bucket_cors(Bucket=self.name)
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchCORSConfiguration":
                    raise
                self._client.put_bucket_cors(Bucket=self.name, CORSConfiguration={"CORSRules": [CORS]})


@cache
def find_bucket() -> Bucket | None:
    """Return the bucket of MEDIA_STORE_URL; None when the store is a folder."""
    return Bucket(settings.MEDIA_BUCKET, settings.MEDIA_PREFIX) if settings.MEDIA_BUCKET else None


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreAway(str(error)) from error
