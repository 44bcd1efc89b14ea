"""What every room stands on: settings, scope, facts, money, errors, time. It imports no other room.

Two switches must be in the environment before the first import of langgraph, so they are set here:
checkpoints may only hold plain types, and tracing services stay off unless the operator turned them on. So must one be before
numpy: our matrices are small, and on a busy machine the threads of linear algebra wait for each other (a backtest took ten
times as long).
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
os.environ.setdefault("LANGSMITH_TRACING", "false")
os.environ.setdefault("ANONYMIZED_TELEMETRY", "false")
