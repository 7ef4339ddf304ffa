# Every command a person or CI runs. `make help` lists them; all can be repeated at any time, and each
# does only what is left to do. What they make is below build/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
# Seconds each fuzzer runs in `make test`.
FUZZ_SECONDS ?= 10
PYTEST_FLAGS ?=

venv := build/venv
bin := $(venv)/bin
# The build tools are the environment's own and find each other on PATH.
in_venv := PATH="$(CURDIR)/$(bin):$$PATH"
pip := $(in_venv) $(bin)/python -m pip --quiet --disable-pip-version-check --retries 5
meson := $(in_venv) $(bin)/meson
# The parts of C tests that were skipped: meson only counts them.
say_skipped = sed -n -E 's/^(.*\# SKIP.*|skipped: .*)$$/skipped: \1/p' \
	build/$(1)/meson-logs/testlog.txt | sed 's/^skipped: skipped: /skipped: /'
# The frame of a sanitizer's report needs symbols; any finding ends the test with a failure.
sanitizer_environment := ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 \
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1

# The installed package is built anew when one of these is newer.
package_files := $(shell find src python -name '*.[ch]' -o -name '*.def' -o -name '*.py' \
	-o -name '*.pyi' -o -name meson.build) meson.build meson_options.txt pyproject.toml
