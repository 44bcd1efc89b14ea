"""What a dwelling is worth: a trained model with a calibrated interval, its drivers, comparables, and fairness.

Nothing is re-exported here: `training`, `model` and `artefact` import LightGBM, which costs about 0.4 s, while
`comparables` and `fairness` need numpy alone. Callers import the file they need when they need it.
"""

from __future__ import annotations

#: Format of the trained artefacts; one of another format is refused, and a folder that holds such trains again.
SCHEMA = 4
