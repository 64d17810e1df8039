"""The end of a process with compiled code about: atexit, destructors at shutdown, threads, exit codes, uncaught errors."""
import subprocess
import sys
import textwrap

CASES = {
    "falls off": """
        def f(n): return sum(range(n))
        print([f(i) for i in range(300)][-1])
    """,
    "sys.exit in hot code": """
        import sys
        def f(n):
            if n == 400: sys.exit(7)
            return n
        for i in range(1000): f(i)
    """,
    "SystemExit with text": """
        def f(n):
            raise SystemExit("the text") if n > 300 else None if n < 0 else SystemExit(0) if False else ValueError
        for i in range(400):
            try: f(i)
            except (ValueError, TypeError): pass
    """,
    "uncaught": """
        def inner(n):
            return 10 // (n - 350)
        def outer(n):
            return inner(n) + 1
        for i in range(1000): outer(i)
    """,
    "uncaught in a class body": """
        def f(): return undefined_thing
        class C:
            x = f()
    """,
    "uncaught chain": """
        def f(n):
            try: {}[n]
            except KeyError as error: raise RuntimeError("chained") from error
        for i in range(300):
            try: f(i)
            except RuntimeError: pass
        f("last")
    """,
    "atexit": """
        import atexit
        def hot(n): return n * 2
        def at_end(): print("at exit", sum(hot(i) for i in range(300)))
        atexit.register(at_end)
        for i in range(300): hot(i)
        print("end of main")
    """,
    "destructors at shutdown": """
        def hot(n): return n + 1
        class D:
            def __init__(self, name): self.name = name
            def __del__(self):
                print("del", self.name, hot(1) if hot else "hot is gone")
        for i in range(300): hot(i)
        d = D("module level")
        def f():
            x = D("local"); y = [x]
            return y
        kept = f()
    """,
    "destructor in sys": """
        import sys
        class D:
            def __del__(self): sys.stderr.write("del in sys\\n")
        for i in range(300): D.__repr__
        sys.kept = D()
    """,
    "generator alive at shutdown": """
        def g():
            try:
                while True: yield 1
            finally: print("generator finalised")
        it = g()
        for i in range(300): next(it)
    """,
    "threads": """
        import threading, time
        def daemon():
            n = 0
            while True: n += 1
        main_is_done = threading.Event()
        def worker():
            main_is_done.wait()
            print("worker done", sum(range(1000)))
        for _ in range(3): threading.Thread(target=daemon, daemon=True).start()
        threading.Thread(target=worker).start()
        print("main done")
        main_is_done.set()
    """,
    "os._exit in hot code": """
        import os, sys
        def f(n):
            if n == 500:
                sys.stdout.write("bye\\n"); sys.stdout.flush(); os._exit(5)
        for i in range(1000): f(i)
    """,
    "killed by a signal": """
        import os, signal
        def f(n):
            if n == 500: os.kill(os.getpid(), signal.SIGTERM)
        for i in range(10**9): f(i)
    """,
    "keyboard interrupt": """
        import os, signal
        def f(n):
            if n == 500: os.kill(os.getpid(), signal.SIGINT)
        for i in range(10**9): f(i)
    """,
    "abort": """
        import os, faulthandler
        faulthandler.disable()
        def f(n):
            if n == 500: os.abort()
        for i in range(1000): f(i)
    """,
    "recursion uncaught": """
        def f(n): return f(n + 1)
        f(0)
    """,
    "unraisable": """
        class D:
            def __del__(self): raise ValueError("unraisable")
        def f():
            d = D()
            d = None
            return 1
        print(f(), f())
    """,
    "excepthook": """
        import sys
        def hook(kind, value, tb):
            frames = []
            while tb: frames.append((tb.tb_frame.f_code.co_name, tb.tb_lineno)); tb = tb.tb_next
            print("hook", kind.__name__, value, frames)
        sys.excepthook = hook
        def f(n):
            if n == 300: raise LookupError(n)
        for i in range(400): f(i)
    """,
    "subinterpreter": """
        import _xxsubinterpreters as sub
        i = sub.create()
        sub.run_string(i, "def f(n): return n * 2\\nprint(sum(f(i) for i in range(500)))")
        sub.destroy(i)
        def f(n): return n * 3
        print(sum(f(i) for i in range(500)))
    """,
    "faulthandler": """
        import faulthandler, sys
        def leaf(): faulthandler.dump_traceback(file=sys.stdout.fileno() and sys.stdout)
        def middle(n): return leaf() if n == 300 else n
        def top():
            for i in range(301): middle(i)
        top()
    """,
    "tracemalloc": """
        import tracemalloc
        def allocate(n): return [bytearray(1000) for _ in range(n)]
        for i in range(300): allocate(2)
        tracemalloc.start(5)
        kept = allocate(100)
        snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "<string>")])
        top = snapshot.statistics("traceback")[0]
        print(top.count >= 100, [frame.lineno for frame in top.traceback], top.size > 100000)
    """,
    "stdin": """
        import sys
        def f(line): return len(line)
        print(sum(f(line) for line in sys.stdin))
    """,
    "warnings": """
        import warnings
        def deprecated(): warnings.warn("old", DeprecationWarning, stacklevel=2)
        def caller():
            deprecated()
        warnings.simplefilter("always")
        for i in range(2): caller()
    """,
    "module del": """
        import sys, types
        m = types.ModuleType("m")
        exec("def f(n): return g(n)\\ndef g(n): return n + 1", m.__dict__)
        for i in range(300): m.f(i)
        f = m.f
        del m
        import gc; gc.collect()
        try: print(f(1))
        except NameError as error: print(error)
    """,
}
for name, text in CASES.items():
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(text)], capture_output=True, text=True, timeout=60, input="a\nbb\n" * 200)
    print("==", name, result.returncode)
    print(result.stdout, end="")
    print(result.stderr, end="")
