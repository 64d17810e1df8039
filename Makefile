# pyjit's build. `make help` lists the commands; `make V=1` prints every compiler line.
#
# Output stands under build/ only: the release build in build/ itself, the others beside it in build/debug,
# build/debug-address and so on, so that switching between them rebuilds nothing twice.

PYTHON ?= /usr/bin/python3.11
CC      = gcc
CLANG  ?= clang-19
# The extractor reads code with LLVM's disassembler.
LLVM_CONFIG ?= llvm-config-19
# Whose LLVM-C headers tier 2 is built with: the newest there is. The library itself is found at run time.
LLVM ?= $(or $(firstword $(foreach version,19 18 17 16,$(if $(wildcard /usr/lib/llvm-$(version)/include/llvm-c/LLJIT.h),$(version)))),19)
LLVM_C_INCLUDE := /usr/lib/llvm-$(LLVM)/include
PREFIX ?= /usr/local
FORMAT ?= clang-format-14
DEBUG  ?= 0
# address, undefined or address,undefined; implies DEBUG=1.
SANITIZE ?=
# Further C files to link into the library (stand-ins while a part is missing).
EXTRA_SOURCES ?=

ifneq ($(SANITIZE),)
  DEBUG := 1
endif
comma := ,
ifeq ($(DEBUG),1)
  BUILD := build/debug$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
else
  BUILD := build
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
V ?= 0
ifeq ($(V),0)
  Q   := @
  say  = @printf '  %-9s %s\n' '$(1)' '$(2)';
endif

# ---- Flags ---------------------------------------------------------------------------------------

# Goals that compile nothing need neither Python nor a compiler.
LIGHT_GOALS := help clean deps deps-test uninstall format format-check
ifneq ($(filter-out $(LIGHT_GOALS),$(or $(MAKECMDGOALS),all)),)
  LLVM_INCLUDE   := $(shell $(LLVM_CONFIG) --includedir 2>/dev/null)
  LLVM_LIBRARIES := $(shell $(LLVM_CONFIG) --ldflags --libs 2>/dev/null)
  PYTHON_INCLUDE := $(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))' 2>/dev/null)
endif

WARNINGS := -Wall -Wextra -Werror
ifeq ($(DEBUG),1)
  # With sanitizers gcc's flow analysis sees paths that are not there, hence the exception.
  BUILD_FLAGS := -O1 -g3 -UNDEBUG -DPYJIT_DEBUG=1 -fsanitize=$(or $(SANITIZE),undefined) -Wno-maybe-uninitialized
else
  BUILD_FLAGS := -O2 -g -DNDEBUG
endif
PYTHON_PATH_DEFINE := -DPYJIT_PYTHON_PATH='"$(PYTHON)"'
CFLAGS          ?=
BASE_FLAGS      := -std=gnu17 $(WARNINGS) -I. -I$(BUILD) -isystem $(PYTHON_INCLUDE)
# Only what is in tier2/ and its tests sees LLVM's headers.
TIER2_FLAGS     := -isystem $(LLVM_C_INCLUDE)
LIBRARY_FLAGS   := $(BASE_FLAGS) $(BUILD_FLAGS) -fPIC -fvisibility=hidden -fno-semantic-interposition \
                   -fno-omit-frame-pointer
HOST_FLAGS      := -std=gnu17 $(WARNINGS) -O2 -g -I. -I$(BUILD) -isystem $(PYTHON_INCLUDE) \
                   $(addprefix -isystem ,$(LLVM_INCLUDE))
# Templates share one signature and pass on what they do not use (tier1/template.h), hence the two exceptions.
TEMPLATE_FLAGS  := -std=gnu2x $(WARNINGS) -Wno-unused-parameter -Wno-uninitialized -I. -I$(BUILD) \
                   -isystem $(PYTHON_INCLUDE) -O2 -DNDEBUG -fno-pic -mcmodel=small \
                   -ffunction-sections -fno-asynchronous-unwind-tables -fno-stack-protector \
                   -fcf-protection=none -fno-jump-tables -mstack-alignment=8 -ffp-contract=off \
                   -fomit-frame-pointer -Xclang -mframe-pointer=reserved
