"""tracemalloc started when memory of dead objects is kept for new ones: it must learn of the new ones."""
import tracemalloc
def f(x):
    def g():
        return x
    return g
class M:
    def __enter__(self): return self
    def __exit__(self, *a): pass
def work():
    for i in range(500):
        f(i)
        with M(): pass
        try: raise KeyError
        except KeyError as e: pass
def hot():
    g = f(0)
    try: raise ValueError
    except ValueError as e: tb = e.__traceback__; ex = e
    it = iter([1]); 
    m = [M().__enter__, iter([3]), enumerate(it), zip(it), map(f, it)]
    return [g.__closure__[0], g, tb, tb.tb_frame, ex, M(), it] + m
for i in range(400): hot()
work()
tracemalloc.start(2)
objs = hot()
print([type(o).__name__ + ":" + str(tracemalloc.get_object_traceback(o) and tracemalloc.get_object_traceback(o)[-1].lineno) for o in objs])
tracemalloc.stop()
work()
print(len(hot()))
