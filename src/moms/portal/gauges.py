"""Measures that are looked up when somebody reads them: lanes, streams, and what waits in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from prometheus_client.core import GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric
    from prometheus_client.registry import Collector

    from moms.portal.guard import Service
    from moms.portal.needs import Waits


def show_gauges(service: Service) -> None:
    """Let who reads the measures see the lanes, the streams and what waits, as they are then."""
    # The library wants its own class, of which nothing is used but this one method.
    service.measures.registry.register(cast("Collector", _Now(service)))


class _Now:
    """What is asked for when somebody looks."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def describe(self) -> Iterable[Metric]:
        """Say nothing before the first look: the database need not answer yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give the gauges."""
        service = self._service
        inside = GaugeMetricFamily("moms_lane_inside", "Callers on a lane, at work or waiting", labels=["lane"])
        room = GaugeMetricFamily("moms_lane_room", "Callers that a lane takes before it turns away", labels=["lane"])
        for lane in (service.quick, service.study, service.ahead):
            inside.add_metric([lane.name], lane.inside)
            room.add_metric([lane.name], lane.room)
        yield from (inside, room)
        yield GaugeMetricFamily("moms_streams", "Streams of events that are open", value=service.pulse.streams)
        yield from _waiting(_looked(service))


def _looked(service: Service) -> Waits | None:
    try:
        return service.needs.waits()
    except Exception:  # noqa: BLE001 - whatever it is, the measure says that the database does not answer
        return None


def _waiting(found: Waits | None) -> Iterator[Metric]:
    says = "Whether the database answered just now"
    yield GaugeMetricFamily("moms_database_answers", says, value=float(found is not None))
    if found is None:
        return
    letters = GaugeMetricFamily("moms_notices_waiting", "Notices not sent yet", labels=["channel"])
    for channel, count in sorted(found.notices.items()):
        letters.add_metric([channel], count)
    duties = GaugeMetricFamily("moms_duties", "Duties seen to be due, by what became of them", labels=["became"])
    for became, count in sorted(found.duties.items()):
        duties.add_metric([became], count)
    yield from (letters, duties)
    late = "How long the oldest duty that is open has been due (0: none is)"
    yield GaugeMetricFamily("moms_duty_late_seconds", late, value=found.late_s)
