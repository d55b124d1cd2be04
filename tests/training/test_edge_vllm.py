"""``assay edge`` with a real vLLM: the toy knows nothing before it is trained, and that is told."""

import json
import subprocess
import sys
from pathlib import Path

from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.toy import fractions

ENGINE = {"dtype": "float32", "enforce_eager": True, "max_model_len": 128, "max_num_seqs": 64}
COUNT = 12


def test_another_band_needs_no_engine(model_folders: tuple[Path, Path], tmp_path: Path) -> None:
    rows = [
        {
            "id": f"toy {number}",
            "domain": each.domain,
            "prompt": each.question,
            "reference": each.ground_truth,
        }
        for number, each in enumerate(fractions.problems()[:COUNT])
    ]
    file, kept = tmp_path / "rows.jsonl", tmp_path / "kept.parquet"
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))

    def edge(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(sys.executable, "-c", "from assayoffice.cli import main; main()", "edge"),
                *(str(file), "--model", str(model_folders[0]), "--output", str(kept), "--json"),
                *("--samples", "4", "--max-tokens", "12", "--engine", json.dumps(ENGINE), *more),
            ],
            capture_output=True,
            text=True,
            timeout=240,
        )

    strict = edge()
    assert strict.returncode == 1, strict.stderr
    found = json.loads(strict.stdout)
    assert found["dropped"]["hopeless"] + found["dropped"]["inconsistent"] == COUNT
    assert "nothing is kept" in found["advice"][0]
    assert not kept.exists()

    work = tmp_path / "kept.parquet.work"
    before = {name: (work / name).read_bytes() for name in ("answers.jsonl", "judged.jsonl")}
    # An engine that would start would write its log.
    (log,) = work.glob("answers.jsonl.log")
    log.unlink()
    wide = edge("--min-solve-rate", "0")
    assert wide.returncode == 0, wide.stderr
    assert not log.exists()
    assert {name: (work / name).read_bytes() for name in before} == before
    problems = list(read_problems(str(kept)))
    assert len(problems) == json.loads(wide.stdout)["kept"] > 0
    for each in problems:
        extra = each.row["extra_info"]  # type: ignore[union-attr]
        assert extra["edge"]["samples"] == 4 and extra["edge"]["mean_tokens"] > 0  # type: ignore[index]
