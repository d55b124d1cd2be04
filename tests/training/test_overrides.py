"""What is written in Hydra's grammar is read by Hydra as what was meant."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from assayoffice.rl.training.overrides import overrides


def parsed(value: object) -> object:
    (override,) = overrides({"a": {"+b": value}})
    found = OverridesParser.create().parse_override(override)
    assert found.key_or_group == "a.b" and found.is_add()
    return plain(found.value())


def plain(value: object) -> object:
    """Hydra keeps the quotes of texts beside them."""
    match value:
        case list():
            return [plain(each) for each in value]
        case dict():
            return {str(plain(key)): plain(each) for key, each in value.items()}
    return getattr(value, "text", value)


@pytest.mark.parametrize(
    "text",
    ["", "a'b", "a\\", "a\\'", "\\\\'q\\\\", r"\boxed{}", "x=y,[1]", "two\nlines", "${oc}", "null"],
)
def test_texts_arrive_as_they_are(text):
    assert parsed(text) == text


@pytest.mark.parametrize("value", [1, -2.5, 1e-05, True, None, [], [1, "x", {"y": [0.5, "z'"]}]])
def test_values_keep_their_kind(value):
    assert parsed(value) == value
    assert type(parsed(value)) is type(value)
