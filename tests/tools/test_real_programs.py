"""Real programs print, write and exit under the JIT as they do on stock: lib2to3, json.tool, compileall, unittest, asyncio,
multiprocessing, sqlite3. Each runs under default thresholds and with everything compiled."""
# test: timeout=900
import filecmp
import glob
import json
import os
import re
import subprocess
import unittest

from tooling import LAUNCHER, STOCK, ToolTest, environment

LIBRARY = "/usr/lib/python3.11"
MODES = {"default": {}, "compile-all": {"JIT_STRESS": "compile-all", "JIT_TIERING": "1"}}

ASYNCIO_SERVER = '''
import asyncio, json

async def handle(reader, writer):
    while line := await reader.readline():
        request = json.loads(line)
        await asyncio.sleep(0)
        writer.write(json.dumps({"id": request["id"], "sum": sum(request["numbers"])}).encode() + b"\\n")
        await writer.drain()
    writer.close()

async def client(port, name, out):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for i in range(60):
        writer.write(json.dumps({"id": f"{name}-{i}", "numbers": list(range(i))}).encode() + b"\\n")
        await writer.drain()
        answer = json.loads(await asyncio.wait_for(reader.readline(), 30))
        out[answer["id"]] = answer["sum"]
    writer.close()
    await writer.wait_closed()

async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    out = {}
    async with server:
        async with asyncio.TaskGroup() as group:
            for name in "abcd":
                group.create_task(client(port, name, out))
    print(len(out), sum(out.values()), sorted(out)[:3])

asyncio.run(main())
'''

MULTIPROCESSING = '''
import multiprocessing, os, sys

def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps

def fail(n):
    raise ValueError(f"worker {n}")

def produce(queue, n):
    for i in range(n):
        queue.put((i, collatz(i + 1)))
    queue.put(None)

def main(method):
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        print(method, sum(pool.map(collatz, range(1, 3000))), max(pool.imap_unordered(collatz, range(1, 500), 50)))
        try:
            pool.apply(fail, (3,))
        except ValueError as error:
            print(error)
    queue = context.Queue()
    process = context.Process(target=produce, args=(queue, 50))
    process.start()
    items = list(iter(queue.get, None))
    process.join()
    print(len(items), items[-1], process.exitcode)
    with context.Manager() as manager:
        d = manager.dict()
        workers = [context.Process(target=d.__setitem__, args=(i, collatz(i + 1))) for i in range(3)]
        for w in workers: w.start()
        for w in workers: w.join()
        print(sorted(d.items()))

if __name__ == "__main__":
    main(sys.argv[1])
'''

CONCURRENT = '''
import concurrent.futures, math

def primes(n):
    return [x for x in range(2, n) if all(x % d for d in range(2, math.isqrt(x) + 1))]

if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print([len(p) for p in pool.map(primes, [100, 1000, 5000])])
'''

SQLITE = '''
import sqlite3

class Median:
    def __init__(self): self.values = []
    def step(self, value): self.values.append(value)
    def finalize(self): return sorted(self.values)[len(self.values) // 2]

def reverse_order(a, b):
    return (a < b) - (a > b)

connection = sqlite3.connect(":memory:")
connection.create_function("triple", 1, lambda x: x * 3, deterministic=True)
connection.create_aggregate("median", 1, Median)
connection.create_collation("backwards", reverse_order)
connection.row_factory = sqlite3.Row
steps = 0
def progress():
    global steps
    steps += 1
connection.set_progress_handler(progress, 1000)
with connection:
    connection.execute("create table t (id integer primary key, name text, value real)")
    connection.executemany("insert into t (name, value) values (?, ?)", ((f"name{i % 17}", i * 7919 % 1000 / 10) for i in range(5000)))
for row in connection.execute("select name, count(*) n, round(avg(value), 3) a, median(value) m, sum(triple(id)) s from t group by name "
                              "order by name collate backwards limit 5"):
    print(tuple(row), row.keys())
try:
    with connection:
        connection.execute("delete from t")
        raise RuntimeError("roll back")
except RuntimeError as error:
    print(error, connection.execute("select count(*) from t").fetchone()[0])
connection.create_function("failing", 1, lambda x: 1 / 0)
try:
    connection.execute("select failing(1)").fetchone()
except sqlite3.OperationalError as error:
    print(error)
print(sum(1 for _ in connection.iterdump()), steps > 0)
'''

UNITTEST_PATTERN = re.compile(r"in \d+\.\d+s")


