"""Nothing is half there: files, checkpoints, and the record of stages."""

import os
import signal
import subprocess
import sys

import pytest

from assayoffice.rl.training import checkpoints, stages
from assayoffice.rl.training.errors import ChangedRunError, TrainingError
from assayoffice.rl.training.folder import RunFolder, write_folder, write_whole
from assayoffice.rl.training.stages import Stages

NEWEST = "latest_checkpointed_iteration.txt"


class TestWriting:
    def test_killed_while_writing_leaves_what_was_there(self, tmp_path):
        path = tmp_path / "file"
        path.write_text("old")
        # Dies in the last moment at which the new text is complete and the old still in its place.
        program = (
            "import os, pathlib\n"
            "from assayoffice.rl.training.folder import write_whole\n"
            "pathlib.Path.rename = lambda *_: os.kill(os.getpid(), 9)\n"
            f"write_whole(pathlib.Path({str(path)!r}), 'new' * 100_000)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], check=False)
        assert done.returncode == -signal.SIGKILL
        assert path.read_text() == "old"
        write_whole(path, "new")
        assert path.read_text() == "new"

    def test_folder_is_there_only_when_it_is_filled(self, tmp_path):
        path = tmp_path / "model"

        def fail(folder):
            (folder / "half").write_text("")
            raise TrainingError("no room")

        with pytest.raises(TrainingError):
            write_folder(path, fail)
        assert not path.exists()
        write_folder(path, lambda folder: (folder / "whole").write_text(""))
        assert os.listdir(path) == ["whole"]


class TestCheckpoints:
    @pytest.fixture
    def folder(self, tmp_path):
        for step in (2, 4, 6):
            (tmp_path / f"global_step_{step}").mkdir()
        (tmp_path / "global_step_6" / "half").write_text("")
        return tmp_path

    def test_what_was_begun_after_the_newest_whole_one_is_removed(self, folder):
        (folder / NEWEST).write_text("4")
        assert checkpoints.tidy(folder) == 4
        assert sorted(os.listdir(folder)) == ["global_step_2", "global_step_4", NEWEST]

    def test_number_that_was_not_written_to_its_end_is_of_the_newest(self, folder):
        # verl opens the file, which empties it, when the checkpoint is whole.
        (folder / NEWEST).write_text("")
        assert checkpoints.tidy(folder) == 6
        assert (folder / NEWEST).read_text() == "6"

    def test_without_a_number_nothing_is_whole(self, folder):
        assert checkpoints.tidy(folder) == 0
        assert os.listdir(folder) == []

    def test_number_of_a_checkpoint_that_is_gone_is_none(self, folder):
        (folder / NEWEST).write_text("8")
        assert checkpoints.newest_step(folder) == 0

    def test_no_folder_is_no_checkpoint(self, tmp_path):
        assert checkpoints.tidy(tmp_path / "none") == 0

    def test_checkpoint_without_weights_says_what_to_set(self, folder):
        with pytest.raises(TrainingError, match="hf_model"):
            checkpoints.weights(folder, 4, "huggingface")


class TestStages:
    def test_finished_is_what_was_made_from_the_same(self, tmp_path):
        folder = RunFolder(tmp_path)
        made = tmp_path / "made"
        first = Stages(folder)
        assert not first.is_finished("a", {"x": 1})
        first.run("a", {"x": 1}, lambda: (made.write_text("y"), (made,))[1])
        again = Stages(folder)
        assert again.is_finished("a", {"x": 1})
        with pytest.raises(ChangedRunError, match="x: 1, now 2"):
            again.is_finished("a", {"x": 2})
        made.unlink()
        with pytest.raises(ChangedRunError, match="not what the stage a made"):
            again.is_finished("a", {"x": 1})

    def test_stage_that_fails_is_not_finished(self, tmp_path):
        def fail() -> tuple[()]:
            raise TrainingError("no")

        record = Stages(RunFolder(tmp_path))
        with pytest.raises(TrainingError):
            record.run("a", {}, fail)
        assert not Stages(RunFolder(tmp_path)).is_finished("a", {})

    def test_record_of_another_version_is_refused(self, tmp_path):
        (tmp_path / "stages.json").write_text('{"format": 99}')
        with pytest.raises(TrainingError, match="another version"):
            Stages(RunFolder(tmp_path))

    def test_many_changes_are_cut_short(self):
        text = stages.changes({}, {f"key {number}": number for number in range(30)})
        assert len(text.splitlines()) == 11 and "and 20 more" in text

    def test_digest_of_a_folder_sees_names_and_contents(self, tmp_path):
        (tmp_path / "a").write_text("1")
        first = stages.digest_at(tmp_path)
        (tmp_path / "a").rename(tmp_path / "b")
        second = stages.digest_at(tmp_path)
        (tmp_path / "b").write_text("2")
        assert len({first, second, stages.digest_at(tmp_path)}) == 3
