"""Working inside coding agents, and in a team of agents: tools for models, their definitions, the
team's log of events, handoffs."""
