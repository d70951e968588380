# SPDX-License-Identifier: Apache-2.0
"""The places where a data folder's log is published, and how far each has come."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.databases import open_store
from api.keys.log_keys import load_verifiers, log_keys
from api.settings import DataFolder, Settings
from notary.audit.sources import StoreSource
from notary.errors import Fault, InvalidInputError, MissingPackageError, NotaryError
from notary.ports.publication import Publication
from notary.ports.store import Store
from notary.publishing import Publisher
from notary.stores.published_folder import PublishedFolder

PUBLICATION_GAUGES = {
    "loan_notary_unpublished": "Entries that a published checkpoint does not cover.",
    "loan_notary_publishing_failed": "1 while the last try to publish has failed, else 0.",
}
"""Metrics of each place, and their meaning."""
_BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9._=-]+)*)/?")


def open_publication(written: str, folder: Path) -> Publication:
    """Return the place that is written as `s3://BUCKET/PREFIX` or as the path of a folder, seen from `folder`.

    Raises `InvalidInputError`, and `MissingPackageError` for a bucket without the package that it needs.
    """
    if "://" not in written:
        return PublishedFolder(folder / written)
    if not (match := _BUCKET.fullmatch(written)):
        raise InvalidInputError(Fault("", f"{written!r} is neither the path of a folder nor s3://BUCKET/PREFIX"))
    try:
        from notary.stores.published_objects import PublishedObjects
    except ImportError:
        raise MissingPackageError("obstore", "what is in an object store") from None
    return PublishedObjects.open(match[1], match[2].strip("/"))


def make_publishers(folder: DataFolder, settings: Settings) -> list[Publisher]:
    """Make a publisher for each place that `settings` name. Raises what `open_publication` does."""
    verifiers, history = partial(load_verifiers, folder), log_keys(folder).history
    places = (open_publication(written, folder.path) for written in settings.publish_to)
    return [Publisher(StoreSource(open_store(folder)), verifiers, place, history) for place in places]


class PublicationCollector(Collector):
    """Tells how far each publisher has come."""

    def __init__(self, store: Store, publishers: Sequence[Publisher]) -> None:
        self._store, self._publishers = store, publishers

    def describe(self) -> Iterator[Metric]:
        return (GaugeMetricFamily(name, text) for name, text in PUBLICATION_GAUGES.items())

    def collect(self) -> Iterator[Metric]:
        """Read the log's size; nothing is told while that cannot be read."""
        try:
            head = self._store.head()
        except NotaryError:
            return
        finally:
            # Each answer is given by a thread of its own, which ends after it.
            self._store.close()
        size = head.size if head else 0
        behind = [size - item.size for item in self._publishers]
        failed = [int(item.error is not None) for item in self._publishers]
        for (name, text), numbers in zip(PUBLICATION_GAUGES.items(), (behind, failed), strict=True):
            family = GaugeMetricFamily(name, text, labels=("place",))
            for item, number in zip(self._publishers, numbers, strict=True):
                family.add_metric((item.place,), number)
            yield family
