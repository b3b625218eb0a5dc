PYTHON ?= python3
BIN := .venv/bin
OUT ?= delivery
LAB := build/lab
PICTURED := $(addprefix tests/flow/test_,site.py report_in_browser.py webmap_in_browser.py view_in_browser.py qgis.py qgis_print.py)

.PHONY: demo test test-slow faults fuzz bench bench-accounts bench-tiles bench-cluster bench-province bench-ledger bench-memory bench-overlay bench-parcels bench-samples bench-trend bench-view bench-sheets bench-series bench-intervals bench-increment bench-webmap house check format lint types walls generated docs site translations lab notebooks wheel audit lock bom pictures stac-server bench-delivery

demo: .venv/ready  ## simulate the three areas and run everything on them, offline
	$(BIN)/ecoledger demo --out $(OUT)

test: .venv/ready  ## the tests, under 10 minutes
	$(BIN)/pytest -n 2 --dist loadfile

test-slow: .venv/ready  ## the tests that take minutes each
	$(BIN)/pytest -m slow

faults: .venv/ready  ## hostile inputs and faults, each with what must happen and what happened, into build/faults/table.csv
	$(BIN)/pytest -q -n 2 --dist loadgroup -m "slow or not slow" --faults-table build/faults/table.csv tests/faults

fuzz: .venv/ready  ## the properties on examples that no run has seen before
	PROPERTIES=searching $(BIN)/pytest tests/properties

check: .venv/ready format lint types walls test  ## what CI runs

format: .venv/ready
	$(BIN)/ruff format --check .

lint: .venv/ready
	$(BIN)/ruff check .

types: .venv/ready
	$(BIN)/mypy

walls: .venv/ready
	$(BIN)/lint-imports

generated: .venv/ready  ## what is generated from the code: the JSON schemas of configs, the templates of bulletins
	$(BIN)/python -m pipeline.commands.schemas
	$(BIN)/python -m pipeline.outputs.bulletin.drafting

docs: .venv/ready  ## the site in both languages into build/site, Chinese at its root, every warning an error, without a network
	$(BIN)/sphinx-build -q -W --keep-going -d build/doctrees/zh docs build/site
	$(BIN)/sphinx-build -q -W --keep-going -D language=en -d build/doctrees/en docs build/site/en

site: docs

translations: .venv/ready  ## brings docs/locale up to the English pages: new messages are empty, changed ones fuzzy
	SOURCE_DATE_EPOCH=0 $(BIN)/sphinx-build -q -W --keep-going -D language=en -b gettext -d build/doctrees/gettext docs build/gettext
	rm -rf build/gettext/notebooks build/gettext/changelog.pot  # shown as they are written
	$(BIN)/sphinx-intl update -p build/gettext -d docs/locale -l zh_CN -w 110 --no-obsolete

lab: $(LAB)/delivery  ## JupyterLab with the notebooks, on a copy of a delivery in build/lab; OUT=folder of deliveries
	cp -ru notebooks $(LAB)
	ECOLEDGER_DELIVERY=$(abspath $(LAB)/delivery) $(BIN)/jupyter lab $(LAB)/notebooks

