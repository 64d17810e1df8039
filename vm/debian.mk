# vm/debian.mk: `make deb` builds a Debian package from what `make install` puts in place.

DEB_VERSION       = $(shell sed -n 's/^#define PYJIT_VERSION "\(.*\)"/\1/p' vm/module_pyjit.c)
DEB_ARCHITECTURE  = $(shell dpkg --print-architecture)
DEB_FILE          = $(BUILD)/pyjit_$(DEB_VERSION)_$(DEB_ARCHITECTURE).deb
DEB_STAGE        := $(BUILD)/deb
# Every python3.11 of Debian reads this folder; the library itself looks at the interpreter before it touches anything.
DEB_SITE         := /usr/lib/python3/dist-packages

define DEB_CONTROL
Package: pyjit
Version: $(DEB_VERSION)
Architecture: $(DEB_ARCHITECTURE)
Maintainer: The pyjit developers <pyjit@localhost>
Installed-Size: @SIZE@
Depends: libc6 (>= 2.36), python3.11 (>= 3.11.2), python3.11 (<< 3.12)
Recommends: libllvm19 | libllvm16
Suggests: gdb, linux-perf, libunwind8
Section: python
Priority: optional
Description: just-in-time compiler for CPython 3.11
 pyjit is loaded into the unmodified python3.11 and compiles hot functions to
 machine code. Programs and extension modules run as they are. It is switched on
 by "-X jit", PYTHON_JIT=1, or by starting programs with the command pyjit.

endef
export DEB_CONTROL

deb: all
	@rm -rf $(DEB_STAGE)
	@$(MAKE) --no-print-directory install DESTDIR=$(abspath $(DEB_STAGE)) PREFIX=/usr SITE=$(DEB_SITE) >/dev/null
	@strip --strip-unneeded $(DEB_STAGE)/usr/lib/pyjit/*.so $(DEB_STAGE)/usr/bin/pyjit
	@install -D -m 644 LICENSE $(DEB_STAGE)/usr/share/doc/pyjit/copyright
	@install -D -m 644 README.md $(DEB_STAGE)/usr/share/doc/pyjit/README.md
	@gzip -9nf $(DEB_STAGE)/usr/share/man/man1/pyjit.1
	@size=$$(du -sk $(DEB_STAGE) | cut -f1); install -d $(DEB_STAGE)/DEBIAN; \
	  printf '%s\n' "$$DEB_CONTROL" | sed "s/@SIZE@/$$size/" > $(DEB_STAGE)/DEBIAN/control
	@dpkg-deb --build --root-owner-group $(DEB_STAGE) $(DEB_FILE) >/dev/null
	@echo '$(DEB_FILE): install with apt-get install ./$(DEB_FILE)'
