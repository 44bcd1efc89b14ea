.PHONY: test check lint types layers serve bench
test: ## what the README calls
	uv run pytest
check: lint types layers
lint:
	uv run ruff check .
types:
	uv run mypy
layers:
	uv run lint-imports
serve:
	uv run ladrillo serve
bench:
	uv run ladrillo bench