notebooks: $(LAB)/delivery  ## run all notebooks in both languages into build/notebooks, which the site then shows
	for language in zh en; do \
		folder=notebooks; test $$language = zh || folder=notebooks/$$language; \
		ECOLEDGER_LANGUAGE=$$language ECOLEDGER_DELIVERY=$(abspath $(LAB)/delivery) \
			$(BIN)/jupyter nbconvert --to notebook --execute --output-dir build/$$folder $$folder/*.ipynb || exit 1; \
	done

$(LAB)/delivery: .venv/ready
	test -d $(OUT) || $(BIN)/ecoledger demo --out $(OUT) --aoi guangyang_island
	mkdir -p $(LAB)
	cp -a $(OUT) $@

wheel: .venv/ready  ## what is released, into dist
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

bench: .venv/ready  ## our engine beside odc-stac, stackstac and the floor, and bench-tiles; BENCH="--size 2048 --rounds 1" is quicker
	PYTHONPATH=. $(BIN)/python tests/bench/bench_engine.py $(BENCH)
	$(BIN)/python tests/bench/bench_tiles.py $(TILES)

bench-tiles: .venv/ready  ## our tile reader beside GDAL and imagecodecs, on the same tiles
	$(BIN)/python tests/bench/bench_tiles.py $(TILES)

bench-accounts: .venv/ready  ## CPU and memory of the pixel services of the accounts beside the composite of the same run
	PYTHONPATH=. $(BIN)/python tests/bench/bench_accounts.py $(ACCOUNTS)

bench-cluster: .venv/ready  ## the composite on one and on two worker processes of a Dask scheduler
	PYTHONPATH=. $(BIN)/python tests/bench/bench_cluster.py $(BENCH)

bench-province: .venv/ready  ## tiles of two UTM zones as one run, on threads and on a Dask cluster of two workers a core, beside its plan
	PYTHONPATH=. $(BIN)/python tests/bench/bench_province.py $(PROVINCE)

bench-ledger: .venv/ready  ## rate, size and resuming of the ledger at 10^6 blocks; LEDGER="--blocks 100000" is quicker
	PYTHONPATH=. $(BIN)/python tests/bench/bench_ledger.py $(LEDGER)

bench-memory: .venv/ready  ## the most memory that each step of real runs takes, beside its bound; MEMORY="--size 1024" is quicker
	PYTHONPATH=. $(BIN)/python tests/bench/bench_peaks.py $(MEMORY)
	PYTHONPATH=. $(BIN)/python tests/bench/bench_memory.py

bench-overlay: .venv/ready  ## CPU and memory of parcels over rasters, beside exactextract and rasterstats
	PYTHONPATH=. $(BIN)/python tests/bench/bench_overlay.py

bench-parcels: .venv/ready  ## time and memory from a register of PARCELS=1e6 to its delivery, step by step
	PYTHONPATH=. $(BIN)/python tests/bench/bench_parcels.py $(or $(PARCELS),1e6)

bench-delivery: .venv/ready  ## time, memory and size of every file of a delivery: DELIVERY="--parcels 1e6"
	$(BIN)/python -m tests.bench.bench_delivery $(DELIVERY)

bench-samples: .venv/ready  ## time and memory of grading 10^5 to 10^7 readings, with a plot in build/bench
	$(BIN)/python tests/bench/bench_samples.py

bench-trend: .venv/ready  ## time of the trend of a million pixels, beside pymannkendall
	$(BIN)/python tests/bench/bench_trend.py

bench-webmap: .venv/ready  ## how soon the map of a page with 5,000 parcels stands in a real Chromium
	PYTHONPATH=. $(BIN)/python tests/bench/bench_webmap.py $(WEBMAP)

bench-view: .venv/ready  ## making, opening and moving the view of 100,000 parcels in a headless Chromium
	PYTHONPATH=. $(BIN)/python tests/bench/bench_view.py $(VIEW)

bench-sheets: .venv/ready  ## fact sheets of 500 parcels as one PDF; OUT=folder of deliveries
	test -d $(OUT) || $(BIN)/ecoledger demo --quiet --out $(OUT)
	PYTHONPATH=. $(BIN)/python tests/bench/bench_sheets.py $(OUT)/chongming_wetlands/latest

bench-series: .venv/ready  ## series of 100 parcels over the bench's scenes, beside odc-stac and exactextract
	PYTHONPATH=. $(BIN)/python tests/bench/bench_series.py $(SERIES)

bench-increment: .venv/ready  ## what one scene more in a period costs, beside its share of a run from nothing
	PYTHONPATH=. $(BIN)/python tests/bench/bench_increment.py $(INCREMENT)

bench-intervals: .venv/ready  ## in how many of a thousand planted worlds each indicator's interval holds the truth
	PYTHONPATH=. $(BIN)/python tests/bench/coverage_of_intervals.py

pictures: .venv/ready  ## what people should look at, into build/pictures: report, maps, view, QGIS, paper; OUT=folder of deliveries
	$(BIN)/pytest -q $(PICTURED)
	test -d $(OUT) || $(BIN)/ecoledger demo --quiet --out $(OUT)
	PYTHONPATH=. $(BIN)/python tests/draw_pictures.py $(OUT)

house:  ## sizes, arrows between rooms and names of the house; BEFORE=path to compare with another checkout
	$(PYTHON) tests/measure_house.py $(BEFORE) .

stac-server: .venv/stac/ready  ## the STAC API that some tests search, in an environment of its own

audit:  ## known vulnerabilities of what is locked; ADVISORIES=file, folder or archive of OSV needs no network, else uv and one
	$(if $(ADVISORIES),$(BIN)/python packaging/audit.py requirements.lock $(ADVISORIES),\
		uvx pip-audit --requirement requirements.lock --require-hashes --disable-pip --strict)

lock:  ## write requirements.lock, that of what only runs, and that of the STAC API anew (needs uv)
	uv pip compile --quiet --universal --generate-hashes --all-extras --python-version 3.11 \
		--no-emit-index-url --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --generate-hashes --extra slurm --extra print --python-version 3.11 \
		--constraint requirements.lock --no-emit-index-url --custom-compile-command "make lock" \
		pyproject.toml --output-file requirements-run.lock
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
		--custom-compile-command "make lock" requirements-stac.in --output-file requirements-stac.lock

bom: .venv/ready  ## the software bill of materials that the wheel carries, from requirements-run.lock
	$(BIN)/python packaging/bom.py requirements-run.lock packaging/ecoledger.cdx.json

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-build-isolation --no-deps --editable .
	touch $@

.venv/stac/ready: requirements-stac.lock
	$(PYTHON) -m venv .venv/stac
	.venv/stac/bin/pip install --quiet --require-hashes --requirement requirements-stac.lock
	touch $@
