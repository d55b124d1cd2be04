"""What a process loads: a trainer neither verifiers nor server, the service no verifier."""

import json
import subprocess
import sys

from assayoffice import Client
from assayoffice.rl import Submission, Verdict


def third_party_after(statement: str) -> set[str]:
    """Packages outside the standard library that a fresh process has loaded after a statement."""
    command = [sys.executable, "-c", f"{statement}; import sys; print(*sys.modules)"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    packages = {
        # Of ours, what stands below the top.
        ".".join(module.split(".")[: 2 if module.startswith("assayoffice.") else 1])
        for module in printed.split()
        if not module.startswith(("_", "cython"))
    }
    return packages - sys.stdlib_module_names


def test_importing_the_package_loads_nothing_else():
    assert third_party_after("import assayoffice") - third_party_after("pass") == {"assayoffice"}


def test_client_loads_grpc_and_messages_and_nothing_else():
    loaded = third_party_after("from assayoffice import AsyncClient, Client")
    # grpc itself loads health and reflection when they are installed.
    grpc = {"grpc", "grpc_health", "grpc_reflection", "typing_extensions"}
    messages = {"assayoffice.v1", "buf", "google"}
    ours = {"assayoffice", "assayoffice.rl"}
    assert loaded - third_party_after("pass") == ours | messages | grpc


def test_service_process_loads_no_verifier(tmp_path):
    profile = tmp_path / "imports"
    command = [sys.executable, "-X", "importtime", "-m", "assayoffice.server"]
    flags = ["--listen", "127.0.0.1:0", "--json", "--stop-with-stdin"]
    with (
        profile.open("w") as stderr,
        subprocess.Popen(
            [*command, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
        ) as server,
    ):
        assert server.stdin and server.stdout
        endpoint = json.loads(server.stdout.readline())["endpoint"]
        with Client(endpoint) as client:
            submission = Submission("1", "numeric", r"\boxed{2}", {"reference": "2"})
            assert isinstance(client.verify(submission, timeout=30), Verdict)
        server.stdin.close()
        server.wait(30)
    loaded = {line.rpartition("|")[2].strip() for line in profile.read_text().splitlines()}
    assert "assayoffice.server.service" in loaded
    verifiers = {each for each in loaded if each.startswith("assayoffice.verifiers")}
    assert not verifiers | (loaded & {"flint", "mpmath", "pint", "sympy"})
