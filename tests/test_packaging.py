"""What a wheel holds, and that it works without the checkout."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from lean_toolchain import settings_file

ROOT = Path(__file__).parents[1]
FOLDERS = ("verifiers", "server", "sandbox", "rl")


def export(target: Path) -> Path:
    """Copy what git has or would add, since building leaves files behind."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    for file in filter(None, files.split("\0")):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, target / file, follow_symlinks=False)
    return target


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    built = build(export(tmp_path_factory.mktemp("source")), out)
    assert built.returncode == 0, built.stdout
    return next(out.glob("*.whl"))


def test_wheel_holds_exactly_the_code_and_data_of_the_folders(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    root = {"assayoffice/__init__.py", "assayoffice/cli.py", "assayoffice/py.typed"}
    generated = {
        path.relative_to(ROOT / "src").as_posix()
        for folder in ("assayoffice/v1", "buf/validate")
        for path in (ROOT / "src" / folder).glob("*.py*")
    }
    written = {
        f"assayoffice/{path.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for pattern in (
            "*.py",
            "*.bpf",
            "cases/*.jsonl",
            "configs/*.toml",
            "rewrites/*.json",
            "rewrites/*.toml",
            "prompts/*.md",
        )
        for path in (ROOT / folder).rglob(pattern)
    }
    assert packed == root | generated | written


def install(wheel: Path, folder: Path) -> tuple[Path, Path]:
    """The interpreter and the packages of an environment with the wheel."""
    # The dependencies come from this environment: installing them anew would only test PyPI.
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = next(folder.glob("lib/python*/site-packages"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, wheel], check=True)
    ours = Path(pytest.__file__).parents[1]
    (site / "dependencies.pth").write_text(f"{ours}\n")
    return python, site


@pytest.mark.heavy
def test_installed_wheel_runs_and_brings_its_cases(wheel, tmp_path):
    python, site = install(wheel, tmp_path)
    assay = [python, "-P", tmp_path / "bin" / "assay"]
    version = subprocess.run(
        [*assay, "--version"], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True
    )
    assert version.stdout.startswith("assay ")
    code = (
        "from pathlib import Path\n"
        "from assayoffice.verifiers import registry\n"
        f"assert Path(registry.__file__).is_relative_to({str(site)!r}), registry.__file__\n"
        "loaded = registry.load()\n"
        "assert 'no Lean is configured' in loaded.pop('lean').reason\n"
        "for name, each in loaded.items(): assert each.cases(), name\n"
    )
    subprocess.run([python, "-P", "-c", code], cwd=tmp_path, check=True)


@pytest.mark.heavy
def test_installed_wheel_judges_proofs(wheel, tmp_path):
    """What sandboxes are handed as text is in the wheel, too."""
    python, site = install(wheel, tmp_path)
    code = (
        "from pathlib import Path\n"
        "from assayoffice.verifiers import Effort, Outcome, registry\n"
        "from assayoffice.verifiers.lean import configuration, settings\n"
        f"assert Path(registry.__file__).is_relative_to({str(site)!r}), registry.__file__\n"
        f"settings.configure(configuration.read(Path({str(settings_file())!r})))\n"
        "loaded = registry.load()['lean']\n"
        "case = loaded.cases()[0]\n"
        "verdict = loaded.verifier.verify(case.submission, Effort.FULL)\n"
        "assert verdict.integrity == 'replayed', verdict\n"
    )
    subprocess.run([python, "-P", "-c", code], cwd=tmp_path, check=True)


def test_checkout_whose_links_were_flattened_does_not_build(tmp_path):
    source = export(tmp_path / "source")
    for folder in FOLDERS:
        link = source / "src" / "assayoffice" / folder
        text = str(link.readlink())
        link.unlink()
        link.write_text(text)  # What a .zip download makes of a link.
    built = build(source, tmp_path / "dist")
    assert built.returncode != 0
    assert not list(tmp_path.glob("dist/*.whl"))