class RealPrograms(ToolTest):
    maxDiff = 4000

    def compare(self, arguments, *, input=None, prepare=None, normalise=lambda text: text, modes=MODES, timeout=300):
        """Runs python ARGUMENTS on stock and in each mode; {work} in an argument is a fresh folder. The folders, stock's first."""
        folders, expected = [], None
        for name, command, extra in [("stock", STOCK, {})] + [(mode, LAUNCHER, extra) for mode, extra in modes.items()]:
            work = self.path(name)
            os.mkdir(work)
            if prepare:
                prepare(work)
            line = [command] + [argument.replace("{work}", work) for argument in arguments]
            result = subprocess.run(line, input=input, capture_output=True, text=True, timeout=timeout, cwd=work,
                                    env=environment(PYTHONHASHSEED="0", TZ="UTC", **extra))
            told = tuple(normalise(text.replace(work, "WORK").replace(command, "PYTHON")) for text in (result.stdout, result.stderr))
            told += (result.returncode,)
            if expected is None:
                expected = told
                self.assertGreater(len(told[0] + told[1]) + len(os.listdir(work)), 0, "stock did nothing")
            else:
                with self.subTest(mode=name):
                    self.assertEqual(told, expected)
            folders.append(work)
        return folders, expected

    def assert_same_tree(self, one, other):
        def files(top):
            return sorted(os.path.relpath(os.path.join(folder, name), top) for folder, _, names in os.walk(top) for name in names)

        self.assertEqual(files(one), files(other))
        _, different, failed = filecmp.cmpfiles(one, other, files(one), shallow=False)
        self.assertEqual((different, failed), ([], []))

    def test_2to3_over_the_standard_library(self):
        sources = sorted(glob.glob(LIBRARY + "/json/*.py") + glob.glob(LIBRARY + "/email/[a-m]*.py") +
                         [f"{LIBRARY}/{name}.py" for name in ("argparse", "textwrap", "heapq", "shlex", "string", "csv")])
        self.assertGreater(len(sources), 15)

        def prepare(work):
            os.mkdir(work + "/out")

        # Some of them hold syntax newer than lib2to3: it says so, skips them and exits with 1, under the JIT too.
        folders, (out, err, _) = self.compare(["-m", "lib2to3", "-f", "all", "-f", "idioms", "-f", "set_literal", "-n", "-w", "-o",
                                                  "{work}/out", "--add-suffix=3", *sources], prepare=prepare)
        self.assertIn("Files that were modified", out + err)
        self.assertGreater(sum(len(names) for _, _, names in os.walk(folders[0] + "/out")), 10)
        for folder in folders[1:]:
            self.assert_same_tree(folders[0], folder)

    def test_json_tool(self):
        data = {"numbers": [1, -2.5, 1e300, 10**30], "text": "é€𝄞\n\"", "nested": [[{"k": [None, True, False]}]] * 50,
                "long": list(range(2000))}
        text = json.dumps(data)
        for arguments in ([], ["--sort-keys"], ["--compact"], ["--no-ensure-ascii", "--indent", "2"], ["--tab"]):
            with self.subTest(arguments):
                self.compare(["-m", "json.tool", *arguments], input=text)
                for name in os.listdir(self.folder):
                    os.rmdir(self.path(name))

    def test_json_tool_refuses(self):
        _, (_, err, status) = self.compare(["-m", "json.tool"], input='{"a": [1, 2,, 3]}')
        self.assertEqual(status, 1)
        self.assertIn("Expecting value", err)

    def test_compileall(self):
        sources = sorted(glob.glob(LIBRARY + "/[a-f]*.py"))

        def prepare(work):
            os.mkdir(work + "/source")
            for path in sources:
                copy = f"{work}/source/{os.path.basename(path)}"
                with open(path, "rb") as original, open(copy, "wb") as file:
                    file.write(original.read())
                os.utime(copy, (10**9, 10**9))

        # -s makes the folder's name disappear from the code objects, so that whole files can be compared.
        folders, (_, _, status) = self.compare(["-m", "compileall", "-q", "-s", "{work}", "source"], prepare=prepare)
        self.assertEqual(status, 0)
        compiled = glob.glob(folders[0] + "/source/__pycache__/*.pyc")
        self.assertEqual(len(compiled), len(sources))
        for folder in folders[1:]:
            self.assert_same_tree(folders[0], folder)

    def test_unittest_modules(self):
        for module in ("test.test_textwrap", "test.test_heapq", "test.test_configparser"):
            with self.subTest(module):
                _, (_, err, status) = self.compare(["-m", "unittest", "-v", module], normalise=lambda text: UNITTEST_PATTERN.sub("", text))
                self.assertEqual(status, 0)
                self.assertRegex(err, r"Ran \d\d+ tests")
                for name in os.listdir(self.folder):
                    subprocess.run(["rm", "-rf", self.path(name)], check=True)

    def test_asyncio_server_and_clients(self):
        self.compare([self.write("server.py", ASYNCIO_SERVER)])

    def test_multiprocessing_fork(self):
        self.compare([self.write("pool.py", MULTIPROCESSING), "fork"])

    def test_multiprocessing_spawn(self):
        self.compare([self.write("pool.py", MULTIPROCESSING), "spawn"])

    def test_multiprocessing_forkserver(self):
        self.compare([self.write("pool.py", MULTIPROCESSING), "forkserver"], modes={"default": {}})

    def test_process_pool(self):
        self.compare([self.write("primes.py", CONCURRENT)])

    def test_sqlite3(self):
        self.compare([self.write("database.py", SQLITE)])

    def test_other_tools_of_the_library(self):
        sample = self.write("sample.py", "import os\ndef f(a, b=2):\n    '''Doc.'''\n    return [x for x in (a, b)]\n" * 40)
        for arguments in (["-m", "ast", sample], ["-m", "tokenize", sample], ["-m", "dis", sample], ["-m", "pyclbr", sample],
                          ["-m", "tabnanny", "-v", sample], ["-m", "calendar", "2024"], ["-m", "base64", "-e", sample], ["-m", "this"],
                          ["-m", "trace", "--count", "--missing", "--summary", "--coverdir={work}/cover", sample],
                          ["-m", "doctest", "-v", LIBRARY + "/heapq.py"], ["-m", "pydoc", "textwrap"]):
            with self.subTest(arguments):
                self.compare(arguments, normalise=lambda text: re.sub(r"0x[0-9a-f]{6,}", "0x", text))
                for name in ("stock", *MODES):
                    subprocess.run(["rm", "-rf", self.path(name)], check=True)


if __name__ == "__main__":
    unittest.main()
