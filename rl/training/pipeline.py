"""The stages of a run, in order: from nothing, or from where it was left, to its report.

model, data, service, evaluation "start", SFT, evaluation "sft", GRPO, evaluation "grpo", report.
Each is a process of its own or a call of the service; see ``stages.py`` for what is skipped, and
``children.py`` for what is left behind: nothing.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from assayoffice.rl.sampling.answers import discard
from assayoffice.rl.sampling.errors import ChangedAnswersError, SamplingError
from assayoffice.rl.sampling.models import LocalModel
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.sampling.sampling import sample
from assayoffice.rl.training import checkpoints, children, evaluation, metrics, report
from assayoffice.rl.training.config import MOMENTS, Config
from assayoffice.rl.training.errors import ChildError, TrainingError
from assayoffice.rl.training.folder import RunFolder, write_folder, write_whole
from assayoffice.rl.training.held_out import held_out
from assayoffice.rl.training.pins import keep_versions
from assayoffice.rl.training.progress import Advance, Progress
from assayoffice.rl.training.serving import Service, serve
from assayoffice.rl.training.stages import Facts, Stages, digest_at, digest_of
from assayoffice.rl.training.trainers import METRICS_VARIABLE, Job, Rewards
from assayoffice.rl.verl.cpu import ENVIRONMENT as CPU_ENVIRONMENT

_ENVIRONMENT = {
    # The folder of the run, where processes start, has folders named like modules.
    "PYTHONSAFEPATH": "1",
    "PYTHONUNBUFFERED": "1",  # logs are shown while they are written
    "RAY_USAGE_STATS_ENABLED": "0",
    "VLLM_NO_USAGE_STATS": "1",
}
# Where verl's trainers put the model within a checkpoint.
_WEIGHTS = {"sft": "huggingface", "grpo": "actor/huggingface"}
# ray/_private/node.py gives a node half a minute, which a busy machine may need for other things.
_NODE_LATE = "The current node timed out during startup"
_SEE_LOG = "its log says why; run the same command again to go on from the last checkpoint"


class Programs(Protocol):
    """The commands of the processes of a run."""

    def model(self, folder: Path, seed: int) -> Sequence[str]:
        """Fills the folder with the toy model."""
        ...

    def data(self, folder: Path, seed: int, sizes: Mapping[str, int]) -> Sequence[str]:
        """Fills the folder with sft.parquet, grpo.parquet and held_out.parquet."""
        ...

    def sample(self, job: Path) -> Sequence[str]:
        """Has a model answer as a file with a ``sampling.job.Job`` asks for."""
        ...

    def sft(self, config: Config, job: Job) -> Sequence[str]:
        """Trains on demonstrations."""
        ...

    def grpo(self, config: Config, job: Job, rewards: Rewards) -> Sequence[str]:
        """Trains on rewards."""
        ...


def stage_names(config: Config) -> tuple[str, ...]:
    """The stages of a run, in order."""
    names = ["model", "data", "service"]
    for moment in MOMENTS:
        if moment in config.trainers:
            names.append(moment)
        if moment in config.evaluation.at:
            names.append(f"evaluation {moment}")
    return (*names, "report")


def run(
    config: Config,
    text: str,
    folder: RunFolder,
    programs: Programs,
    progress: Progress,
    endpoints: Sequence[str] = (),
) -> None:
    """Do what is left to do of a run. ``text`` is the configuration as it was written.

    A service that answers at ``endpoints`` already is used instead of the configuration's.

    Raises TrainingError, ServiceError and EmbeddedServerError.
    """

    def waiting() -> None:
        progress.note("Another run, or what is left of a killed one, still ends in this folder ...")

    with folder.locked(waiting) as lock:
        _Run(config, text, folder, programs, progress, lock, endpoints).run()


class _Run:
    def __init__(
        self,
        config: Config,
        text: str,
        folder: RunFolder,
        programs: Programs,
        progress: Progress,
        lock: int,
        endpoints: Sequence[str],
    ) -> None:
        self._config = config
        self._text = text
        self._folder = folder
        self._programs = programs
        self._progress = progress
        self._lock = lock
        self._endpoints = endpoints
        self._stages = Stages(folder)
        self._readings: dict[metrics.Attempt, metrics.Reading] = {}
        self._saved_step = 0

    def run(self) -> None:
        facts = self._config.flat()
        if not self._stages.is_finished("configuration", facts):
            self._stages.run("configuration", facts, self._keep_configuration)
        self._stage("model", self._model_facts(), self._build_model)
        self._stage("data", self._data_facts(), self._write_data)
        with contextlib.ExitStack() as stack:
            service = self._serve(stack)
            at = self._config.evaluation.at
            if "start" in at:
                self._evaluate("start", self._model(), service)
            for trainer in self._config.trainers:
                self._train(trainer, service)
                if trainer in at:
                    self._evaluate(trainer, self._trained(trainer), service)
        self._stage("report", self._facts("report"), self._report)

    # Stages

    def _keep_configuration(self) -> tuple[Path, ...]:
        keep_versions(self._folder)
        write_whole(self._folder.config, self._text)
        return (self._folder.config,)

    def _build_model(self) -> tuple[Path, ...]:
        if self._config.model.path is not None:
            return ()
        self._build(
            "model",
            self._folder.model,
            lambda folder: self._programs.model(folder, self._config.seed),
        )
        return (self._folder.model,)

    def _write_data(self) -> tuple[Path, ...]:
        data = self._config.data
        if not data.is_built:
            return ()
        self._build(
            "data",
            self._folder.data,
            lambda folder: self._programs.data(folder, self._config.seed, data.sizes),
        )
        return (self._folder.data,)

    def _build(self, stage: str, folder: Path, command: Callable[[Path], Sequence[str]]) -> None:
        write_folder(
            folder, lambda unfinished: self._child(stage, command(unfinished), "its log says why")
        )

    def _serve(self, stack: contextlib.ExitStack) -> Service:
        """The service; what serves must be what served the stages that are finished."""
        self._progress.begin("service")
        start = time.monotonic()
        try:
            service = stack.enter_context(serve(self._config, self._endpoints))
            if not self._stages.is_finished("service", service.facts):
                self._stages.run("service", service.facts, lambda: ())
        except BaseException as error:
            self._progress.end("service", _state(error), time.monotonic() - start)
            raise
        self._progress.end("service", "finished", time.monotonic() - start)
        return service

    def _train(self, trainer: str, service: Service) -> None:
        self._stage(trainer, self._facts(trainer), lambda: self._do_train(trainer, service))

    def _do_train(self, trainer: str, service: Service) -> tuple[Path, ...]:
        settings = getattr(self._config, trainer)
        folder = self._folder.checkpoints(trainer)
        if checkpoints.tidy(folder) < settings.steps:
            try:
                self._run_trainer(trainer, service)
            except ChildError as error:
                if _NODE_LATE not in str(error):
                    raise
                self._progress.note("Ray did not start within its 30 seconds; starting it again")
                self._run_trainer(trainer, service)
        reached = checkpoints.newest_step(folder)
        if reached < settings.steps:
            raise TrainingError(
                f"{folder}: the trainer ended without an error after step {reached} of "
                f"{settings.steps}; {_SEE_LOG}"
            )
        checkpoints.weights(folder, settings.steps, _WEIGHTS[trainer])
        self._save_metrics()
        return ()

    def _run_trainer(self, trainer: str, service: Service) -> None:
        attempt = self._attempt(trainer, len(list(self._attempts(trainer))) + 1)
        self._child(
            trainer,
            self._trainer_command(trainer, service, attempt),
            _SEE_LOG,
            {METRICS_VARIABLE: str(attempt.steps)},
            lambda: self._watch(trainer, attempt, getattr(self._config, trainer).steps),
        )

    def _trainer_command(
        self, trainer: str, service: Service, attempt: metrics.Attempt
    ) -> Sequence[str]:
        job = Job(
            model=self._model() if trainer == "sft" else self._model_before_grpo(),
            train=self._rows(trainer),
            held_out=self._rows("held_out"),
            checkpoints=self._folder.checkpoints(trainer),
            scratch=self._folder.logs / f"{trainer}-hydra",
            name=self._folder.path.name,
        )
        if trainer == "sft":
            return self._programs.sft(self._config, job)
        rewards = Rewards(service.endpoints, service.hallmarks, attempt.rewards)
        return self._programs.grpo(self._config, job, rewards)

    def _evaluate(self, name: str, model: str, service: Service) -> None:
        stage = f"evaluation {name}"
        self._stage(stage, self._facts(stage), lambda: self._do_evaluate(name, model, service))

    def _do_evaluate(self, name: str, model: str, service: Service) -> tuple[Path, ...]:
        stage = f"evaluation {name}"
        settings = self._config.evaluation
        completions = self._folder.completions(name)
        self._sample(stage, model, service, completions)
        total = sum(1 for _ in metrics.objects(completions))

        def judged(count: int) -> None:
            self._progress.advance(stage, Advance(says=f"judged {count} of {total} answers"))

        found = evaluation.evaluate(service.client, completions, settings.max_error_share, judged)
        path = self._folder.evaluation(name)
        evaluation.save(found, path)
        overall = found.accuracies()[evaluation.OVERALL]
        figures = {
            kind: estimate.value
            for kind, estimate in (("sampled", overall.sampled), ("greedy", overall.greedy))
            if estimate is not None
        }
        self._progress.advance(stage, Advance(figures=figures))
        return (completions, path)

    def _sample(self, stage: str, model: str, service: Service, completions: Path) -> None:
        settings = self._config.evaluation
        verifier = self._config.reward_settings(service.endpoints).verifier
        problems = held_out(self._rows("held_out"), settings.problems, verifier)
        request = SamplingRequest(
            samples=settings.samples,
            temperature=settings.temperature,
            top_p=1.0,
            max_tokens=settings.max_tokens,
            seed=self._config.seed,
            greedy=True,
            template=self._template(),
        )

        def start(job: Path, look: Callable[[], None], held: Sequence[int]) -> None:
            self._child(stage, self._programs.sample(job), _SEE_LOG, held=held)

        def draw() -> None:
            sample(
                problems,
                LocalModel(model, settings.vllm),
                request,
                completions,
                # The log says so, and what there is to wait for before.
                progress=lambda done, total: None,
                start=start,
            )

        try:
            try:
                draw()
            except ChangedAnswersError:
                # Of another attempt at this stage, which never came to its end.
                discard(completions)
                draw()
        except SamplingError as error:
            raise TrainingError(str(error)) from None

    def _template(self) -> Mapping[str, object]:
        """What verl's rollouts tell the chat template; a plus is for Hydra only."""
        data = _table(self._config.grpo.verl, "data")
        told = _table(data, "apply_chat_template_kwargs")
        return {name.removeprefix("+"): value for name, value in told.items()}

    def _report(self) -> tuple[Path, ...]:
        report.write([self._folder], self._folder.report)
        return (self._folder.report,)

    # What stages are made from

    def _facts(self, stage: str) -> dict[str, object]:
        """Digests of all stages before this one: it may depend on each of them."""
        names = ("configuration", *stage_names(self._config))
        before = {name: self._stages.finished[name] for name in names[: names.index(stage)]}
        return {
            f"after {name}": digest_of({"from": each.digest, "made": dict(each.made)})
            for name, each in before.items()
        }

    def _model_facts(self) -> Facts:
        path = self._config.model.path
        if path is None or not Path(path).is_dir():
            return {"model": path or "toy"}
        # Weights may be too many to be read again at each start.
        return {
            str(file.relative_to(path)): file.stat().st_size
            for file in sorted(Path(path).rglob("*"))
            if file.is_file()
        }

    def _data_facts(self) -> Facts:
        files = (self._config.data.sft, self._config.data.grpo, self._config.data.held_out)
        return {str(each): digest_at(each) for each in files if each is not None}

    def _model(self) -> str:
        return self._config.model.path or str(self._folder.model)

    def _model_before_grpo(self) -> str:
        return self._trained("sft") if self._config.sft.enabled else self._model()

    def _trained(self, trainer: str) -> str:
        steps = getattr(self._config, trainer).steps
        folder = self._folder.checkpoints(trainer)
        return str(checkpoints.weights(folder, steps, _WEIGHTS[trainer]))

    def _rows(self, name: str) -> Path:
        given = getattr(self._config.data, name)
        return given or self._folder.data / f"{name}.parquet"

    # Doing

    def _stage(self, name: str, facts: Facts, work: Callable[[], tuple[Path, ...]]) -> None:
        if self._stages.is_finished(name, facts):
            self._progress.end(name, "before", self._stages.finished[name].seconds)
            return
        self._progress.begin(name)
        start = time.monotonic()
        try:
            self._stages.run(name, facts, work)
        except BaseException as error:
            self._progress.end(name, _state(error), time.monotonic() - start)
            raise
        self._progress.end(name, "finished", time.monotonic() - start)

    def _child(
        self,
        stage: str,
        arguments: Sequence[str],
        advice: str,
        environment: Mapping[str, str] | None = None,
        look: Callable[[], None] | None = None,
        held: Sequence[int] = (),
    ) -> None:
        log = self._folder.logs / f"{stage.replace(' ', '-')}.log"

        def show() -> None:
            says = children.last_line(log)
            self._progress.advance(stage, Advance(says=says or "starting"))

        command = children.Command(
            arguments,
            {**_ENVIRONMENT, **self._environment(), **(environment or {})},
            self._folder.path,
            log,
            advice,
        )
        children.run(command, look or show, (self._lock, *held))

    def _environment(self) -> Mapping[str, str]:
        trainers = (self._config.sft, self._config.grpo)
        devices = [_table(each.verl, "trainer").get("device") for each in trainers]
        return {**(CPU_ENVIRONMENT if "cpu" in devices else {}), **self._config.environment}

    def _watch(self, trainer: str, attempt: metrics.Attempt, total: int) -> None:
        # Of this attempt only: one that resumes is still starting, whatever was done before.
        found = self._reading(trainer, attempt).steps()
        if not found:
            says = children.last_line(self._folder.logs / f"{trainer}.log")
            self._progress.advance(trainer, Advance(says=says or "starting"))
            return
        last = found[max(found)]
        shown = {"loss": last.loss, "reward": last.reward, "tokens": last.tokens}
        figures = {name: value for name, value in shown.items() if value is not None}
        self._progress.advance(trainer, Advance(last.step, total, figures))
        if last.step != self._saved_step:
            self._saved_step = last.step
            self._save_metrics()

    def _save_metrics(self) -> None:
        metrics.save(
            self._folder.metrics,
            [step for trainer in self._config.trainers for step in self._steps(trainer)],
        )

    def _steps(self, trainer: str) -> list[metrics.Step]:
        return metrics.steps(self._reading(trainer, each) for each in self._attempts(trainer))

    def _reading(self, trainer: str, attempt: metrics.Attempt) -> metrics.Reading:
        return self._readings.setdefault(attempt, metrics.Reading(trainer, attempt))

    def _attempts(self, trainer: str) -> Iterator[metrics.Attempt]:
        number = 1
        while (attempt := self._attempt(trainer, number)).steps.exists():
            yield attempt
            number += 1

    def _attempt(self, trainer: str, number: int) -> metrics.Attempt:
        logs = self._folder.logs
        return metrics.Attempt(
            logs / f"{trainer}-steps-{number}.jsonl", logs / f"{trainer}-rewards-{number}.jsonl"
        )


def _state(error: BaseException) -> str:
    return "stopped" if isinstance(error, KeyboardInterrupt) else "failed"


def _table(keys: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = keys.get(name)
    return value if isinstance(value, Mapping) else {}
