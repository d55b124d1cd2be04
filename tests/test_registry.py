"""Announced verifiers are found, described and hallmarked; broken ones harm nobody."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from assayoffice.verifiers import InvalidTaskError, Outcome, VerifierUnavailableError, registry
from assayoffice.verifiers.registry import Loaded, Registered, Unloadable

PLUGINS = Path(__file__).parent / "plugins"

VERIFIER = """
import dataclasses
from assayoffice.verifiers import Limits, Outcome, Verdict
{imports}

@dataclasses.dataclass(frozen=True)
class Task:
    word: str

class Plain:
    name = "plain"
    version = "1"
    summary = "s"
    task_type = Task
    limits = Limits(1.0, 1.0, 1, 1.0)
    decided_by = ()

    def verify(self, submission, effort):
        {body}
        return Verdict(Outcome.CORRECT, 1.0, "SAME")
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes modules of a throw-away package and forgets them afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(**files: str) -> None:
        folder = tmp_path / "plainpkg"
        (folder / "cases").mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        for name in [each for each in sys.modules if each.startswith("plainpkg")]:
            del sys.modules[name]

    yield write
    write()


def load_one(value: str, name: str = "plain") -> Registered:
    entry_point = EntryPoint(name, value, registry.GROUP)
    return registry.load([entry_point])[name]


def plain(imports: str = "", body: str = "pass") -> str:
    return VERIFIER.format(imports=imports, body=body)


def digest(loaded: Registered) -> str:
    assert isinstance(loaded, Loaded), loaded
    return loaded.hallmark.digest


class TestLoading:
    def test_installed_verifiers_are_found_by_their_entry_points(self, monkeypatch):
        monkeypatch.syspath_prepend(str(PLUGINS))
        found = registry.load()
        assert isinstance(found["toy"], Loaded)
        assert found["toy"].verifier.name == "toy"

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("raise OSError('no licence file')", "OSError: no licence file"),
            ("class Plain: name = 'plain'", "lacks decided_by, limits"),
            (plain().replace('"plain"', '"simple"'), "calls itself 'simple'"),
            (plain().replace("decided_by = ()", "decided_by = ('nosuchdist',)"), "nosuchdist"),
            ("", "has no attribute 'Plain'"),
        ],
    )
    def test_broken_verifier_stays_listed_with_the_reason(self, package, text, reason):
        package(broken=text)
        loaded = load_one("plainpkg.broken:Plain")
        assert isinstance(loaded, Unloadable)
        assert reason in loaded.reason

    @pytest.mark.parametrize("name", ["plain-words", "Plain", "1st", "", "p" * 65])
    def test_name_that_no_submission_can_have_is_refused(self, package, name):
        package(named=plain().replace('"plain"', repr(name)))
        loaded = load_one("plainpkg.named:Plain", name)
        assert isinstance(loaded, Unloadable)
        assert "must match [a-z][a-z0-9_]{0,63}" in loaded.reason

    def test_verifier_without_the_tools_it_needs_says_what_is_missing(self, package):
        raising = """
    def tools(self):
        from assayoffice.verifiers import VerifierUnavailableError
        raise VerifierUnavailableError("no namespaces; allow them")
"""
        package(one=plain() + raising)
        assert load_one("plainpkg.one:Plain") == Unloadable("plain", "no namespaces; allow them")

    def test_languages_of_programs_are_known(self, package):
        package(one=plain() + "\n    def languages(self): return ['python', 'c']\n")
        loaded = load_one("plainpkg.one:Plain")
        assert isinstance(loaded, Loaded)
        assert loaded.languages == ("c", "python")

    def test_name_announced_twice_serves_neither(self, package):
        package(one=plain(), two=plain())
        twice = [
            EntryPoint("plain", f"plainpkg.{each}:Plain", registry.GROUP) for each in ("one", "two")
        ]
        loaded = registry.load(twice)["plain"]
        assert isinstance(loaded, Unloadable)
        assert "two packages" in loaded.reason


