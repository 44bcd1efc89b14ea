"""How a turn flows: state, the conversation graph, grounding, policy, runner, events."""
