"""What a run hands to verl follows from the run, and the configuration goes before it."""

from pathlib import Path

from test_training_config import RUN, written

from assayoffice.rl.training import config
from assayoffice.rl.training.trainers import Job, Rewards, grpo, sft

JOB = Job("a/model", Path("/train"), Path("/held_out"), Path("/ckpt"), Path("/scratch"), "name")
HALLMARKS = {"code": "0" * 64, "numeric": "1" * 64}


def test_rewards_are_demanded_of_all_verifiers_that_served_before(tmp_path):
    text = RUN.replace("[reward]", f"[reward]\nrequired_hallmarks.numeric = '{'1' * 64}'")
    command = grpo(
        config.load(written(tmp_path, text)), JOB, Rewards(["h:1"], HALLMARKS, Path("/rewards"))
    )
    demanded = [each for each in command if each.startswith("+reward.reward_kwargs.required")]
    assert demanded == [
        f"+reward.reward_kwargs.required_hallmarks.{name}='{digest}'"
        for name, digest in HALLMARKS.items()
    ]


def test_epochs_outlast_the_steps_of_a_run_that_goes_on(tmp_path):
    """verl's data loader, restored at the end of an epoch, has an empty one first."""
    run = config.load(written(tmp_path, RUN))
    (epochs,) = (each for each in sft(run, JOB) if each.startswith("trainer.total_epochs="))
    assert int(epochs.partition("=")[2]) > run.sft.steps
