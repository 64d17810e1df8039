"""Signals and asynchronous exceptions that a call in hot code brings upon its own thread: they come right after that call."""
# test: modes=tier0,default,tier2-sync,tier2-deopt,tier2-gc
import ctypes, threading, signal, os
class Stop(Exception): pass
class D:
    def __del__(self): print("del D")
def raise_in(i, e):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(i), ctypes.py_object(e))
    return D()
def count(n):
    total = 0
    for i in range(n):
        if i == 100:
            raise_in(threading.get_ident(), Stop)
            print("not here")
        total += i
    return total
def handler(s, f):
    print("handler", f.f_lineno)
    raise KeyError(f.f_lineno)
signal.signal(signal.SIGUSR1, handler)
def sig(n):
    t = 0
    for i in range(n):
        if i == 200:
            os.kill(os.getpid(), signal.SIGUSR1)
            t += 1
        t += i
    return t
import traceback
for k in range(3):
    for f in count, sig:
        try: print(f(300))
        except Exception: traceback.print_exc()
