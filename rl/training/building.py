"""Builds what a run starts from, in a process of its own: torch is nothing to load into the run's.

``python -m assayoffice.rl.training.building model FOLDER SEED``, or ``data FOLDER SEED SIZES`` with
the sizes as a JSON object.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    """The process. See the module's docstring."""
    what, folder, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if what == "model":
        from assayoffice.rl.toy import model

        model.build(folder, seed=seed)
    else:
        from assayoffice.rl.toy import data

        data.write(folder, seed=seed, sizes=data.Sizes(**json.loads(sys.argv[4])))


if __name__ == "__main__":
    main()
