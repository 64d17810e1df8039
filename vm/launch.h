/* vm/launch.h: what launcher.c, preload.c and activate.c agree on. Plain C: the launcher knows no Python. */
#ifndef PYJIT_VM_LAUNCH_H
#define PYJIT_VM_LAUNCH_H

/* Private environment variables between launcher and preloaded library: the path of libpyjit.so, whose presence
 * says "the launcher started this", and the LD_PRELOAD that the user had. Gone before Python reads the environment. */
#define LAUNCH_LIBRARY       "PYJIT_LAUNCH_LIBRARY"
#define LAUNCH_SAVED_PRELOAD "PYJIT_LAUNCH_SAVED_PRELOAD"

/* The function of libpyjit.so that preload.c calls when the program is about to start. GIL held; leaves no exception. */
#define LAUNCH_ACTIVATE "pyjit_activate_launched"
typedef void (*launch_activate_function)(void);

#endif
