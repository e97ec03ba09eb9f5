# make         the study of config/config.yaml, on all cores; prints where the report is
# make quick   a small study on the real data in a good minute; FOLDER=quick keeps it apart from the full one
# make fashion the same study on Fashion-MNIST, beside the first: fashion/results
# make depth   another network: do a second layer and dropout help? depth/results
# make convolutional  and another: how many filters? convolutional/results
# make plan    what make would do: runs kept and trained and why, time, disk, comparisons; runs nothing
# make check   what is wrong with the config, and how large its study is; makes .venv
# make verify  train RUNS=3 runs of the finished study again, chosen by SEED=0, and compare them with what is stored
# make verify AGAINST=file  the same, and compare all files with somebody's checksums
# make checksums  the SHA-256 of every state, metric, table, figure and the report of the finished study
# make compare OTHER=folder  this finished study beside another: settings, verdicts and numbers that differ
# make test    the tests
# make test-quick  the tests that start no Snakemake, Slurm or browser: after each edit
# make test-faults  the long tests of what goes wrong: kills, full disks, damaged files, bad input (48 minutes)
# make lint    the linters
# make example renew docs/report from the finished study in results/
# make calibration  coverage and error rates of the statistics, by simulation (half a minute)
# make benchmark  this project, its limit and its peers, timed (hours; can be taken up again): results/performance
# make schema  renew config/schema.json from the config's model
# make lock    renew the files of locked packages from pyproject.toml
# make clean   remove .venv and .venv-peers; results stay
#
# Variables: CONFIG="a.yaml b.yaml" (laid over each other), CORES=4, MEMORY_MB=6000 (what all jobs together may take; most
# of the machine's by itself), FOLDER=elsewhere (where results/ goes, by itself here), PYTHON=python3.12, ARGS="further
# snakemake options"

PYTHON ?= python3
CONFIG ?= config/config.yaml
CORES ?= all
RUNS ?= 3
SEED ?= 0
ARGS ?=
MEMORY = $(if $(MEMORY_MB),--memory-mb $(MEMORY_MB))
# No package or setting of another Python reaches a script (PYTHONPATH, PYTHONHOME, …); those on bytecode may stay.
unexport $(filter-out PYTHON PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX,$(filter PYTHON%,$(.VARIABLES)))
# Folders reach the shell as variables of its own, whatever characters they hold.
export FOLDER OTHER AGAINST
DIRECTORY = $(if $(FOLDER),--directory "$$FOLDER")
RESULTS = "$${FOLDER:+$$FOLDER/}results"

BIN := .venv/bin
IN_ENVIRONMENT = PATH="$$PWD/$(BIN):$$PATH"

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := study
.PHONY: study quick fashion depth convolutional plan compare check verify checksums test test-quick test-faults lint example calibration benchmark schema lock clean

study: .venv/installed
	@$(IN_ENVIRONMENT) $(BIN)/python scripts/run_study.py $(CONFIG) $(DIRECTORY) --cores $(CORES) $(MEMORY) $(ARGS)

quick:
	@$(MAKE) study CONFIG="config/config.yaml config/quick.yaml"

fashion:
	@$(MAKE) study CONFIG="config/config.yaml config/fashion.yaml" FOLDER=fashion

depth convolutional:
	@$(MAKE) study CONFIG="config/config.yaml config/$@.yaml" FOLDER=$@

plan: .venv/installed
	@$(IN_ENVIRONMENT) $(BIN)/python scripts/preview.py $(CONFIG) $(DIRECTORY) --cores $(CORES) $(MEMORY) $(ARGS)

compare: .venv/installed
	@$(BIN)/python scripts/compare.py $(RESULTS) $(if $(OTHER),"$$OTHER")

check: .venv/installed
	@$(BIN)/python scripts/check.py $(CONFIG) $(DIRECTORY) $(ARGS)

verify: .venv/installed
	@$(BIN)/python scripts/verify.py --results $(RESULTS) --runs $(RUNS) --seed $(SEED) $(if $(AGAINST),--against "$$AGAINST")

checksums: .venv/installed
	@$(BIN)/python scripts/checksums.py --results $(RESULTS)

# Two processes, each with whole files, since the tests of a file may share a study or a cluster; the longest come first.
test: .venv/installed
	@$(IN_ENVIRONMENT) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 10 $(ARGS)

test-quick: .venv/installed
	@$(IN_ENVIRONMENT) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not long and not slow" $(ARGS)

test-faults: .venv/installed
	@$(IN_ENVIRONMENT) $(BIN)/python -m pytest -n 2 --dist load -m long tests/faults $(ARGS)

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check workflow
	$(IN_ENVIRONMENT) $(BIN)/snakemake --lint

# The script finds out in milliseconds whether there is anything to do.
.PHONY: .venv/installed .venv-peers/installed
.venv/installed:
	@sh scripts/environment.sh "$(PYTHON)"

example:
	rm -rf docs/report
	mkdir -p docs/report/figures docs/report/tables
	cp results/report.md results/report.html docs/report/
	cp results/figures/*.png docs/report/figures/
	cp results/tables/*.csv docs/report/tables/
	$(BIN)/python scripts/checksums.py --results results > docs/report/checksums.txt
	mkdir -p docs/report/performance
	cp results/performance/*.csv results/performance/*.png docs/report/performance/

calibration: .venv/installed
	@PYTHONPATH=scripts $(BIN)/python tests/helpers/calibration.py

# Each step leaves rows behind that it does not measure again; the machine should do nothing else.
BENCHMARK := results/performance
benchmark: .venv/installed .venv-peers/installed
	@$(IN_ENVIRONMENT) $(BIN)/snakemake data
	@$(BIN)/python benchmarks/race.py . --rounds 3
	@$(BIN)/python benchmarks/race.py . --rounds 1 --variants all
	@$(BIN)/python benchmarks/race.py . --replicates 10 --rounds 1 --variants tuned
	@$(BIN)/python benchmarks/race.py . --replicates 10 --rounds 1 --variants documented --only plain_loop
	@$(BIN)/python benchmarks/race.py . --replicates 10 --rounds 1 --variants tuned --network convolutional
	@[ -e $(BENCHMARK)/study.csv ] || $(BIN)/python benchmarks/study.py $(BENCHMARK)/study
	@[ -e $(BENCHMARK)/edit.csv ] || $(BIN)/python benchmarks/edit.py .
	@[ -e $(BENCHMARK)/growth.csv ] || $(BIN)/python benchmarks/growth.py $(BENCHMARK)/growth
	@$(BIN)/python benchmarks/performance.py

.venv-peers/installed:
	@sh scripts/environment.sh "$(PYTHON)" .venv-peers benchmarks/requirements.lock

schema: .venv/installed
	@PYTHONPATH=scripts $(BIN)/python -m design.json_schema > config/schema.json

lock:
	@sh scripts/lock.sh "$(PYTHON)"

clean:
	rm -rf .venv .venv-new .venv-peers .venv-peers-new
