"""What can be written under ``reward.reward_kwargs``, and what a mistake is answered."""

import pytest

from assayoffice.rl.verl.settings import FailurePolicy, Settings, SettingsError, read_settings

_LEAST = {"endpoints": ["127.0.0.1:50051"], "recipe": "accuracy@1"}


def test_two_settings_are_enough() -> None:
    settings = read_settings(_LEAST)
    assert settings.endpoints == ["127.0.0.1:50051"]
    assert str(settings.recipe) == "accuracy@1"
    assert settings.failure_policy is FailurePolicy.ABORT
    assert settings == Settings(settings.endpoints, settings.recipe)


def test_all_of_them_are_read() -> None:
    settings = read_settings(
        {
            "endpoints": "rewards:50051",
            "recipe": "phi4_reasoning_plus@1",
            "options": {"max_tokens": 40},
            "verifier": "code",
            "failure_policy": "group-neutral",
            "timeout_seconds": 60,
            "gather_milliseconds": 2.5,
            "batch_size": 64,
            "in_flight": 512,
            "error_share": 0.05,
            "error_window": 100,
            "error_minimum": 3,
            "metrics_file": "/run/rewards.jsonl",
            "ca_file": "ca.pem",
            "server_name": "rewards",
            "token_file": "token",
            "required_hallmarks": {"numeric": "ab" * 32},
        }
    )
    assert settings.endpoints == ["rewards:50051"]
    assert settings.recipe.options == {"max_tokens": 40}
    assert settings.failure_policy is FailurePolicy.GROUP_NEUTRAL
    assert settings.timeout_seconds == 60.0
    assert settings.required_hallmarks == {"numeric": "ab" * 32}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"endpoint": "x"}, "reward.reward_kwargs.endpoint: .* did you mean 'endpoints'?"),
        ({"zzz": 1}, r"reward.reward_kwargs.zzz: there is no such setting; known are endpoints, "),
        ({"endpoints": []}, "endpoints: must be a list of host:port"),
        ({"endpoints": [50051]}, r"endpoints\[0\]: must be text, not 50051"),
        ({"recipe": "accuracy"}, "recipe: 'accuracy' names no version"),
        ({"recipe": "Accuracy@1"}, "recipe.name: 'Accuracy' is no name"),
        ({"options": ["a"]}, "options: must be a mapping"),
        ({"failure_policy": "zero"}, "failure_policy: must be one of abort, group-neutral, not"),
        ({"timeout_seconds": 0}, "timeout_seconds: must be 1 to 86400, not 0"),
        ({"timeout_seconds": "60"}, "timeout_seconds: must be a number, not '60'"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds: must be 1 to 86400, not nan"),
        ({"batch_size": 2.5}, "batch_size: must be a whole number, not 2.5"),
        ({"batch_size": 5000}, "batch_size: must be 1 to 4096, not 5000"),
        ({"in_flight": True}, "in_flight: must be a whole number, not True"),
        ({"error_share": 2}, "error_share: must be 0 to 1, not 2"),
        ({"required_hallmarks": {"numeric": 1}}, "required_hallmarks.numeric: must be text"),
        ({"metrics_file": "rewards.jsonl"}, "metrics_file: must be an absolute path, not 'rewards"),
        ({"token_file": None}, "token_file: must be text, not None"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(written: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_settings({**_LEAST, **written})


@pytest.mark.parametrize("missing", ["endpoints", "recipe"])
def test_what_is_missing_is_shown_as_it_is_to_be_written(missing: str) -> None:
    written = {name: value for name, value in _LEAST.items() if name != missing}
    with pytest.raises(SettingsError, match=rf"add \+reward.reward_kwargs.{missing}="):
        read_settings(written)


def test_errors_name_the_path_that_was_read() -> None:
    with pytest.raises(SettingsError, match=r"^elsewhere.recipe: missing"):
        read_settings({"endpoints": ["a:1"]}, "elsewhere")
