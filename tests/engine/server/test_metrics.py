"""What GET /metrics says, read by Prometheus' own parser."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from engine.server.metrics import Measured, Metrics


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Values by the sample's name and its labels' values, in the order of the labels' names."""
    text, media_type = metrics.render()
    assert media_type.startswith("text/plain")
    families = text_string_to_metric_families(text.decode("utf-8"))
    return {
        (each.name, *(value for _, value in sorted(each.labels.items()))): each.value
        for family in families
        for each in family.samples
    }


def measured(**changes: int | bool) -> Measured:
    values = {"running": 0, "queue_bytes": 0, "server_bytes": 0, "worker_bytes": 0, "worker_up": True, "runs": 0}
    return Measured(waiting={"interactive": 1, "batch": 2}, **{**values, **changes})  # type: ignore[arg-type]  # by name


def test_pictures_are_counted_by_outcome_and_priority() -> None:
    metrics = Metrics()
    metrics.picture("done", "batch", waited=0.02, worked=0.4)
    metrics.picture("failed", "batch", waited=3, worked=None)
    metrics.picture("cancelled", "interactive", waited=None, worked=None)
    metrics.picture("refused", "interactive", waited=None, worked=None)
    read = samples(metrics)
    assert read["bshm_pictures_total", "done", "batch"] == 1
    assert read["bshm_pictures_total", "failed", "batch"] == 1
    assert read["bshm_pictures_total", "cancelled", "interactive"] == 1
    assert read["bshm_pictures_total", "refused", "interactive"] == 1
    assert read["bshm_pictures_total", "refused", "batch"] == 0  # so that it is seen to rise


def test_seconds_fall_into_buckets() -> None:
    metrics = Metrics()
    metrics.picture("done", "batch", waited=0.02, worked=0.4)
    metrics.picture("failed", "batch", waited=3, worked=None)
    read = samples(metrics)
    assert read["bshm_picture_seconds_count", "batch"] == 1
    assert read["bshm_picture_seconds_bucket", "0.3", "batch"] == 0
    assert read["bshm_picture_seconds_bucket", "0.5", "batch"] == 1
    assert read["bshm_waiting_seconds_sum", "batch"] == 3.02
    assert read["bshm_waiting_seconds_bucket", "2.5", "batch"] == 1
    assert read["bshm_waiting_seconds_count", "interactive"] == 0


def test_answers_and_restarts_are_counted() -> None:
    metrics = Metrics()
    for status in (200, 422, 200):
        metrics.answered(status)
    metrics.worker_lost("SIGKILL")
    read = samples(metrics)
    assert read["bshm_answers_total", "200"] == 2
    assert read["bshm_answers_total", "422"] == 1
    assert read["bshm_worker_restarts_total", "SIGKILL"] == 1


def test_what_is_measured_stands_as_it_was_last() -> None:
    metrics = Metrics()
    metrics.measure(measured(running=9))
    metrics.measure(measured(running=2, queue_bytes=5000, server_bytes=10, worker_bytes=20, worker_up=False))
    read = samples(metrics)
    assert read["bshm_queue_waiting", "interactive"] == 1
    assert read["bshm_queue_waiting", "batch"] == 2
    assert read["bshm_queue_running",] == 2
    assert read["bshm_queue_bytes",] == 5000
    assert read["bshm_resident_memory_bytes", "server"] == 10
    assert read["bshm_resident_memory_bytes", "worker"] == 20
    assert read["bshm_worker_up",] == 0


def test_runs_add_up_over_workers() -> None:
    metrics = Metrics()
    for runs in (0, 5, 7, 7, 0, 3):  # the worker was lost after 7
        metrics.measure(measured(runs=runs))
    assert samples(metrics)["bshm_network_runs_total",] == 10


def test_two_engines_in_one_process_do_not_share_them() -> None:
    first, second = Metrics(), Metrics()
    first.answered(200)
    assert ("bshm_answers_total", "200") not in samples(second)
