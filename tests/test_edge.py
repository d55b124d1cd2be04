"""Filtering, with a real service, and a model behind an endpoint that says what is scripted."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from edge_cases import ANSWERS, REQUEST, row, rows_file, scripted
from fake_completions import FakeCompletions, Raw, dying_after, unused_port
from judging_answers import FakeClient, shed

from assayoffice.rl.client import Client
from assayoffice.rl.edge.band import Band, Dropped, Kept
from assayoffice.rl.edge.errors import EdgeError, UnservedVerifierError
from assayoffice.rl.edge.filtering import edge
from assayoffice.rl.edge.references import Stronger
from assayoffice.rl.edge.result import EdgeResult
from assayoffice.rl.endpoints.endpoint import Patience
from assayoffice.rl.endpoints.errors import EndpointUnavailableError
from assayoffice.rl.errors import UnavailableError
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.problems.reading import read_problems
from assayoffice.rl.results import ItemError
from assayoffice.rl.sampling.errors import ChangedAnswersError
from assayoffice.rl.sampling.models import EndpointModel

BAND = Band()
BROKEN = {**row("broken"), "prompt": 3}
UNREADABLE = row("unreadable", reference="\\frac{1")


@pytest.fixture(scope="module")
def client(endpoint: str) -> Iterator[Client]:
    with Client(endpoint, wait_for_ready=False) as client:
        yield client


@pytest.fixture
def model() -> Iterator[FakeCompletions]:
    with FakeCompletions(scripted()) as fake:
        yield fake


class Edge:
    """Calls ``edge`` for what lies in a folder, with what a test changes."""

    def __init__(self, folder: Path, client: Client, url: str) -> None:
        self.folder = folder
        self.client = client
        self.model = EndpointModel(url, "tiny", patience=Patience(20, 1))

    def __call__(self, *files: Path, band: Band = BAND, **changed: Any) -> EdgeResult:
        fields: dict[str, Any] = {
            "work": self.folder / "work",
            "output": self.folder / "kept.jsonl",
            "dropped": self.folder / "dropped.jsonl",
            **changed,
        }
        request = fields.pop("request", REQUEST)
        client = fields.pop("client", self.client)
        return edge([str(each) for each in files], self.model, request, band, client, **fields)

    def stronger(self, min_plurality: float = 0.5) -> Stronger:
        return Stronger(replace(self.model, model="strong"), REQUEST, min_plurality)

    def kept(self) -> list[dict[str, Any]]:
        return rows_in(self.folder / "kept.jsonl")


@pytest.fixture
def filtering(tmp_path: Path, client: Client, model: FakeCompletions) -> Edge:
    return Edge(tmp_path, client, model.url)


def rows_in(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def fates(result: EdgeResult) -> dict[str, str]:
    found = {}
    for each in result.decisions:
        match each.decision:
            case Kept():
                found[each.id] = "kept"
            case Dropped(reason):
                found[each.id] = reason.value
            case ItemError(reason=reason):
                found[each.id] = f"error {reason}"
    return found


def everything(folder: Path) -> Path:
    return rows_file(folder, *(row(each) for each in ANSWERS), BROKEN, UNREADABLE)


class TestReasons:
    def test_each_occurs(self, filtering, tmp_path):
        result = filtering(everything(tmp_path), stronger=filtering.stronger())
        assert fates(result) == {
            "kept": "kept",
            "solved": "solved",
            "hopeless": "hopeless",
            "silent": "hopeless",
            "inconsistent": "inconsistent",
            "bare": "kept",
            "disputed": "inconsistent",
            "8": "unscorable",
            "unreadable": "unscorable",
        }
        assert result.kept == 2
        assert {each.value: count for each, count in result.total.dropped.items()} == {
            "solved": 1,
            "hopeless": 2,
            "inconsistent": 2,
            "unscorable": 2,
        }
        # The row that could not be read has no domain.
        assert (result.domains["sums"].problems, result.domains[""].problems) == (8, 1)
        assert sorted(result.total.solve_rates) == [0, 0, 0.25, 0.5, 0.75, 1]
        assert sorted(result.total.kept_solve_rates) == [0.5, 0.75]

    def test_equal_answers_in_other_notations_are_one(self, filtering, tmp_path):
        filtering(rows_file(tmp_path, row("kept")))
        (kept,) = filtering.kept()
        found = kept["extra_info"]["edge"]
        assert (found["samples"], found["correct"], found["answers"]) == (4, 3, 2)
        assert (found["solve_rate"], found["agreement"]) == (0.75, 0.75)
        assert found["solve_rate_low"] == pytest.approx(0.3006, abs=1e-4)
        assert found["solve_rate_high"] == pytest.approx(0.9544, abs=1e-4)
        assert found["disagreement"] == pytest.approx(0.4056, abs=1e-4)
        assert (found["plurality"], found["plurality_is_right"]) == ("1/2", True)
        assert found["mean_tokens"] == 10 + sum(map(len, ANSWERS["kept"])) / 4
        assert (found["model"], found["reference_from"]) == ("tiny", "row")
        assert (found["silent"], found["cut_off"]) == (0, 0)

    def test_unscorable_rows_are_not_sampled(self, filtering, model, tmp_path):
        changed = row("changed", stamp={"hallmark": "a" * 64, "content": "b" * 64})
        result = filtering(rows_file(tmp_path, BROKEN, UNREADABLE, changed, row("bare")))
        assert set(fates(result).values()) == {"unscorable"}
        assert model.requests == []
        said = [each.decision.detail for each in result.decisions]
        assert "row 1: prompt: must be text" in said[0]
        assert said[1].startswith("UNSCORABLE_REFERENCE: ")
        assert "its stamp is of another task" in said[2]
        assert said[3] == "it has no reference, and no stronger model is there to give one"
        assert result.output is None and not (tmp_path / "kept.jsonl").exists()

    def test_dropped_rows_are_written_with_their_reasons(self, filtering, tmp_path):
        filtering(everything(tmp_path), stronger=filtering.stronger())
        written = rows_in(tmp_path / "dropped.jsonl")
        assert [each["dropped"]["reason"] for each in written] == [
            *("solved", "hopeless", "hopeless", "inconsistent"),
            *("inconsistent", "unscorable", "unscorable"),
        ]
        assert written[0]["extra_info"]["edge"]["solve_rate"] == 1.0
        assert written[0]["dropped"]["row"] == 2
        assert "edge" not in written[4]["extra_info"]
        assert set(written[5]) == {"id", "dropped"}
        # What this model cannot do, another may yet be filtered with.
        problems = list(read_problems(str(tmp_path / "dropped.jsonl")))
        again = [each.id for each in problems if isinstance(each, Problem)]
        assert again == ["solved", "hopeless", "silent", "inconsistent", "disputed", "unreadable"]


class TestKeptRows:
    @pytest.mark.parametrize("name", ["kept.parquet", "kept.jsonl"])
    def test_are_problems_with_the_stamp_that_the_service_strikes(
        self, filtering, client, tmp_path, name
    ):
        file = rows_file(tmp_path, row("kept"), row("bare", domain="other"))
        output = tmp_path / name
        filtering(file, output=output, stronger=filtering.stronger())
        problems = list(read_problems(str(output)))
        assert [(each.id, each.domain) for each in problems] == [
            ("kept", "sums"),
            ("bare", "other"),
        ]
        assert [each.task for each in problems] == [{"reference": "1/2"}, {"reference": "6/2"}]
        # A stamp of another task would be found out.
        again = filtering(output, work=tmp_path / "again", output=tmp_path / "again.jsonl")
        assert fates(again) == {"kept": "kept", "bare": "kept"}
        assert all(each.stamp is not None for each in problems)

    def test_say_whose_answer_is_their_reference(self, filtering, tmp_path):
        filtering(rows_file(tmp_path, row("bare")), stronger=filtering.stronger())
        (kept,) = filtering.kept()
        assert kept["reward_model"]["ground_truth"] == "6/2"
        found = kept["extra_info"]["edge"]
        assert found["reference_from"] == "plurality of strong (3 of 4)"
        assert (found["correct"], found["plurality_is_right"]) == (2, True)

    def test_equal_runs_give_equal_bytes(self, filtering, tmp_path):
        file = rows_file(tmp_path, row("kept"), row("bare"))
        for name in ("a.parquet", "b.parquet"):
            work = tmp_path / f"work of {name}"
            filtering(file, work=work, output=tmp_path / name, stronger=filtering.stronger())
        assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()

    def test_say_what_the_model_is_called(self, filtering, tmp_path):
        filtering(rows_file(tmp_path, row("kept")), name="the base model")
        (kept,) = filtering.kept()
        assert kept["extra_info"]["edge"]["model"] == "the base model"

    def test_rows_of_files_that_number_alike_are_told_apart(self, filtering, tmp_path):
        first = rows_file(tmp_path, row("kept"), name="first.jsonl")
        second = rows_file(tmp_path, row("kept"), row("kept"), name="second.jsonl")
        with FakeCompletions(lambda asked: "\\boxed{1/2}") as other:
            filtering.model = replace(filtering.model, url=other.url)
            result = filtering(first, second)
        assert [each.id for each in result.decisions] == ["kept", "second/kept", "kept"]
        assert [type(each.decision) for each in result.decisions] == [Dropped] * 3
        assert "is also that of row 1" in result.decisions[2].decision.detail


class TestStronger:
    def test_the_plurality_must_be_large_enough(self, filtering, model, tmp_path):
        file = rows_file(tmp_path, row("bare"), row("disputed"))
        result = filtering(file, stronger=filtering.stronger(0.8))
        assert fates(result) == {"bare": "inconsistent", "disputed": "inconsistent"}
        said = [each.decision.detail for each in result.decisions]
        assert said[0] == "no more than 3 of 4 samples of the stronger model agree, less than 0.8"
        # Another share is another rule about the same samples.
        asked = len(model.requests)
        assert fates(filtering(file, stronger=filtering.stronger(0.75)))["bare"] == "kept"
        assert len(model.requests) == asked

    def test_of_two_answers_as_frequent_neither_is_a_reference(self, filtering, tmp_path):
        result = filtering(rows_file(tmp_path, row("disputed")), stronger=filtering.stronger(0.3))
        (decided,) = result.decisions
        assert decided.decision.detail.endswith("agree, and as many on another answer")

    def test_one_that_says_nothing(self, filtering, tmp_path):
        with FakeCompletions(scripted(stronger={"bare": ["Well."] * 4})) as silent:
            filtering.model = replace(filtering.model, url=silent.url)
            result = filtering(rows_file(tmp_path, row("bare")), stronger=filtering.stronger())
        assert result.decisions[0].decision.detail == "the stronger model gives no answer"

    def test_its_trouble_is_no_reason(self, filtering, tmp_path):
        def refusing(asked):
            return Raw(400, b"no") if asked["model"] == "strong" else scripted()(asked)

        with FakeCompletions(refusing) as other:
            filtering.model = replace(filtering.model, url=other.url)
            result = filtering(rows_file(tmp_path, row("bare")), stronger=filtering.stronger())
        assert fates(result) == {"bare": "error NO_ANSWERS"}


class TestGoingOn:
    def test_another_band_samples_and_judges_nothing_again(self, filtering, model, tmp_path):
        file = everything(tmp_path)
        filtering(file, stronger=filtering.stronger())
        asked = len(model.requests)
        judged = (tmp_path / "work" / "judged.jsonl").read_bytes()
        wide = filtering(file, band=Band(0, 1), stronger=filtering.stronger())
        assert fates(wide)["solved"] == "solved"  # As all its samples agree.
        assert fates(wide)["hopeless"] == "kept"
        assert len(model.requests) == asked
        assert (tmp_path / "work" / "judged.jsonl").read_bytes() == judged

    def test_a_band_that_keeps_nothing_leaves_no_rows_of_another(self, filtering, tmp_path):
        file = rows_file(tmp_path, row("kept"))
        assert filtering(file).output == tmp_path / "kept.jsonl"
        assert filtering(file, band=Band(0.2, 0.5)).output is None
        assert not (tmp_path / "kept.jsonl").exists()

    def test_an_endpoint_that_dies_is_gone_on_with(self, filtering, model, tmp_path):
        file = everything(tmp_path)
        whole = Edge(tmp_path / "whole", filtering.client, model.url)
        whole(file, stronger=whole.stronger())
        with FakeCompletions(dying_after(14, scripted())) as dying:
            broken = Edge(tmp_path, filtering.client, dying.url)
            broken.model = replace(broken.model, concurrency=1)
            result = broken(file, stronger=broken.stronger())
        # The stronger model answered two problems, and the other one before it died.
        assert fates(result)["kept"] == "kept"
        assert fates(result)["solved"] == fates(result)["bare"] == "error NO_ANSWERS"
        # What needs no samples is known, and what has a plurality or none is, too.
        assert fates(result)["disputed"] == "inconsistent"
        assert result.total.errors == 5
        asked = len(model.requests)
        filtering(file, stronger=filtering.stronger())
        assert len(model.requests) - asked == asked - 12
        for name in ("kept.jsonl", "dropped.jsonl"):
            assert (tmp_path / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()

    def test_a_problem_without_answers_is_asked_again_and_all_are_judged_then(
        self, filtering, model, tmp_path
    ):
        def refusing(asked):
            if "kept" in asked["messages"][-1]["content"]:
                return Raw(400, b"no such question")
            return scripted()(asked)

        file = rows_file(tmp_path, row("kept"), row("solved"))
        with FakeCompletions(refusing) as other:
            troubled = Edge(tmp_path, filtering.client, other.url)
            result = troubled(file)
        assert fates(result) == {"kept": "error NO_ANSWERS", "solved": "solved"}
        assert (result.total.errors, result.kept, result.output) == (1, 0, None)
        assert fates(filtering(file)) == {"kept": "kept", "solved": "solved"}
        assert len(model.requests) == 4

    def test_what_the_service_has_no_time_for_is_judged_by_the_next_run(
        self, filtering, model, tmp_path
    ):
        file = rows_file(tmp_path, row("kept"), row("solved"))
        client = FakeClient()
        client.failing["kept"] = shed("kept")
        result = filtering(file, client=client)
        assert fates(result)["kept"] == "error OVERLOADED"
        asked = len(model.requests)
        del client.failing["kept"]
        assert fates(filtering(file, client=client))["kept"] != "error OVERLOADED"
        assert len(model.requests) == asked

    def test_another_request_is_refused_and_says_what_to_do(self, filtering, tmp_path):
        file = rows_file(tmp_path, row("kept"))
        filtering(file)
        with pytest.raises(ChangedAnswersError, match=r"temperature[\s\S]*another --work"):
            filtering(file, request=replace(REQUEST, temperature=0.5))

    def test_an_endpoint_that_is_not_there_ends_it(self, filtering, tmp_path):
        url = f"http://127.0.0.1:{unused_port()}/v1"
        filtering.model = replace(filtering.model, url=url)
        with pytest.raises(EndpointUnavailableError):
            filtering(rows_file(tmp_path, row("kept")))
        assert not (tmp_path / "kept.jsonl").exists()


class TestBeforehand:
    def test_a_verifier_that_is_not_served_costs_no_samples(self, filtering, model, tmp_path):
        file = rows_file(tmp_path, row("kept"), row("kept2", verifier="astrology"))
        with pytest.raises(UnservedVerifierError, match="row 2: is judged by 'astrology', and"):
            filtering(file)
        assert model.requests == []

    def test_a_service_that_is_not_there_costs_no_samples(self, filtering, model, tmp_path):
        with (
            Client(f"127.0.0.1:{unused_port()}", wait_for_ready=False) as nobody,
            pytest.raises(UnavailableError),
        ):
            filtering(rows_file(tmp_path, row("kept")), client=nobody)
        assert model.requests == []

    def test_a_band_between_two_rates_is_refused(self, filtering, tmp_path):
        with pytest.raises(EdgeError, match="no solve rate of 4 samples lies from 0.3 to 0.45"):
            filtering(rows_file(tmp_path, row("kept")), band=Band(0.3, 0.45))

    def test_no_rows(self, filtering, tmp_path):
        with pytest.raises(EdgeError, match="no rows"):
            filtering(rows_file(tmp_path))

    def test_trouble_with_looking_is_no_fault_of_a_row(self, filtering, tmp_path):
        client = FakeClient()
        client.failing["kept"] = ItemError("kept", grpc.StatusCode.INTERNAL, "INTERNAL", "oh")
        result = filtering(rows_file(tmp_path, row("kept")), client=client)
        assert fates(result) == {"kept": "error INTERNAL"}

    def test_what_was_to_be_sampled_once_stays_so(self, filtering, model, tmp_path):
        file = rows_file(tmp_path, row("kept"), row("solved"))
        client = FakeClient()
        client.failing["kept"] = shed("kept")
        filtering(file, client=client)
        # Had it been found out before, it would not be among the problems that were sampled.
        fault = ItemError(
            "kept", grpc.StatusCode.INVALID_ARGUMENT, "UNSCORABLE_REFERENCE", "no number"
        )
        client.failing["kept"] = fault
        result = filtering(file, client=client)
        assert fates(result)["kept"] == "unscorable"
        assert result.decisions[0].decision.detail == "UNSCORABLE_REFERENCE: no number"
        assert len(model.requests) == 8