c_files := $(shell find src tests -name '*.[ch]')
python_folders := python tools examples/demo $(wildcard tests bench)
# One at a time: tests of two folders may have modules of one name.
typed_folders := python tools examples/demo tests/conftest.py bench \
	$(patsubst %/,%,$(sort $(dir $(wildcard tests/*/*.py))))
cli_tests := $(wildcard tests/cli/test_*.py)
# Of these, which watch no program: they can run at any time.
file_tests := $(wildcard tests/cli/test_export_*.py tests/cli/test_import*.py tests/cli/test_view*.py \
	tests/cli/test_explain*.py tests/cli/test_predict*.py tests/cli/test_dataflow_page.py tests/cli/test_readme.py)
# Of the truth tests, which ask for no times and shares: they need no machine of their own.
calm_truth_tests := tests/truth/test_endings.py tests/truth/test_leaks.py
truth_tests := $(filter-out $(calm_truth_tests),$(wildcard tests/truth/test_*.py))
# Most of the time of these two is waiting for programs: they run at once, beside the command line's.
trace_tests := tests/python/trace/
other_tests := $(filter-out $(trace_tests) %__pycache__/,$(wildcard tests/python/*/ tests/python/test_*.py)) \
	$(wildcard tests/recordings) $(calm_truth_tests)

run_pytest = BAROGRAPH=$(CURDIR)/$(bin)/barograph $(bin)/python -m pytest
run_sanitized = $(sanitizer_environment) BAROGRAPH=$(CURDIR)/build/asan/barograph \
	BAROGRAPH_AGENT=$(CURDIR)/build/gcc/python/barograph/_agent.abi3.so $(bin)/python -m pytest
# The agent with the sanitizers, in interpreters without: their runtime is loaded first. A few tests that do much.
run_sanitized_agent = BAROGRAPH_SANITIZER=$$(clang -print-file-name=libclang_rt.asan-$$(uname -m).so) \
	BAROGRAPH=$(CURDIR)/build/asan/barograph $(bin)/python -m pytest
sanitized_agent_tests := (3.9 or 3.11 or 3.12 or 3.14) and \
	(as_without_us and objects or ends_of or hostile_values or fork_from or deep_recursion_as)
# $(1): how to run pytest, $(2): on what. These tests watch real processes, threads and clocks on machines that others
# use too: what fails once is run once more, alone, and both outcomes are printed. A sanitizer's finding is not excused.
pytest_twice = $(1) $(2) $(PYTEST_FLAGS) || { \
	echo 'once more, alone: what fails twice is wrong, what fails once was disturbed'; \
	$(1) --last-failed --last-failed-no-failures none $(2) $(PYTEST_FLAGS); }
# Agents are built for these, too, once the interpreters are there.
free_threaded = -Dfree_threaded_pythons=$$(tools/find_pythons.py --free-threaded)
npm := tools/with_node.sh npm --silent
viewer_modules := viewer/node_modules/.package-lock.json
say = printf '\n== %s\n'

.PHONY: help demo test check bench format lint viewer clean deps test-deps pythons consumers install \
	lint-viewer test-viewer \
	test-gcc sanitizer-builds test-sanitizers test-fuzz test-pytest

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- What a reader of the README runs ---

demo: deps install ## set up, record the bookshop of examples/demo, print its report
	@$(say) 'recording examples/demo/bookshop.py'
	$(bin)/barograph record -f -o build/demo.baro -- \
		$(bin)/python examples/demo/bookshop.py --folder build/demo
	$(bin)/barograph report build/demo.baro

# Cheap and telling first; the truth tests, which take longest, last. What is fetched leaves the CPUs idle: meanwhile the
# builds of the sanitizers and fuzzers are made. The fuzzers run with the sanitizers' tests.
test: ## set up, then every test
	@$(MAKE) test-deps
	@$(MAKE) --jobs=4 --output-sync=line lint lint-viewer pythons consumers sanitizer-builds
	@$(MAKE) test-gcc
	@$(MAKE) test-sanitizers
	@$(MAKE) install test-pytest

# --- What a person who changes the code runs ---

check: $(bin)/.test lint lint-viewer test-gcc ## the quick loop: lint, C tests, command line tests
	@$(say) 'command line tests'
	BAROGRAPH=$(CURDIR)/build/gcc/barograph \
		$(bin)/python -m pytest -q $(wildcard tests/cli) $(PYTEST_FLAGS)

bench: test-deps pythons install ## measure what the README promises, beside the other tools
	@$(say) 'benchmarks'
	$(bin)/python tools/print_extra.py bench >build/requirements.txt
	$(pip) install --requirement build/requirements.txt
	$(bin)/python bench/sampling.py
	$(bin)/python bench/calls.py
	$(bin)/python bench/calls_programs.py
	$(bin)/python bench/exchange.py --program $(bin)/barograph
	$(bin)/python bench/predict.py --barograph $(bin)/barograph

format: $(bin)/.test ## lay out all C and Python files
	$(bin)/clang-format -i $(c_files)
	$(bin)/ruff check --quiet --fix-only $(python_folders)
	$(bin)/ruff format --quiet $(python_folders)

lint: $(bin)/.test ## layout, Python types, include rules, shell scripts
	@$(say) 'lint'
	@$(bin)/clang-format --dry-run --Werror $(c_files) 2>build/unformatted || { \
		echo 'not laid out, run make format:'; sed -n -E 's/^([^ :]+):[0-9]+:.*/\1/p' build/unformatted | sort -u; exit 1; }
	$(bin)/ruff format --quiet --check $(python_folders)
	$(bin)/ruff check --quiet $(python_folders)
	for folder in $(typed_folders); do $(bin)/mypy $$folder; done
	tools/check_includes.py
	shellcheck .ci/run tools/*.sh

# The page of `barograph view` is built from viewer/ and committed, so that only who changes it needs Node.
viewer: $(viewer_modules) ## build viewer/dist/ anew
	@$(say) 'viewer'
	$(npm) --prefix viewer run build

lint-viewer: $(viewer_modules)
	@$(say) 'viewer: types, unit tests, is the built page that of its sources'
	$(npm) --prefix viewer run types
	$(npm) --prefix viewer run test
	$(npm) --prefix viewer run check

# Pages that the installed program writes, in browsers; viewer/tests/browser/browsers.js says in which.
test-viewer: $(viewer_modules)
	@$(say) 'viewer, in a browser'
	BAROGRAPH=$(CURDIR)/$(bin)/barograph $(npm) --prefix viewer run browser

$(viewer_modules): viewer/package.json viewer/package-lock.json viewer/.npmrc
	@$(say) 'tools of the viewer'
	$(npm) --prefix viewer ci
	touch $@

clean: ## remove what was built; what was fetched stays
	rm -rf $(filter-out build/pythons build/consumers,$(wildcard build/*))

# --- Set-up ---

deps:
	@$(say) 'system packages'
	tools/install-deps.sh

test-deps:
	@$(say) 'system packages'
	tools/install-deps.sh test
	@$(MAKE) $(bin)/.test

# In CI every interpreter of tools/pythons.txt must be there; elsewhere the tests that need a missing
# one say so and are skipped.
pythons:
	@$(say) 'interpreters'
	tools/get_pythons.sh || [ -z "$${CI:-}" ]
	tools/find_pythons.py || [ -z "$${CI:-}" ]

# Likewise the programs of others that read what `barograph export` writes, and packages whose tests run traced.
consumers:
	@$(say) 'readers of exports, test suites'
	tools/get_consumers.sh || [ -z "$${CI:-}" ]
	tools/get_suites.sh || [ -z "$${CI:-}" ]

$(bin)/.build: pyproject.toml
	@$(say) 'virtual environment $(venv)'
	$(PYTHON) -m venv $(venv)
	$(pip) install 'meson-python >= 0.15' 'meson >= 1.0' ninja
	touch $@

# The tools of the tests, at the versions pyproject.toml names.
$(bin)/.test: $(bin)/.build
	$(bin)/python tools/print_extra.py test >build/requirements.txt
	$(pip) install --requirement build/requirements.txt
	touch $@

install: $(bin)/.installed

# Also when headers of a free-threaded interpreter came: another agent is built.
$(bin)/.installed: $(bin)/.build $(package_files) $(wildcard build/pythons/*/include/*t/Python.h)
	@$(say) 'building and installing into $(venv)'
	$(pip) install --config-settings=build-dir=build/wheel --no-build-isolation --no-deps \
		--config-settings=setup-args="$(free_threaded)" --force-reinstall .
	touch $@

# --- C builds: build/NAME is set up once, then kept up to date by ninja ---
# `meson test` builds only what its tests name: the program and the tools of the command line tests are
# built before it.

build/gcc/build.ninja: | $(bin)/.build
	CC=gcc $(meson) setup build/gcc -Dwerror=true -Dtests=true $(free_threaded)

# What a sanitizer reports needs lines, and no more of debug information. Tests and fuzzers share one library: with and
# without what tells the fuzzers of branches it was compiled twice.
build/asan/build.ninja: | $(bin)/.build
	CC=clang $(meson) setup build/asan -Doptimization=1 -Dc_args=-gline-tables-only -Dwerror=true -Dtests=true \
		-Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false

build/tsan/build.ninja: | $(bin)/.build
	CC=clang $(meson) setup build/tsan -Doptimization=1 -Dc_args=-gline-tables-only -Dwerror=true -Dtests=true \
		-Dpython_package=false -Db_sanitize=thread -Db_lundef=false

test-gcc: build/gcc/build.ninja
	@$(say) 'C tests, gcc'
	$(meson) compile -C build/gcc
	$(in_venv) tools/run_c_tests.py build/gcc
	@$(call say_skipped,gcc)

# By clang, whose warnings are errors, too. Programs of the command line tests get the agent of another build: no
# interpreter has a sanitizer's runtime.
# The thread sanitizer wants the address space laid out as without randomization.
# Which tests it runs is known once the gcc build is there (tools/threaded_tests.py); their library is ready by then.
sanitizer-builds: build/asan/build.ninja build/tsan/build.ninja
	@$(say) 'builds for the sanitizers and the fuzzers'
	$(meson) compile -C build/asan
	$(meson) compile -C build/tsan barograph:static_library test_support

test-sanitizers: build/gcc/build.ninja build/asan/build.ninja build/tsan/build.ninja
	@$(say) 'C tests, address and undefined behaviour sanitizers'
	$(meson) compile -C build/asan
	$(sanitizer_environment) $(in_venv) tools/run_c_tests.py build/asan
	$(meson) compile -C build/gcc
	@$(say) 'command line tests, address and undefined behaviour sanitizers; beside them C tests, thread sanitizer, the agent in interpreters, fuzzers'
	threaded=$$(tools/threaded_tests.py build/gcc); \
	{ $(call pytest_twice,$(run_sanitized) -q,$(filter-out $(file_tests),$(cli_tests))); } \
		>build/asan/pytest.log 2>&1 & \
	others=$$!; status=0; \
	$(sanitizer_environment) $(in_venv) setarch -R \
		tools/run_c_tests.py build/tsan $$threaded || status=1; \
	$(run_sanitized_agent) -o cache_dir=build/pytest-agent -q tests/python/trace \
		-k '$(sanitized_agent_tests)' $(PYTEST_FLAGS) || status=1; \
	{ $(call pytest_twice,$(run_sanitized) -q -o cache_dir=build/pytest-files,$(file_tests)); } \
		>build/asan/pytest-files.log 2>&1 || status=1; \
	cat build/asan/pytest-files.log; \
	$(MAKE) test-fuzz || status=1; \
	wait $$others || status=1; cat build/asan/pytest.log; exit $$status
	@! grep -E 'ERROR: (Address|Leak)Sanitizer|runtime error:' build/asan/pytest*.log

test-fuzz: build/asan/build.ninja
	@$(say) 'fuzzers, $(FUZZ_SECONDS) s each'
	$(meson) compile -C build/asan
	tools/run_fuzzers.sh build/asan/tests/fuzz $(FUZZ_SECONDS)

test-pytest:
	@$(say) 'command line tests and those in a browser, beside Python tests, and beside those of traced programs'
	{ { $(call pytest_twice,$(run_pytest) -o cache_dir=build/pytest-cli,tests/cli); } && \
		$(MAKE) test-viewer; } >build/pytest-cli.log 2>&1 & cli=$$!; \
	{ $(call pytest_twice,$(run_pytest) -o cache_dir=build/pytest-other,$(other_tests)); } \
		>build/pytest-other.log 2>&1 & other=$$!; \
	status=0; \
	{ $(call pytest_twice,$(run_pytest),$(trace_tests)); } || status=1; \
	wait $$other || status=1; cat build/pytest-other.log; \
	wait $$cli || status=1; cat build/pytest-cli.log; exit $$status
	@$(say) 'truth tests: is what is told what was'
	$(call pytest_twice,$(run_pytest),$(truth_tests))