class TestHallmark:
    def test_equal_code_gives_the_equal_digest_wherever_it_is_installed(self, package):
        package(one=plain())
        first = digest(load_one("plainpkg.one:Plain"))
        package(one=plain())
        assert digest(load_one("plainpkg.one:Plain")) == first

    def test_change_in_a_module_imported_inside_a_function_changes_the_digest(self, package):
        text = plain(body="from plainpkg import deep")
        package(one=text, deep="import plainpkg.deeper", deeper="CONVENTION = 1")
        first = digest(load_one("plainpkg.one:Plain"))
        package(one=text, deep="import plainpkg.deeper", deeper="CONVENTION = 2")
        assert digest(load_one("plainpkg.one:Plain")) != first

    def test_relative_imports_count(self, package):
        text = plain(imports="from . import deep")
        package(one=text, deep="CONVENTION = 1")
        first = digest(load_one("plainpkg.one:Plain"))
        package(one=text, deep="CONVENTION = 2")
        assert digest(load_one("plainpkg.one:Plain")) != first

    def test_module_nobody_imports_does_not_count(self, package):
        package(one=plain())
        first = digest(load_one("plainpkg.one:Plain"))
        package(one=plain(), other="CONVENTION = 2")
        assert digest(load_one("plainpkg.one:Plain")) == first

    def test_tools_of_the_host_that_decide_are_parts(self, package):
        package(one=plain() + "\n    def tools(self): return {'gcc': '12'}\n")
        loaded = load_one("plainpkg.one:Plain")
        assert isinstance(loaded, Loaded)
        assert loaded.hallmark.parts["tool gcc"] == "12"

    def test_versions_of_what_decides_are_parts(self, monkeypatch):
        monkeypatch.syspath_prepend(str(PLUGINS))
        toy = registry.load()["toy"]
        assert isinstance(toy, Loaded)
        assert set(toy.hallmark.parts) == {"python", "limits", "pydantic", "code"}


class TestCases:
    def write_cases(self, tmp_path: Path, text: str) -> Loaded:
        (tmp_path / "plainpkg" / "cases" / "plain.jsonl").write_text(text)
        loaded = load_one("plainpkg.one:Plain")
        assert isinstance(loaded, Loaded)
        return loaded

    def test_cases_carry_typed_tasks(self, package, tmp_path):
        package(one=plain())
        loaded = self.write_cases(
            tmp_path,
            '{"id": "a", "kind": "right", "response": "x", "task": {"word": "y"}, '
            '"outcome": "CORRECT"}\n',
        )
        (case,) = loaded.cases()
        assert (case.submission.task.word, case.outcome) == ("y", Outcome.CORRECT)

    def test_verifier_may_adapt_its_cases_to_the_host(self, package, tmp_path):
        adapting = """
    def cases_here(self, shipped):
        return [{**row, "id": f"{where}/{row['id']}"} for where in "ab" for row in shipped]
"""
        package(one=plain() + adapting)
        row = '{"id": "1", "kind": "right", "response": "", "task": {"word": "y"}, "error": "E"}'
        loaded = self.write_cases(tmp_path, row)
        assert [case.id for case in loaded.cases()] == ["a/1", "b/1"]

    def test_verifier_without_cases_for_this_host_does_not_serve(self, package, tmp_path):
        adapting = "\n    def cases_here(self, shipped): return []\n"
        package(one=plain() + adapting)
        row = '{"id": "1", "kind": "right", "response": "", "task": {"word": "y"}, "error": "E"}'
        with pytest.raises(VerifierUnavailableError, match="has no cases"):
            self.write_cases(tmp_path, row).cases()

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            '{"id": "a", "kind": "right", "response": "x", "task": {"word": "y"}}',
            '{"id": "a", "kind": "right", "response": "x", "task": {}, "outcome": "CORRECT"}',
            '{"id": "a", "kind": "right", "response": "x", "task": {"word": "y"}, "outcome": "OK"}',
        ],
    )
    def test_unreadable_cases_keep_the_verifier_from_serving(self, package, tmp_path, text):
        package(one=plain())
        loaded = self.write_cases(tmp_path, text)
        with pytest.raises(VerifierUnavailableError, match=r"plain\.jsonl"):
            loaded.cases()

    def test_missing_cases_keep_the_verifier_from_serving(self, package):
        package(one=plain())
        loaded = load_one("plainpkg.one:Plain")
        assert isinstance(loaded, Loaded)
        with pytest.raises(VerifierUnavailableError, match="ships no cases"):
            loaded.cases()


def test_task_that_does_not_fit_names_the_field(monkeypatch):
    monkeypatch.syspath_prepend(str(PLUGINS))
    toy = registry.load()["toy"]
    assert isinstance(toy, Loaded)
    with pytest.raises(InvalidTaskError, match=r"task\.word: ") as caught:
        toy.task({"loud": True})
    assert caught.value.field == "word"
