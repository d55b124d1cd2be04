"""Acting when somebody else imports a module, and not before."""

import subprocess
import sys
import textwrap
from pathlib import Path


def _run(script: str, folder: Path) -> str:
    (folder / "wanted.py").write_text("VALUE = 1\n")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_acts_after_the_module_was_executed(tmp_path: Path) -> None:
    script = """
        import inspect, sys
        from assayoffice.rl.verl.imports import when_imported
        when_imported("wanted", lambda: print("acts with", sys.modules["wanted"].VALUE))
        print("wanted" in sys.modules)
        import wanted
        watching = [each for each in sys.meta_path if "_Watch" in repr(each)]
        print(inspect.getsource(wanted).strip(), len(watching))
        import importlib
        importlib.reload(wanted)
    """
    assert _run(script, tmp_path).splitlines() == ["False", "acts with 1", "VALUE = 1 0"]


def test_acts_at_once_where_the_module_is_there(tmp_path: Path) -> None:
    script = """
        import wanted
        from assayoffice.rl.verl.imports import when_imported
        when_imported("wanted", lambda: print("acts"))
    """
    assert _run(script, tmp_path) == "acts\n"


def test_a_module_that_does_not_exist_stays_so(tmp_path: Path) -> None:
    script = """
        from assayoffice.rl.verl.imports import when_imported
        when_imported("missing", lambda: print("acts"))
        try:
            import missing
        except ModuleNotFoundError as error:
            print(error)
    """
    assert _run(script, tmp_path) == "No module named 'missing'\n"
