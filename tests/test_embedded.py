"""The embedded server is started, found, and never left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fake_service import spin_until

from assayoffice.rl.embedded import EmbeddedServer, EmbeddedServerError


def fake_server(body: str) -> tuple[str, ...]:
    return (sys.executable, "-c", "import json, os, sys, time\n" + body)


READY = 'print(json.dumps({"endpoint": "127.0.0.1:1", "verifiers": {}}), flush=True)\n'


class TestEmbeddedServer:
    def test_server_that_fails_to_start_shows_its_last_words(self):
        server = EmbeddedServer(
            start_seconds=20, command=fake_server("sys.stderr.write('port taken'); sys.exit(3)")
        )
        with pytest.raises(EmbeddedServerError, match="exit code 3(.|\n)*port taken"):
            with server:
                pass

    def test_server_that_never_serves_is_killed(self, tmp_path):
        pid = tmp_path / "pid"
        body = f"open({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
        server = EmbeddedServer(start_seconds=2, command=fake_server(body))
        with pytest.raises(EmbeddedServerError, match="did not serve within 2 s"):
            with server:
                pass
        assert not is_alive(int(pid.read_text()))

    def test_nonsense_is_not_taken_for_an_address(self):
        server = EmbeddedServer(start_seconds=20, command=fake_server("print('hello')"))
        with pytest.raises(EmbeddedServerError, match="hello"):
            with server:
                pass

    def test_end_of_the_block_ends_the_server_cleanly(self, tmp_path):
        ended = tmp_path / "ended"
        body = READY + f"sys.stdin.read(); open({str(ended)!r}, 'w').write('cleanly')"
        with EmbeddedServer(start_seconds=20, command=fake_server(body)) as ready:
            assert ready.endpoint == "127.0.0.1:1"
        assert ended.read_text() == "cleanly"

    def test_settings_meant_for_another_server_do_not_reach_it(self, monkeypatch):
        monkeypatch.setenv("ASSAY_TOKEN_FILE", "/somewhere/token")
        said = '{"endpoint": os.environ.get("ASSAY_TOKEN_FILE", "nothing"), "verifiers": {}}'
        body = f"print(json.dumps({said}), flush=True)"
        with EmbeddedServer(start_seconds=20, command=fake_server(body)) as ready:
            assert ready.endpoint == "nothing"

    def test_talkative_server_is_not_blocked(self, tmp_path):
        ended = tmp_path / "ended"
        flood = "sys.stderr.write('x' * 70 + '\\n')\n"
        body = READY + f"for _ in range(5000): {flood}open({str(ended)!r}, 'w').write('cleanly')"
        with EmbeddedServer(start_seconds=20, command=fake_server(body)):
            spin_until(ended.exists)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_killed_user_leaves_no_server_behind(tmp_path):
    pid_file = tmp_path / "pid"
    body = f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n{READY}sys.stdin.read()"
    code = f"""
import time
from assayoffice.rl.embedded import EmbeddedServer
with EmbeddedServer(start_seconds=20, command={fake_server(body)!r}):
    print("up", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as user:
        assert user.stdout is not None and user.stdout.readline() == b"up\n"
        user.send_signal(signal.SIGKILL)
    spin_until(lambda: not is_alive(int(pid_file.read_text())))
