# regadm: `make` builds, `make demo` shows it at work, `make check` tests it; those two install what they need
# (Debian, Ubuntu). `make help` lists the rest. VARIANT=asan|tsan|clang|debug|fuzz|static builds and tests another way; .ci/arm64 for arm64.
VERSION := 0.1.0
PREFIX  ?= /usr/local
VARIANT ?= release
OUT     := build/$(VARIANT)

OPT_release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
OPT_debug   := -O0 -g3
OPT_clang   := -O2 -g
OPT_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
OPT_tsan    := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
OPT_arm64   := $(OPT_release)
OPT_static  := $(OPT_release)
OPT_fuzz    := $(OPT_asan) -fsanitize=fuzzer-no-link
CC_clang    := clang
CC_fuzz     := clang
ifeq ($(origin CC),default)
CC := $(or $(CC_$(VARIANT)),cc)
endif
$(if $(OPT_$(VARIANT)),,$(error VARIANT=$(VARIANT): there are release, debug, clang, asan, tsan, fuzz, static and arm64))

PACKAGES := libcrypto yaml-0.1 libarchive libxcrypt libisal libcurl libzstd liblzma zlib
OPT      ?= $(OPT_$(VARIANT))
# Builds for tests can make storage calls fail: REGADM_FAULT, see lib/store/fault.h.
FAULTS   := $(if $(filter release clang arm64 static,$(VARIANT)),,-DRA_TEST_FAULTS)
WERROR   ?= -Werror
WARN     := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wundef \
	-Wno-missing-field-initializers
PKG_INC  := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
# Loaded when they are used: libcurl for a bucket, see lib/store/s3_curl.h, libarchive for the files in a layer. A static
# program cannot load anything and has them linked in.
STATIC   := $(filter static,$(VARIANT))
PKG_LIB  := $(shell pkg-config --libs $(if $(STATIC),--static $(PACKAGES),$(filter-out libcurl libarchive,$(PACKAGES))) 2>/dev/null)
CPPFLAGS += $(FAULTS) $(if $(STATIC),-DRA_STATIC) -Ilib -Icmd -include lib/base/prelude.h -DRA_VERSION='"$(VERSION)"' $(PKG_INC)
CFLAGS   += -std=gnu17 $(OPT) $(WARN) -fno-strict-aliasing -fstack-protector-strong -pthread
LDFLAGS  += $(if $(STATIC),-static)
LDLIBS   += $(PKG_LIB) -lbz2 -ldl -pthread

