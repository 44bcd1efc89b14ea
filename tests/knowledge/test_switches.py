"""The switches that `core` sets stand before numpy reads them, whichever file is the program."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

#: Tells what numpy would find in the environment when it is first looked for.
_ASKED = """
import importlib, os, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            print(os.environ.get("OPENBLAS_NUM_THREADS"))
            sys.meta_path.remove(self)

sys.meta_path.insert(0, Watch())
importlib.import_module(sys.argv[1])
"""


@pytest.mark.parametrize(("said", "found"), [(None, "1"), ("4", "4")])
def test_linear_algebra_has_one_thread_unless_the_operator_says_otherwise(said: str | None, found: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    environment |= {"OPENBLAS_NUM_THREADS": said} if said else {}
    command = [sys.executable, "-c", _ASKED, "knowledge.forecasting.series"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == [found]