# Arithmetic: blocks in the order of the source, so that the common case ends the template and falls through.
TEMPLATE_ORDERED := arith update compare_numbers store_local unboxed_box unboxed_floats unboxed_ints
$(addprefix $(BUILD)/templates/,$(TEMPLATE_ORDERED:=.o)): TEMPLATE_FLAGS += -mllvm -disable-block-placement
SHARED          := -shared -Wl,-z,noexecstack -Wl,-z,relro
LIBRARY_LINK    := $(SHARED) -Wl,--version-script=vm/exports.map
DEPENDENCIES    := -MMD -MP

# ---- What is built from what ---------------------------------------------------------------------

PROGRAM_SOURCES  := vm/launcher.c vm/preload.c tier1/extract.c gdb/hide_section.c
# Linked into unit tests only.
TEST_SOURCES     := tier2/ir_parse.c tier2/ir_eval.c
LIBRARY_SOURCES  := $(filter-out $(PROGRAM_SOURCES) $(TEST_SOURCES),$(sort $(wildcard runtime/*.c runtime/ops/*.c vm/*.c \
                      tier1/*.c tier2/*.c runtime/*.S perf/*.c gdb/*.c))) $(EXTRA_SOURCES)
TEMPLATE_SOURCES := $(sort $(wildcard tier1/templates/*.c))
object_of         = $(patsubst %,$(BUILD)/objects/%.o,$(subst /,_,$(basename $(1))))
LIBRARY_OBJECTS  := $(foreach source,$(LIBRARY_SOURCES),$(call object_of,$(source)))
TEST_OBJECTS     := $(foreach source,$(TEST_SOURCES),$(call object_of,$(source)))
TEMPLATE_OBJECTS := $(patsubst tier1/templates/%.c,$(BUILD)/templates/%.o,$(TEMPLATE_SOURCES))
TEMPLATE_TABLE   := $(BUILD)/tier1_templates.inc

LIBRARY  := $(BUILD)/libpyjit.so
PRELOAD  := $(BUILD)/libpyjit-preload.so
LAUNCHER := $(BUILD)/pyjit
# Behind `pyjit --profile`.
REPORT   := $(BUILD)/pyjit-profile
# What `import pyjit` finds with PYTHONPATH=build/module: the library under the module's name.
MODULE   := $(BUILD)/module/pyjit.so

.PHONY: all help deps deps-test demo test test-cpython fuzz unit-test ir-expect fuzz-ir install uninstall deb clean format format-check readme-options \
        check-readme FORCE
all: $(LIBRARY) $(PRELOAD) $(LAUNCHER) $(REPORT) $(MODULE)

# A missing tool is one line, not a shell's complaint per file.
$(BUILD)/tools: $(BUILD)/flags
	@test -n "$(PYTHON_INCLUDE)" || { echo "$(PYTHON) not found: run make deps" >&2; exit 1; }
	@test -e "$(PYTHON_INCLUDE)/internal/pycore_frame.h" || \
	    { echo "the headers of $(PYTHON) ($(PYTHON_INCLUDE)) not found: run make deps" >&2; exit 1; }
	@for tool in $(CC) $(CLANG) $(LLVM_CONFIG) nm; do \
	    command -v $$tool >/dev/null || { echo "$$tool not found: run make deps" >&2; exit 1; }; done
	@test -e $(LLVM_C_INCLUDE)/llvm-c/LLJIT.h || \
	    { echo "LLVM's C headers ($(LLVM_C_INCLUDE)) not found: run make deps" >&2; exit 1; }
	@test -z "$(wildcard tier1/extract.c)" || echo '#include <gelf.h>' | $(CC) -E - >/dev/null 2>&1 || \
	    { echo "libelf's headers not found: run make deps" >&2; exit 1; }
	@echo '#include <jansson.h>' | $(CC) -E - >/dev/null 2>&1 || \
	    { echo "libjansson's headers not found: run make deps" >&2; exit 1; }
	@touch $@

# All that decides how a file is compiled, rewritten only when it changes: objects depend on it.
export PYJIT_FLAGS_TEXT := $(CC) | $(CLANG) | $(CFLAGS) | $(LIBRARY_FLAGS) | $(TEMPLATE_FLAGS) | $(TIER2_FLAGS) | $(PYTHON)
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' "$$PYJIT_FLAGS_TEXT" | cmp -s - $@ || printf '%s\n' "$$PYJIT_FLAGS_TEXT" > $@

define compile_library_source
$(call object_of,$(1)): $(1) Makefile $(BUILD)/flags $(BUILD)/tools
	@mkdir -p $$(@D)
	$$(call say,CC,$(1))$(CC) $(LIBRARY_FLAGS) $(if $(filter tier2/%,$(1)),$(TIER2_FLAGS)) $(CFLAGS) $(DEPENDENCIES) -c $(1) -o $$@
endef
$(foreach source,$(LIBRARY_SOURCES) $(TEST_SOURCES),$(eval $(call compile_library_source,$(source))))

$(BUILD)/templates/%.o: tier1/templates/%.c Makefile $(BUILD)/flags $(BUILD)/tools
	@mkdir -p $(@D)
	$(call say,TEMPLATE,$<)$(CLANG) $(TEMPLATE_FLAGS) $(DEPENDENCIES) -c $< -o $@

$(BUILD)/extract: tier1/extract.c Makefile $(BUILD)/flags $(BUILD)/tools
	@mkdir -p $(@D)
	$(call say,HOSTCC,$<)$(CC) $(HOST_FLAGS) $(DEPENDENCIES) -MF $@.d $< -o $@ -lelf $(LLVM_LIBRARIES)

# Also rebuilt when a template file is added or taken away: their list is part of $(BUILD)/template-list.
$(BUILD)/template-list: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$(TEMPLATE_OBJECTS)" | cmp -s - $@ || printf '%s\n' "$(TEMPLATE_OBJECTS)" > $@

$(TEMPLATE_TABLE): $(BUILD)/extract $(TEMPLATE_OBJECTS) $(BUILD)/template-list
	$(call say,EXTRACT,$@)$(BUILD)/extract $@ $(TEMPLATE_OBJECTS)

# The names of the templates are part of tier 1's headers.
$(foreach source,$(filter tier1/%,$(LIBRARY_SOURCES)),$(call object_of,$(source))): $(TEMPLATE_TABLE)

$(BUILD)/object-list: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$(LIBRARY_OBJECTS)" | cmp -s - $@ || printf '%s\n' "$(LIBRARY_OBJECTS)" > $@

# Python's symbols come from the executable, so the linker cannot check them: compare with what it exports. (Not with a
# sanitizer's library in between, which defines half of libc itself.)
ifeq ($(SANITIZE),)
define check_symbols
	@nm -D --defined-only $(PYTHON) | awk '{print $$3}' | sort -u > $(BUILD)/python-exports
	@missing=$$(nm -D --undefined-only $@.new | awk '$$1 == "U" && $$2 !~ /@|__ubsan/ {print $$2}' | sort -u | \
	    comm -23 - $(BUILD)/python-exports); \
	  test -z "$$missing" || { echo "$@: defined nowhere:" $$missing >&2; exit 1; }
endef
endif

$(BUILD)/hide_section: gdb/hide_section.c Makefile $(BUILD)/flags $(BUILD)/tools
	@mkdir -p $(@D)
	$(call say,HOSTCC,$<)$(CC) $(HOST_FLAGS) $(DEPENDENCIES) -MF $@.d $< -o $@

$(LIBRARY): $(LIBRARY_OBJECTS) $(BUILD)/object-list vm/exports.map $(BUILD)/hide_section
	$(call say,LINK,$@)$(CC) $(LIBRARY_FLAGS) $(CFLAGS) $(LIBRARY_LINK) -o $@.new $(LIBRARY_OBJECTS) -lm -ldl -lpthread
	$(check_symbols)
	@$(BUILD)/hide_section $@.new .lbss
	@mv $@.new $@

# The two that run beside or before Python are small, and the same in every build.
PROGRAM_FLAGS := $(BASE_FLAGS) -O2 -g -fPIC -fvisibility=hidden

$(PRELOAD): vm/preload.c Makefile $(BUILD)/flags $(BUILD)/tools
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(PROGRAM_FLAGS) $(CFLAGS) $(DEPENDENCIES) -MF $@.d $(SHARED) $< -o $@ -ldl

$(LAUNCHER): vm/launcher.c Makefile $(BUILD)/flags $(BUILD)/tools
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(PROGRAM_FLAGS) -static $(CFLAGS) $(PYTHON_PATH_DEFINE) $(DEPENDENCIES) -MF $@.d $< -o $@

$(REPORT): $(sort $(wildcard perf/report/*.[ch])) Makefile $(BUILD)/flags $(BUILD)/tools
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) -std=gnu17 $(WARNINGS) -O2 -g -I. $(CFLAGS) $(filter %.c,$^) -o $@ -ljansson

$(MODULE): | $(LIBRARY)
	@mkdir -p $(@D) && ln -sfn ../libpyjit.so $@

-include $(wildcard $(BUILD)/objects/*.d $(BUILD)/templates/*.d $(BUILD)/*.d)

# ---- Unit tests: each linked with the objects of the library that it needs ------------------------

UNIT_PROGRAMS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/*.c)))

# Builds them; tests/run.py runs them.
unit-test: $(UNIT_PROGRAMS)

# Graphs in text: what passes must make of them.
$(BUILD)/unit/test_ir_text: UNIT_FLAGS := -DIR_TESTS_FOLDER='"$(CURDIR)/tests/ir"'

$(BUILD)/unit/objects.a: $(LIBRARY_OBJECTS) $(TEST_OBJECTS) $(BUILD)/object-list
	@mkdir -p $(@D) && rm -f $@
	$(call say,AR,$@)ar rcs $@ $(LIBRARY_OBJECTS) $(TEST_OBJECTS)

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/unit/objects.a Makefile $(BUILD)/flags
	$(call say,LINK,$@)$(CC) $(BASE_FLAGS) $(TIER2_FLAGS) $(BUILD_FLAGS) $(CFLAGS) -D_GNU_SOURCE $(UNIT_FLAGS) $(DEPENDENCIES) -MF $@.d $< -o $@ \
	    $(BUILD)/unit/objects.a -lpython3.11 -lm -ldl -lpthread

# Takes over what the passes make of the graphs in tests/ir; look at the difference.
ir-expect: $(BUILD)/unit/test_ir_text
	@IR_REWRITE=1 $(BUILD)/unit/test_ir_text
	@git diff --stat tests/ir

# Random graphs through the passes, then through LLVM, half the time each; begins where nobody has been (or at FIRST=).
MINUTES ?= 1
FIRST ?= $(shell date +%s)00000
fuzz-ir: $(BUILD)/unit/test_ir_fuzz $(BUILD)/unit/test_ir_lowering
	@for program in $^; do IR_FUZZ_SECONDS=$$(($(MINUTES) * 30)) IR_FUZZ_FIRST=$(FIRST) $$program || exit 1; done

-include $(wildcard $(BUILD)/unit/*.d)

# ---- What is run ---------------------------------------------------------------------------------

PACKAGES := gcc make libc6-dev python3.11 libpython3.11-dev libpython3.11-testsuite python3-lib2to3 \
            python3-numpy clang-19 llvm-19-dev libllvm19 libelf-dev libjansson-dev libunwind-dev gdb
# What the tests run under the JIT. (objgraph and psutil: greenlet's own tests import them.)
TEST_PACKAGES := idle-python3.11 python3-gdbm python3-greenlet python3-gevent python3-objgraph python3-psutil python3-django python3-jinja2 python3-sympy \
            python3-networkx python3-sqlalchemy python3-flask python3-requests python3-pytest python3-hypothesis python3-attr \
            python3-pydantic python3-pandas python3-coverage python3-numba linux-perf

deps: WANTED_PACKAGES = $(PACKAGES)
deps-test: WANTED_PACKAGES = $(PACKAGES) $(TEST_PACKAGES)
deps deps-test:
	@missing=; for package in $(WANTED_PACKAGES); do \
	    test "$$(dpkg-query -W -f '$${db:Status-Abbrev}' $$package 2>/dev/null | cut -c1-2)" = ii || missing="$$missing $$package"; done; \
	  if test -n "$$missing"; then \
	    sudo=; test "$$(id -u)" = 0 || sudo=sudo; \
	    echo "make $@: installing$$missing"; \
	    $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
	  fi

# The commands that set up first build in a second make, which then sees what deps has installed.
demo: deps
	@$(MAKE) --no-print-directory all
	@$(PYTHON) perf/demo.py $(BUILD)/pyjit

test: deps-test
	@$(MAKE) --no-print-directory all unit-test
	@$(PYTHON) tests/run.py

# All of CPython's own test suite, case by case against stock; takes an hour, goes on where it was stopped.
MODE  ?= compile-all
TESTS ?=
test-cpython: deps-test
	@$(MAKE) --no-print-directory all
	@$(PYTHON) tests/cpython_suite.py --jit $(BUILD)/pyjit --mode $(MODE) $(TESTS)

# Random programs against stock, in all modes; those that differ are kept in build/fuzz.
fuzz: deps-test
	@$(MAKE) --no-print-directory all
	@$(PYTHON) tests/fuzz/run.py --jit $(BUILD)/pyjit --minutes $(or $(MINUTES),10) --jobs $(or $(JOBS),$(shell nproc))

include perf/bench/bench.mk

# ---- Installation --------------------------------------------------------------------------------

# Debian's python3.11 reads PREFIX/lib/python3.11/dist-packages for /usr/local; a venv or a user's ~/.local has
# site-packages. SITE= overrides. DESTDIR= is honoured for packagers.
SITE ?= $(if $(filter /usr/local /usr/local/,$(PREFIX)),$(PREFIX)/lib/python3.11/dist-packages,$(PREFIX)/lib/python3.11/site-packages)
INSTALLED := $(PREFIX)/bin/pyjit $(PREFIX)/lib/pyjit/libpyjit.so $(PREFIX)/lib/pyjit/libpyjit.so-gdb.py $(PREFIX)/lib/pyjit/libpyjit-preload.so \
             $(PREFIX)/lib/pyjit/pyjit-profile $(PREFIX)/share/man/man1/pyjit.1 $(SITE)/pyjit.so $(SITE)/pyjit.pth

# One library for the launcher and for `import pyjit`: the module is a symbolic link.
install: all $(BUILD)/pyjit.1
	install -D -m 755 $(LAUNCHER) $(DESTDIR)$(PREFIX)/bin/pyjit
	install -D -m 644 $(LIBRARY) $(DESTDIR)$(PREFIX)/lib/pyjit/libpyjit.so
	install -D -m 644 gdb/pyjit_gdb.py $(DESTDIR)$(PREFIX)/lib/pyjit/libpyjit.so-gdb.py
	install -D -m 755 $(REPORT) $(DESTDIR)$(PREFIX)/lib/pyjit/pyjit-profile
	install -D -m 644 $(PRELOAD) $(DESTDIR)$(PREFIX)/lib/pyjit/libpyjit-preload.so
	install -D -m 644 $(BUILD)/pyjit.1 $(DESTDIR)$(PREFIX)/share/man/man1/pyjit.1
	install -D -m 644 vm/pyjit.pth $(DESTDIR)$(SITE)/pyjit.pth
	ln -sfnr $(DESTDIR)$(PREFIX)/lib/pyjit/libpyjit.so $(DESTDIR)$(SITE)/pyjit.so

$(BUILD)/pyjit.1: vm/man_page.py $(LIBRARY) $(LAUNCHER) $(MODULE)
	@PYTHON_JIT=0 PYTHONPATH=$(BUILD)/module $(PYTHON) $< $(LAUNCHER) > $@

include vm/debian.mk

# Takes away what install put there, and the folders that are empty afterwards.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	@for folder in $(PREFIX)/share/man/man1 $(PREFIX)/share/man $(PREFIX)/share $(PREFIX)/lib/pyjit $(SITE) $(PREFIX)/lib/python3.11 $(PREFIX)/lib $(PREFIX)/bin; do \
	    rmdir $(DESTDIR)$$folder 2>/dev/null || true; done

clean:
	rm -rf build

# ---- Housekeeping --------------------------------------------------------------------------------

C_FILES = $(sort $(wildcard runtime/*.[ch] runtime/ops/*.[ch] vm/*.[ch] tier1/*.[ch] tier1/templates/*.[ch] \
            tier2/*.[ch] gdb/*.[ch] perf/*.[ch] perf/report/*.[ch] tests/unit/*.[ch]))

format:
	$(FORMAT) -i $(C_FILES)

format-check:
	@command -v $(FORMAT) >/dev/null || { echo "$(FORMAT) not found: apt-get install $(FORMAT)" >&2; exit 1; }
	@wrong=$$($(FORMAT) --dry-run $(C_FILES) 2>&1 | sed -n 's/^\([^: ]*\):[0-9].*/\1/p' | sort -u); \
	  test -z "$$wrong" || { echo "not formatted (make format):" $$wrong >&2; exit 1; }

# The README's table of options, from the rows of vm/options.def.
readme-options: $(LIBRARY) $(MODULE)
	@PYTHON_JIT=0 PYTHONPATH=$(BUILD)/module $(PYTHON) vm/readme_options.py README.md

check-readme: $(LIBRARY) $(MODULE)
	@PYTHON_JIT=0 PYTHONPATH=$(BUILD)/module $(PYTHON) vm/readme_options.py --check README.md

help:
	@echo 'make            build build/libpyjit.so and build/pyjit'
	@echo 'make deps       install the Debian packages that are missing (prints the list first)'
	@echo 'make demo       deps, build, and run a real program compiled'
	@echo 'make test       deps, build, and run all tests'
	@echo "make test-cpython  all of CPython's test suite, MODE=compile-all; TESTS='test_dict test_list'"
	@echo 'make fuzz       MINUTES=10 of random programs against stock, in all modes'
	@echo 'make ir-expect  takes over what the passes make of tests/ir/*.ir; make fuzz-ir MINUTES=1: random graphs'
	@echo 'make bench      deps, build, and measure against stock python3.11'
	@echo '                PROGRAMS=, PAIRS=, MIN_RATIO=0.98, CHECK=1, QUICK=1; also make micro, make bench-compare A= B='
	@echo 'make install    into PREFIX=/usr/local (or a venv, or ~/.local); SITE=, DESTDIR='
	@echo 'make uninstall  takes away what install put there'
	@echo 'make deb        builds build/pyjit_VERSION_amd64.deb'
	@echo 'make clean      removes build/'
	@echo 'make format, make format-check, make readme-options, make check-readme'
	@echo 'DEBUG=1         assertions and UndefinedBehaviorSanitizer, in build/debug'
	@echo 'SANITIZE=address  AddressSanitizer, in build/debug-address; run with LD_PRELOAD=$$(gcc -print-file-name=libasan.so)'
	@echo 'LLVM=16..19     whose headers tier 2 is built with'
	@echo 'PYTHON=, CLANG=, CFLAGS=, V=1'
