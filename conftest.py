"""One thrown-away PostgreSQL a test run, shared by all its workers; each worker clones a migrated template."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as properties

from huying.config.instance.cluster import ROLE, THROWN_AWAY, Cluster
from huying.config.instance.nats import NatsServer
from huying.kernel.stream import READINGS, URGENT, connect, ensure_streams, publisher
from huying.kernel.stream.tests.apart import run_apart

properties.register_profile(
    "huying", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a busy machine proves nothing
properties.load_profile("huying")
TEMPLATE = "huying_template"
_PLACE = "HUYING_TEST_CLUSTER"


def _cluster(place: Path) -> Cluster:
    return Cluster(place / "pg", place / "run", dict(THROWN_AWAY))


def pytest_configure(config: pytest.Config) -> None:
    """The controller of several workers, or a run without workers, owns the cluster; it starts when first needed."""
    if hasattr(config, "workerinput"):
        return
    place = Path(tempfile.mkdtemp(prefix="hy-", dir=None if len(tempfile.gettempdir()) < 60 else "/tmp"))
    place.chmod(0o755)
    os.environ[_PLACE] = str(place)
    if getattr(config.option, "numprocesses", None):
        _start(config, place)


def _start(config: pytest.Config, place: Path) -> Cluster:
    cluster = _cluster(place)
    cluster.start()
    config.add_cleanup(cluster.stop)
    return cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and (place := os.environ.pop(_PLACE, "")):
        config.add_cleanup(lambda: shutil.rmtree(place, ignore_errors=True))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The test run's PostgreSQL."""
    place = Path(os.environ[_PLACE])
    if hasattr(request.config, "workerinput") or (place / "run" / ".s.PGSQL.5432").exists():
        return _cluster(place)
    return _start(request.config, place)


@pytest.fixture(scope="session")
def django_db_setup(cluster: Cluster, django_db_blocker: pytest.FixtureRequest, worker_id: str) -> Iterator[None]:
    """Point Django at this worker's own clone of the template, made by whoever comes first."""
    name = f"huying_{worker_id}"
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with (cluster.directory.parent / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if cluster.ensure_database(TEMPLATE):
                try:
                    _use(cluster, TEMPLATE)
                    call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
                except BaseException:
                    connections.close_all()
                    with cluster.connect() as admin:
                        admin.execute(f"DROP DATABASE {TEMPLATE} WITH (FORCE)")
                    raise
                connections.close_all()
            cluster.ensure_database(name, template=TEMPLATE)
        _use(cluster, name)
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connections.close_all()


def _use(cluster: Cluster, name: str) -> None:
    address = {
        "NAME": name,
        "USER": ROLE,
        "HOST": str(cluster.socket_dir),
        "PASSWORD": "",
        "PORT": "",
        "CONN_MAX_AGE": 0,
    }
    django_settings.DATABASES["default"].update(address)
    connection.close()
    connection.settings_dict.update(address)


class StreamServer(NatsServer):
    """This worker's own nats-server, where `kernel.stream` finds it."""

    def kill(self) -> None:
        """kill -9; `start` brings it back on the same ports."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def stream_server() -> Iterator[StreamServer]:
    """A running nats-server with MQTT; nobody answers logins of devices unless the test does."""
    server = StreamServer(Path(django_settings.HUYING_DATA_DIR) / "nats", mqtt_port=0)
    server.start()
    yield server
    publisher().close()
    server.stop()


@pytest.fixture
def streams(stream_server: StreamServer) -> StreamServer:
    """The same with fresh, empty streams."""
    if stream_server.process is None or stream_server.process.poll() is not None:
        stream_server.start()
    run_apart(_begin_anew())
    return stream_server


async def _begin_anew() -> None:
    connection = await connect(name="tests")
    await ensure_streams(connection)
    for name in (READINGS, URGENT):
        await connection.jsm().delete_stream(name)
    await ensure_streams(connection)
    await connection.close()


@pytest.fixture(autouse=True)
def _mother_tongue() -> None:
    """Whatever language the test before spoke, this one begins in the place's own."""
    translation.activate(django_settings.LANGUAGE_CODE)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Of pytest-xdist; "main" when tests run in one process."""
    inputs = getattr(request.config, "workerinput", None)
    return str(inputs["workerid"]) if inputs else "main"
