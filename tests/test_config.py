"""Settings come from three places, and a mistake in any is said, not skipped."""

import dataclasses
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assayoffice.server import config
from assayoffice.server.cli import app
from assayoffice.server.config import ConfigError, LogLevel, Settings


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "assay.toml"
    path.write_text(text)
    return path


class TestPrecedence:
    def test_defaults_hold_where_nothing_is_said(self):
        assert config.load(None, {"PATH": "/bin"}, {"workers": None}) == Settings()

    def test_flags_win_over_variables_and_those_over_the_file(self, tmp_path):
        file = written(tmp_path, "workers = 1\nfull_workers = 1\nqueue_items = 1")
        environment = {"ASSAY_WORKERS": "2", "ASSAY_FULL_WORKERS": "2"}
        settings = config.load(file, environment, {"workers": 3, "queue_items": None})
        assert (settings.workers, settings.full_workers, settings.queue_items) == (3, 2, 1)

    def test_file_may_hold_every_setting(self, tmp_path):
        file = written(
            tmp_path,
            'listen = "[::1]:0"\ndrain_seconds = 5\nlog_level = "debug"\ntoken_file = "token"\n',
        )
        settings = config.load(file, {}, {})
        assert settings.listen == "[::1]:0"
        assert settings.drain_seconds == 5.0
        assert settings.log_level is LogLevel.DEBUG
        assert settings.token_file == Path("token")


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("wokers = 2", "wokers is no setting; did you mean workers?"),
            ("[server]\nworkers = 2", "server is no setting"),
            ("workers = 'two'", "workers: must be an integer, not 'two'"),
            ("workers = 2.5", "workers: must be an integer, not 2.5"),
            ("workers = true", "workers: must be an integer, not True"),
            ("drain_seconds = '5'", "drain_seconds: must be a number"),
            ("listen = 50051", "listen: must be a string"),
            ("workers = ", "Invalid value"),
            ("log_level = 'loud'", "log_level: must be one of the values, not 'loud'"),
        ],
    )
    def test_mistake_in_the_file_names_file_setting_and_remedy(self, tmp_path, text, message):
        file = written(tmp_path, text)
        with pytest.raises(ConfigError, match=re.escape(str(file))) as caught:
            config.load(file, {}, {})
        assert message in str(caught.value)

    def test_unknown_variable_is_an_error_with_the_one_that_was_meant(self):
        with pytest.raises(ConfigError, match="ASSAY_WORKER is .* did you mean ASSAY_WORKERS"):
            config.load(None, {"ASSAY_WORKER": "2"}, {})

    def test_variable_that_cannot_be_read_is_named(self):
        with pytest.raises(ConfigError, match="ASSAY_CACHE_BYTES: must be an integer, not '1GB'"):
            config.load(None, {"ASSAY_CACHE_BYTES": "1GB"}, {})

    def test_missing_file_is_named(self, tmp_path):
        with pytest.raises(ConfigError, match=r"absent\.toml: No such file"):
            config.load(tmp_path / "absent.toml", {}, {})

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"queue_bytes": 2**20}, "queue_bytes: must be at least 6"),
            ({"queue_items": 0}, "queue_items: must be at least 1"),
            ({"drain_seconds": float("nan")}, "drain_seconds: must be at least 0"),
            ({"listen": "50051"}, "listen: must be HOST:PORT"),
            ({"listen": "localhost:65536"}, "listen: must be HOST:PORT"),
            ({"listen": ":50051"}, "listen: must be HOST:PORT"),
            ({"tls_key": Path("key")}, "tls_certificate and tls_key"),
            ({"client_ca": Path("ca")}, "client_ca: needs"),
        ],
    )
    def test_values_that_cannot_work_are_refused(self, settings, message):
        with pytest.raises(ConfigError, match=message):
            config.load(None, {}, settings)


class TestOneTable:
    def test_every_setting_is_a_flag_with_its_default(self):
        shown = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "400"}).output
        for setting in config.table():
            assert f"{setting.flag} " in shown
            if setting.default is not None:
                assert f"Default: {setting.default}." in shown

    def test_every_setting_is_in_the_operations_manual(self):
        manual = Path(__file__).parents[1].joinpath("docs/operations.md").read_text()
        for setting in config.table():
            default = "" if setting.default is None else f"`{setting.default}`"
            assert f"| `{setting.name}` | {default} |" in manual

    def test_every_row_says_what_it_is_for(self):
        assert all(setting.doc.endswith(".") for setting in config.table())
        assert len(config.table()) == len(dataclasses.fields(Settings))

    def test_command_says_what_is_wrong_and_exits_with_2(self):
        result = CliRunner().invoke(app, ["serve"], env={"ASSAY_LISTN": "127.0.0.1:0"})
        assert result.exit_code == 2
        assert "did you mean ASSAY_LISTEN?" in result.output