objects = $(patsubst %.c,$(OUT)/%.o,$(sort $(1)))
LIB_OBJ   := $(call objects,$(wildcard lib/*/*.c))
CMD_OBJ   := $(call objects,$(filter-out cmd/main.c cmd/gen.c cmd/mdoc.c,$(wildcard cmd/*.c)))
TEST_MAIN := $(wildcard tests/unit/test_*.c tests/driver/test_*.c)
TEST_TOOL := $(wildcard tests/lib/mk*.c)
FUZZ_MAIN := $(wildcard tests/fuzz/fuzz_*.c)
TEST_OBJ  := $(call objects,$(filter-out $(TEST_MAIN) $(TEST_TOOL) tests/lib/replay.c,$(wildcard tests/lib/*.c tests/driver/*.c)))
TESTS     := $(TEST_MAIN:%.c=$(OUT)/%)
TOOLS     := $(TEST_TOOL:%.c=$(OUT)/%)
REPLAYS   := $(FUZZ_MAIN:tests/fuzz/fuzz_%.c=$(OUT)/tests/fuzz/replay_%)
FUZZERS   := $(FUZZ_MAIN:%.c=$(OUT)/%)
BENCHES   := $(patsubst %.c,$(OUT)/%,$(wildcard tests/bench/*.c))
LIBS      := $(OUT)/libcmd.a $(OUT)/libregadm.a

all: $(OUT)/regadm

# --- building ------------------------------------------------------------------------------------------------

packages:
	@pkg-config --exists $(PACKAGES) 2>/dev/null || { pkg-config --exists --print-errors $(PACKAGES); tests/setup.sh --missing build; exit 3; }

define compile
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(CPPFLAGS) $(if $(filter tests/%,$<),-Itests) $(CFLAGS) -MMD -MP -c -o $@ $<
endef

$(OUT)/%.o: %.c | packages
	$(compile)

$(OUT)/lib/jobs/report_parts.o: $(addprefix lib/jobs/report,.html .css .js _charts.js _views.js)

$(OUT)/libregadm.a: $(LIB_OBJ)
$(OUT)/libcmd.a: $(CMD_OBJ)
$(OUT)/libtest.a: $(TEST_OBJ)
$(OUT)/%.a:
	@rm -f $@
	@echo "  AR      $@"
	@ar rcs $@ $^

define link
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
endef

$(OUT)/regadm: $(OUT)/cmd/main.o $(LIBS)
	$(link)
# For tests: REGADM_FAULT makes its storage calls fail (lib/store/fault.h).
$(OUT)/regadm-faults: $(OUT)/cmd/main-faults.o $(LIBS)
	$(link)
$(OUT)/cmd/main-faults.o: CPPFLAGS += -DRA_TEST_FAULTS
$(OUT)/cmd/main-faults.o: cmd/main.c | packages
	$(compile)
$(OUT)/gen: $(OUT)/cmd/gen.o $(OUT)/cmd/mdoc.o $(LIBS)
	$(link)
$(TESTS): LDLIBS += -lcmocka
# The peer that our own reader of JSON is held against.
$(OUT)/tests/unit/test_json_peer: LDLIBS += -ljansson
$(TESTS): $(OUT)/%: $(OUT)/%.o $(OUT)/libtest.a $(LIBS)
	$(link)
$(TOOLS) $(BENCHES): $(OUT)/%: $(OUT)/%.o $(LIBS)
	$(link)
$(REPLAYS): $(OUT)/tests/fuzz/replay_%: $(OUT)/tests/fuzz/fuzz_%.o $(OUT)/tests/lib/replay.o $(OUT)/libtest.a $(LIBS)
	$(link)
$(FUZZERS): LDFLAGS += -fsanitize=fuzzer
$(FUZZERS): $(OUT)/%: $(OUT)/%.o $(OUT)/libtest.a $(LIBS)
	$(link)

# --- showing and testing -------------------------------------------------------------------------------------

test-programs: $(OUT)/regadm $(OUT)/regadm-faults $(TESTS) $(TOOLS) $(REPLAYS)
RUN = VARIANT=$(VARIANT) tests/run

demo:
	@pkg-config --exists $(PACKAGES) 2>/dev/null || tests/setup.sh build
	@$(MAKE) --no-print-directory all $(TOOLS)
	@tests/demo $(OUT)/regadm $(OUT)/tests/lib/mksample

check:
	@tests/setup.sh build check
	@$(MAKE) --no-print-directory test-programs $(OUT)/gen
	@$(RUN) lint unit driver cli cli-s3 fuzz-replay shared e2e

unit driver cli cli-s3 fuzz-replay shared e2e: test-programs
	@$(RUN) $@
lint: $(OUT)/gen $(OUT)/regadm
	@$(RUN) lint
asan:
	@$(MAKE) --no-print-directory VARIANT=asan test-programs
	@VARIANT=asan tests/run unit driver cli fuzz-replay
tsan:
	@$(MAKE) --no-print-directory VARIANT=tsan test-programs
	@VARIANT=tsan tests/run unit driver cli
clang:
	@$(MAKE) --no-print-directory VARIANT=clang test-programs
	@VARIANT=clang tests/run unit cli
valgrind:
	@$(MAKE) --no-print-directory VARIANT=debug test-programs
	@VARIANT=debug WRAP="valgrind -q --error-exitcode=99 --leak-check=full --suppressions=tests/lib/valgrind.supp" tests/run unit driver

FUZZ_SECONDS ?= 60
fuzz:
	@$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
	@tests/fuzz/run build/fuzz/tests/fuzz $(FUZZ_SECONDS)
fuzzers: $(FUZZERS)

bench: all $(BENCHES) $(TOOLS)
	@tests/bench/run $(OUT) $(NAME)

# --- what the table of verbs writes --------------------------------------------------------------------------

gen: $(OUT)/gen
	@$(OUT)/gen .
gen-check: $(OUT)/gen $(OUT)/regadm
	@$(RUN) tests/lint/verbs.sh

# The picture in the README, of the sample registry with its tags set apart.
screenshot: all $(OUT)/tests/lib/mksample
	@OUT=$(OUT) tests/lib/screenshot.sh man/report.png

format:
	@clang-format -i $$(git ls-files '*.[ch]')

# --- installing ----------------------------------------------------------------------------------------------

BINDIR  ?= $(PREFIX)/bin
LIBDIR  ?= $(PREFIX)/lib
INCDIR  ?= $(PREFIX)/include/regadm
MANDIR  ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
FLOORS  := base format store registry jobs
# All but what the parts of one job or one driver say among themselves.
PUBLIC  := $(filter-out %_parts.h %/codec.h %/tar_header.h lib/store/s3_% lib/jobs/import_% lib/jobs/export_%,$(wildcard lib/*/*.h))
SECTIONS := $(sort $(subst .,,$(suffix $(filter-out %.png,$(wildcard man/*)))))
below_prefix = $(patsubst $(PREFIX)/%,$${prefix}/%,$1)

install: all $(OUT)/libregadm.a
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBDIR)/pkgconfig $(FLOORS:%=$(INCDIR)/%) $(SECTIONS:%=$(MANDIR)/man%) \
		$(BASHDIR) $(ZSHDIR) $(FISHDIR))
	install -m 755 $(OUT)/regadm $(DESTDIR)$(BINDIR)/regadm
	install -m 644 $(OUT)/libregadm.a $(DESTDIR)$(LIBDIR)/libregadm.a
	$(foreach f,$(FLOORS),install -m 644 $(filter lib/$f/%,$(PUBLIC)) $(DESTDIR)$(INCDIR)/$f;)
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(call below_prefix,$(LIBDIR))|; s|@INCDIR@|$(call below_prefix,$(INCDIR))|' \
		-e 's|@VERSION@|$(VERSION)|; s|@PACKAGES@|$(filter-out libcurl,$(PACKAGES))|' \
		.packaging/regadm.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/regadm.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/regadm.pc
	$(foreach s,$(SECTIONS),install -m 644 $(wildcard man/*.$s) $(DESTDIR)$(MANDIR)/man$s;)
	install -m 644 completions/regadm.bash $(DESTDIR)$(BASHDIR)/regadm
	install -m 644 completions/regadm.zsh $(DESTDIR)$(ZSHDIR)/_regadm
	install -m 644 completions/regadm.fish $(DESTDIR)$(FISHDIR)/regadm.fish

uninstall:
	rm -f $(addprefix $(DESTDIR),$(BINDIR)/regadm $(LIBDIR)/libregadm.a $(LIBDIR)/pkgconfig/regadm.pc \
		$(foreach s,$(SECTIONS),$(patsubst man/%,$(MANDIR)/man$s/%,$(wildcard man/*.$s))) \
		$(BASHDIR)/regadm $(ZSHDIR)/_regadm $(FISHDIR)/regadm.fish)
	rm -rf $(DESTDIR)$(INCDIR)

# Debian packages, checked by lintian, in build/deb.
DEB ?= build/deb
deb:
	@tests/setup.sh build check deb
	@.packaging/build-deb $(DEB) $(VERSION)

clean:
	rm -rf build

help:
	@echo "all demo check | unit driver cli cli-s3 lint e2e shared fuzz-replay | asan tsan clang valgrind fuzz bench"
	@echo "gen gen-check format screenshot | install uninstall (PREFIX, DESTDIR) | deb clean"

.PHONY: all packages test-programs demo check unit driver cli cli-s3 fuzz-replay shared e2e lint asan tsan clang \
	valgrind fuzz fuzzers bench gen gen-check format screenshot install uninstall deb clean help
.SECONDARY:
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
