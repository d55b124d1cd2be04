"""``assay rewrites propose`` asks vLLM's own OpenAI server, with a model that knows nothing.

What such a model writes is noise in the form that vLLM holds it to: every answer has to be served,
read, and turned away with a reason.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from assayoffice.rl.toy import model
from assayoffice.rl.verl import cpu

_START_SECONDS = 80.0
PARENT = {
    "id": "train",
    "kind": "variation",
    "problem": "A train covers 180 km in two and a half hours. What is its average speed in km/h?",
    "verifier": "numeric",
    "reference": "72",
    "original": {"id": "speed"},
    "provenance": {"source": "real"},
    "premises": {"unknowns": {"v": "positive"}, "constraints": ["v*2.5 == 180"], "asked": "v"},
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("model")
    # The prompts are longer than anything the toy is trained on.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "_LONGEST", 8192)
        model.build(folder, seed=1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Whole prompts at once: vLLM 0.27.1 on CPUs ends when it splits one that came with a seed.
    flags = "--enforce-eager --max-num-batched-tokens 32768 --no-enable-chunked-prefill".split()
    log = folder / "server.log"
    with log.open("w") as written:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", *flags),
                *("--model", str(folder), "--served-model-name", "tiny", "--dtype", "float32"),
                *("--host", "127.0.0.1", "--port", str(port), "--max-model-len", "8192"),
            ],
            env={**os.environ, **cpu.ENVIRONMENT},
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(server, port, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"vLLM does not serve: {log.read_text()[-3000:]}")


def test_noise_in_the_right_form_is_served_and_turned_away(url: str, tmp_path: Path) -> None:
    rows, output, rejected = (tmp_path / f"{name}.jsonl" for name in ("rows", "out", "rejected"))
    rows.write_text(json.dumps(PARENT) + "\n")
    result = subprocess.run(
        [
            *(sys.executable, "-c", "from assayoffice.cli import main; main()"),
            *("rewrites", "propose", str(rows), "--api", url, "--model", "tiny"),
            *("--prompt", "paraphrase", "--prompt", "variation", "--count", "4"),
            *("--output", str(output), "--rejected", str(rejected), "--json"),
            *("--response-format", "json_schema", "--max-tokens", "400", "--temperature", "1"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 1, result.stderr
    *proposals, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert last["summary"]["trouble"] == last["summary"]["admitted"] == 0
    assert output.read_text() == ""
    written = [json.loads(line) for line in rejected.read_text().splitlines()]
    assert [each["id"] for each in written] == [each["id"] for each in proposals]
    assert len({each["id"] for each in written}) == 8
    for each in written:
        assert each["reason"] and each["message"]
        # The form is vLLM's doing, even where an answer was cut off.
        assert each["answer"].lstrip().startswith("{"), each
        assert each["provenance"]["lineage"]["endpoint_model"] == "tiny"
    seeds = {each["provenance"]["lineage"]["seed"] for each in written}
    assert len(seeds) == 8


def test_a_model_that_vllm_does_not_serve_is_refused(url: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": "speed", "problem": "Prove that speed is distance over time."}\n')
    result = subprocess.run(
        [
            *(sys.executable, "-c", "from assayoffice.cli import main; main()"),
            *("rewrites", "propose", str(rows), "--api", url, "--model", "another"),
            *("--prompt", "proof_to_numeric", "--output", str(tmp_path / "out.jsonl")),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 4
    assert "404" in result.stderr
