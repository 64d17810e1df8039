/* vm/activate.h: switching the JIT on in this process: options, start-up check, event log, hook. GIL held for all. */
#ifndef PYJIT_VM_ACTIVATE_H
#define PYJIT_VM_ACTIVATE_H

#include "runtime/cpython.h"
#include "runtime/reasons.h"

/* Who asks. They differ in what holds when neither -X jit nor PYTHON_JIT says anything. */
enum activation_way {
    ACTIVATION_LAUNCHER, /* the pyjit command: on */
    ACTIVATION_PTH,      /* pyjit.pth at the start of an ordinary python3.11: off */
    ACTIVATION_API,      /* pyjit.enable(): on, unless the user said off */
};

/* Switches the JIT on, if the user lets us and the interpreter is one we know. Returns whether it is on now. Options are
 * read and the check is made once per process. Declines with one line on standard error (silently where the user
 * switched it off). A bad -X value ends the process with exit code 2. Leaves no exception. */
bool activate(enum activation_way way);

/* The opposite: compiled code stays, no function enters it any more. */
void deactivate(void);

/* Can the JIT serve this interpreter, whether on or not? (sys._jit.is_available) */
bool activation_possible(void);

/* Called by libpyjit-preload.so when the program is about to start; see launch.h. */
__attribute__((visibility("default"))) void pyjit_activate_launched(void);

#endif
