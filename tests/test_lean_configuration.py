"""The file of Lean headers: what it may say, and how a mistake in it is told."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assayoffice.server import lean_settings
from assayoffice.server.cli import app
from assayoffice.server.config import ConfigError
from assayoffice.verifiers.lean import configuration
from assayoffice.verifiers.lean.configuration import ConfigurationError
from assayoffice.verifiers.lean.settings import STANDARD_AXIOMS, Header, LeanSettings, Replay

CORE = '[headers.core]\ntoolchain = "/opt/lean"\nsource = "import Init"\n'


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        file = tmp_path / "lean.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


class TestReading:
    def test_toolchain_and_source_suffice(self, written):
        file = written(CORE)
        header = Header("core", Path("/opt/lean"), "import Init", axioms=STANDARD_AXIOMS)
        assert configuration.read(file) == LeanSettings((header,), file)

    def test_every_key_of_a_header_is_read(self, written, tmp_path):
        text = """
[headers."mathlib-4.35"]
toolchain = "/opt/lean"
source = '''
import Mathlib
open Nat
'''
path = ["/srv/mathlib"]
axioms = ["propext"]
snapshot = "core.snapshot"
replay = "kernel"
repl = "/opt/repl"
"""
        (header,) = configuration.read(written(text)).headers
        assert header == Header(
            id="mathlib-4.35",
            toolchain=Path("/opt/lean"),
            source="import Mathlib\nopen Nat\n",
            path=(Path("/srv/mathlib"),),
            axioms=("propext",),
            snapshot=tmp_path / "core.snapshot",
            replay=Replay.KERNEL,
            repl=Path("/opt/repl"),
        )

    def test_no_axioms_are_not_the_standard_ones(self, written):
        (header,) = configuration.read(written(CORE + "axioms = []\n")).headers
        assert header.axioms == ()

    def test_paths_start_at_the_file_or_at_home(self, written, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", "/home/somebody")
        monkeypatch.chdir("/")
        (tmp_path / "core.lean").write_text("prelude\n")
        text = '[headers.a]\ntoolchain = "~/lean"\nsource_file = "core.lean"\npath = ["lib"]\n'
        (header,) = configuration.read(written(text)).headers
        assert header.toolchain == Path("/home/somebody/lean")
        assert header.source == "prelude\n"
        assert header.path == (tmp_path / "lib",)

    def test_headers_keep_their_order(self, written):
        text = CORE + CORE.replace("core", "basic")
        assert [each.id for each in configuration.read(written(text)).headers] == ["core", "basic"]


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("headers = ", "Invalid value"),
            ("", "headers: there are none; add a table [headers.NAME]"),
            ("headers = 3", "headers: must be a table"),
            ('[header.core]\nsource = ""', "header: there is no such key; did you mean headers?"),
            ("[headers]\ncore = 1", "headers.core: must be a table, not 1"),
            ('[headers."a b"]\nsource = ""', "headers.a b: a name has"),
            ('[headers.core]\nsource = ""', "headers.core.toolchain: missing"),
            ('[headers.core]\ntoolchain = ""\nsource = ""', "headers.core.toolchain: must be a"),
            ('[headers.core]\ntoolchain = "/x"', "headers.core.source, source_file: give one"),
            (CORE + 'source_file = "x"', "headers.core.source, source_file: give one"),
            (CORE + "toolchian = 1", "headers.core.toolchian: there is no such key; did you mean"),
            (CORE + "axioms = 'propext'", "headers.core.axioms: must be a list of strings"),
            (CORE + "axioms = [1]", "headers.core.axioms: must be a list of strings, not [1]"),
            (CORE + "path = '/srv'", "headers.core.path: must be a list of strings, not '/srv'"),
            (CORE + "snapshot = true", "headers.core.snapshot: must be a string, not True"),
            (CORE + "repl = true", "headers.core.repl: must be a string, not True"),
            (CORE + "replay = 'kernal'", "headers.core.replay: 'kernal' is none; did you mean"),
            (CORE.replace("import Init", "\\u0000"), "headers.core.source: has a character NUL"),
            (CORE.replace("import Init", "-" * 200_000), "headers: are more than 100000 bytes"),
        ],
    )
    def test_is_told_with_the_file_the_key_and_the_remedy(self, written, text, said):
        file = written(text)
        with pytest.raises(ConfigurationError, match=re.escape(f"{file}: ")) as caught:
            configuration.read(file)
        assert said in str(caught.value)

    def test_missing_source_is_told_with_its_key(self, written, tmp_path):
        text = '[headers.core]\ntoolchain = "/x"\nsource_file = "absent.lean"'
        with pytest.raises(ConfigurationError, match=r"core\.source_file: .*absent\.lean: No such"):
            configuration.read(written(text))

    def test_file_that_is_no_text_is_told(self, tmp_path):
        (tmp_path / "lean.toml").write_bytes(b"\xff")
        with pytest.raises(ConfigurationError, match=r"lean\.toml: is not UTF-8"):
            configuration.read(tmp_path / "lean.toml")
        with pytest.raises(ConfigurationError, match=r"lean\.toml: Is a directory"):
            (tmp_path / "x" / "lean.toml").mkdir(parents=True)
            configuration.read(tmp_path / "x" / "lean.toml")


class TestOtherProcess:
    def test_service_gets_what_the_file_says(self, written):
        file = written(CORE.replace("import Init", "-- ∀ é"))
        text = lean_settings.read(file)
        assert text.isascii()
        assert configuration.from_written(text) == configuration.read(file)

    def test_mistake_is_one_of_the_setting(self, written):
        file = written(CORE + "replay = 'all'")
        with pytest.raises(ConfigError, match=r"^lean: .*lean\.toml: headers\.core\.replay: 'all'"):
            lean_settings.read(file)

    def test_server_says_it_and_ends_with_2(self, tmp_path):
        command = [sys.executable, "-P", "-m", "assayoffice.server", "--listen", "127.0.0.1:0"]
        file = tmp_path / "absent.toml"
        ended = subprocess.run(
            [*command, "--lean", str(file)], capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 2
        # Without what the width of a terminal adds.
        assert f"error:lean:{file}:Nosuchfile" in "".join(ended.stderr.split())

    def test_doctor_says_it_and_ends_with_2(self, written):
        file = written(CORE + "replay = 'all'")
        result = CliRunner().invoke(app, ["doctor"], env={"ASSAY_LEAN": str(file)})
        assert result.exit_code == 2
        assert "headers.core.replay" in result.output
