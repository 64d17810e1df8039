/* vm/module_sys_jit.h: sys._jit, as CPython 3.15 documents it. */
#ifndef PYJIT_VM_MODULE_SYS_JIT_H
#define PYJIT_VM_MODULE_SYS_JIT_H

/* Puts the namespace into sys, once. GIL held, main interpreter. Returns 0, or -1 with an exception set. */
int module_sys_jit_install(void);

#endif
