.PHONY: test check lint types layers gate serve bench
test: ## what the README calls
	uv run pytest
check: lint types layers
lint:
	uv run ruff check .
types:
	uv run mypy
layers:
	uv run lint-imports
gate: ## our evaluation cases over the demo portfolio, against the committed baseline
	@folder=$$(mktemp -d) && LADRILLO_DATA_DIR=$$folder uv run ladrillo eval evals/cases --brain builtin \
		--outputs $$folder/outputs.jsonl --baseline evals/baseline.jsonl; status=$$?; rm -rf $$folder; exit $$status
serve:
	uv run ladrillo serve
bench:
	uv run ladrillo bench
