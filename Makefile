# Two commands set everything up on a machine that has python3 and pip: `make demo` and `make test`.

TOOLS := .tools
UV := $(shell command -v uv 2>/dev/null || echo $(TOOLS)/bin/uv)
OUT ?= dist/digits

.PHONY: demo test test-fast long check format benchmark clean

# uv comes from the PATH, or goes into a folder of this checkout: one version, of which each wheel's hash is known.
$(TOOLS)/bin/uv: .ci/uv.txt
	python3 -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		--upgrade --target $(TOOLS) -r .ci/uv.txt
	@touch $@

.venv/.synced: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --quiet
	@touch $@

demo: .venv/.synced
	$(UV) run --frozen packager build examples/digits -o $(OUT)

# A file to a process, on as many as there are cores: what a file sets up is set up once.
test: .venv/.synced
	$(UV) run --frozen pytest --numprocesses auto --dist loadfile $(PYTEST_ARGS)

# What says within a minute whether a change is sound: all but what needs a toolchain, or runs a model or the tool
# many times.
test-fast: .venv/.synced
	$(UV) run --frozen pytest --numprocesses auto --dist loadfile -m "not slow" $(PYTEST_ARGS)

# What takes minutes and proves little on every change: 20,000 mutants, ten minutes of Atheris, 200 killed builds.
long: .venv/.synced
	$(UV) run --frozen pytest --long -m long $(PYTEST_ARGS)
	$(UV) run --frozen python -m tests.fuzz.mutate --count 20000
	$(UV) run --frozen python -m tests.fuzz.atheris_harness --seconds 600
	$(UV) run --frozen python -m tests.kill_builds --count 200

check: .venv/.synced
	$(UV) lock --check
	$(UV) run --frozen ruff check
	$(UV) run --frozen ruff format --check
	$(UV) run --frozen mypy
	$(UV) run --frozen mypy --platform win32 packager

format: .venv/.synced
	$(UV) run --frozen ruff check --fix
	$(UV) run --frozen ruff format

benchmark: .venv/.synced
	$(UV) run --frozen pytest tests/benchmarks --benchmark-enable -p no:cacheprovider

clean:
	rm -rf .venv $(TOOLS) build dist
