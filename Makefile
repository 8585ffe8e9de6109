# Everything a fresh checkout needs. `make` alone lists the targets; Python >= 3.11 and make are all that must be there.
PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
# Of `make study`: full (64 pixels), quick (toy size, minutes), reader or paper (for a GPU); and how many at a time.
PRESET    ?= full
PROCESSES ?= $(shell getconf _NPROCESSORS_ONLN)

PY        := $(VENV)/bin/python
READY     := $(VENV)/.ready
NOTEBOOKS := $(wildcard book/*.ipynb)

# The kernel of this environment, not one of the same name in the user's home.
export JUPYTER_PREFER_ENV_PATH = 1
# One thread a process: on a machine with other work, two are many times slower than one.
run test bench fuzz study: export OMP_NUM_THREADS = 1

.DEFAULT_GOAL := help
.PHONY: help run test variants bench fuzz study book pdf classroom text clean

help:  ## list the targets
	@echo "usage: make TARGET [ARGS=\"...\"] [PYTHON=python3.12] [VENV=.venv]"
	@sed -n 's/^\([a-z]*\):.*  ## /  \1	/p' $(MAKEFILE_LIST)

run: $(READY)  ## run the hair-colour experiment (ARGS="-p epochs 2000": other settings); stop it and start it again as you like
	@mkdir -p build
	@$(PY) -m papermill --kernel python3 --log-output --no-progress-bar $(ARGS) book/celeba.ipynb build/celeba.ipynb \
		|| { echo "The notebook stopped before its end; how far it came is in build/celeba.ipynb."; exit 1; }
	@$(PY) tools/run_page.py build/celeba.ipynb
	@echo "The run: $${AVBGTN_RUNS:-runs}/    Its notebook: build/celeba.ipynb    To read in a browser: build/celeba.html"

test: $(READY)  ## test the package, run every notebook against its committed outputs, and read the rendered book in a browser
	@mkdir -p build
	@$(PY) -m pytest -n 2 --dist loadfile -rs --junitxml=build/tests.xml \
		--nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg $(ARGS) tests $(NOTEBOOKS)

bench: $(READY)  ## time a training step against the base code's, and the way to a quality, an hour (ARGS="--device cuda", ARGS="--only steps")
	@$(PY) tests/bench $(ARGS)

variants: $(READY)  ## run every notebook and numerical test on older instruction sets, an hour and a half (ARGS="--only audio", ARGS="--seeds 8 --gather")
	@$(PY) tools/variants $(ARGS)

fuzz: $(READY)  ## an hour of odd and damaged input of every kind; none may end in a traceback (ARGS="--minutes 5 --seed 7 --only pictures")
	@$(PY) tests/fuzz $(ARGS)

study: GRID = $(if $(filter quick,$(PRESET)),toy,$(PRESET))
study: $(READY)  ## train the study of the results chapter, CPU-hours (PRESET=quick: toy size, 10 minutes), and read it; stop and go on as you like
	@$(PY) -m avbgtn study --grid $(GRID) --processes $(PROCESSES)
	@$(PY) tools/gather_study.py --grid $(GRID)
	@$(PY) -m papermill --kernel python3 --log-output --no-progress-bar -p record $(CURDIR)/build/study-$(GRID).json \
		book/results.ipynb build/results-$(GRID).ipynb
	@$(PY) tools/run_page.py build/results-$(GRID).ipynb
	@echo "The record: build/study-$(GRID).json    Its tables and figures, to read in a browser: build/results-$(GRID).html"

book: $(READY)  ## build the book as HTML, readable offline
	@$(PY) tools/build_book.py

pdf: book  ## print the book, one PDF a page, into build/pdf/ (needs Chromium)
	@$(PY) tools/print_book.py

classroom: $(READY)  ## write build/classroom/: notebooks and book without solutions for students, with solutions and a kit for the teacher
	@$(PY) tools/classroom.py

text: $(READY)  ## write book/text/*.md anew from the notebooks (never the other way round)
	@$(PY) tools/write_text.py $(NOTEBOOKS)

clean:  ## remove what `book`, `classroom` and `run` built; trained runs and the environment stay
	rm -rf build _build book/_vendor book/_vendor.lock .pytest_cache .ruff_cache *.egg-info
	@echo "Kept: $(VENV)/ and runs/. Remove them by hand if you want them gone."

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python was not found as '$(PYTHON)': install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) tools/make_venv.py $(VENV)
