"""Keys of verl reach Hydra as they were meant (Hydra's own parser: tests/training)."""

import datetime

import pytest

from assayoffice.rl.training.errors import ConfigError
from assayoffice.rl.training.overrides import overrides


class TestOverrides:
    def test_tables_become_dotted_names(self):
        keys = {"trainer": {"device": "cpu", "nnodes": 1}, "optim": {"lr": 1e-4}}
        assert list(overrides(keys)) == [
            "trainer.device='cpu'",
            "trainer.nnodes=1",
            "optim.lr=0.0001",
        ]

    def test_plus_goes_to_the_front_of_all_that_is_below_it(self):
        keys = {"ray": {"+init": {"gpus": 1, "deep": {"er": True}}, "cpus": 8}}
        assert list(overrides(keys)) == [
            "+ray.init.gpus=1",
            "+ray.init.deep.er=true",
            "ray.cpus=8",
        ]

    def test_lists_and_objects_within_them_are_values(self):
        keys = {"a": [1, "x", {"name": "y", "weight": 0.5}], "b": None, "c": {}}
        assert list(overrides(keys)) == ["a=[1,'x',{name:'y',weight:0.5}]", "b=null", "c={}"]

    def test_texts_that_look_like_something_else_stay_texts(self):
        keys = {"a": "null", "b": "it's", "c": "\\boxed{}", "d": "\\"}
        assert list(overrides(keys)) == ["a='null'", r"b='it\'s'", r"c='\boxed{}'", r"d='\\'"]

    @pytest.mark.parametrize(
        "keys", [{"a": datetime.date(2026, 1, 1)}, {"a.b": 1}, {"a": [{"b c": 1}]}, {"a": 1e999}]
    )
    def test_what_has_no_form_is_refused(self, keys):
        with pytest.raises(ConfigError):
            list(overrides(keys))
