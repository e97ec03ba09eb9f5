# make         the study of config/config.yaml, on all cores; prints where the report is
# make quick   a small study on the real data in about two minutes
# make test    the tests
# make lint    the linters
# make example renew docs/report from the finished study in results/
# make calibration  coverage and error rates of the statistics, by simulation (half a minute)
# make benchmark  this project, its limit and its peers, timed (hours; can be taken up again): results/performance
# make lock    renew the files of locked packages from pyproject.toml
#
# Variables: CONFIG="a.yaml b.yaml" (laid over each other), CORES=4, MEMORY_MB=6000 (what all jobs together may take; most
# of the machine's by itself), PYTHON=python3.12, ARGS="further snakemake options"

PYTHON ?= python3
CONFIG ?= config/config.yaml
CORES ?= all
ARGS ?=
MEMORY = $(if $(MEMORY_MB),--memory-mb $(MEMORY_MB))

BIN := .venv/bin
IN_ENVIRONMENT = PATH="$(CURDIR)/$(BIN):$$PATH"

.DEFAULT_GOAL := study
.PHONY: study quick check test lint example calibration benchmark lock clean

study: .venv/installed
	@$(IN_ENVIRONMENT) $(BIN)/python scripts/run_study.py $(CONFIG) --cores $(CORES) $(MEMORY) $(ARGS)
	@echo "The report is in $(CURDIR)/results/report.html"

quick:
	@$(MAKE) --no-print-directory study CONFIG="config/config.yaml config/quick.yaml"

check: .venv/installed
	@$(BIN)/python scripts/check.py $(CONFIG)

test: .venv/installed
	@$(IN_ENVIRONMENT) $(BIN)/python -m pytest $(ARGS)

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check workflow
	$(IN_ENVIRONMENT) $(BIN)/snakemake --lint

# pip compiles bytecode unless its own settings say otherwise; without it every job would start 5 s later.
.venv/installed: requirements.lock scripts/environment.sh
	@sh scripts/environment.sh "$(PYTHON)"

example:
	rm -rf docs/report
	mkdir -p docs/report/figures docs/report/tables
	cp results/report.md results/report.html docs/report/
	cp results/figures/*.png docs/report/figures/
	cp results/tables/*.csv docs/report/tables/
	mkdir -p docs/report/performance
	cp results/performance/*.csv results/performance/*.png docs/report/performance/

calibration: .venv/installed
	@PYTHONPATH=scripts $(BIN)/python tests/calibration.py

# Each step leaves rows behind that it does not measure again; the machine should do nothing else.
BENCHMARK := results/performance
benchmark: .venv/installed .venv-peers/installed
	@$(IN_ENVIRONMENT) $(BIN)/snakemake data
	@$(BIN)/python benchmarks/race.py . --rounds 3
	@$(BIN)/python benchmarks/race.py . --rounds 1 --variants all
	@[ -e $(BENCHMARK)/study.csv ] || $(BIN)/python benchmarks/study.py $(BENCHMARK)/study
	@[ -e $(BENCHMARK)/edit.csv ] || $(BIN)/python benchmarks/edit.py .
	@[ -e $(BENCHMARK)/growth.csv ] || $(BIN)/python benchmarks/growth.py $(BENCHMARK)/growth
	@$(BIN)/python benchmarks/performance.py

.venv-peers/installed: benchmarks/requirements.lock scripts/environment.sh
	@sh scripts/environment.sh "$(PYTHON)" .venv-peers benchmarks/requirements.lock

lock:
	@sh scripts/lock.sh "$(PYTHON)"

clean:
	rm -rf .venv .venv-peers .snakemake
