# The goals that measure; included by the top Makefile.
#
#   make bench [PROGRAMS="fib objects"] [PAIRS=3] [MIN_RATIO=0.98] [CHECK=1] [QUICK=1] [TIERS=1,2] [BENCH_OPTIONS="--clock wall"]
#   make micro [CASES="call 'caught KeyError'"]
#   make bench-compare A=old.json [B=new.json]

.PHONY: bench micro bench-compare

BENCH_PYTHON := $(PYTHON) -B

bench: deps
	@$(MAKE) --no-print-directory all
	@$(BENCH_PYTHON) perf/bench/run.py --stock $(PYTHON) --jit $(LAUNCHER) $(if $(PAIRS),--pairs $(PAIRS)) \
	    $(if $(MIN_RATIO),--min-ratio $(MIN_RATIO)) $(if $(CHECK),--check) $(if $(QUICK),--quick) $(if $(TIERS),--tiers $(TIERS)) $(BENCH_OPTIONS) $(PROGRAMS)

micro: deps
	@$(MAKE) --no-print-directory all
	@$(BENCH_PYTHON) perf/bench/micro.py --stock $(PYTHON) --jit $(LAUNCHER) $(BENCH_OPTIONS) $(CASES)

bench-compare:
	@test -n "$(A)" || { echo 'make bench-compare A=old.json [B=new.json]' >&2; exit 2; }
	@$(BENCH_PYTHON) perf/bench/compare.py $(A) $(B)
