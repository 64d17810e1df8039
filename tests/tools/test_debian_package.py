"""`make deb`: what is in the package, what it makes work, and that dpkg takes all of it away again."""
import gzip
import os
import subprocess
import unittest

from tooling import BUILD, ROOT, STOCK, ToolTest, environment, run

IS_ON = "import sys; print(hasattr(sys, '_jit') and sys._jit.is_enabled())"
FILES = {"usr/bin/pyjit", "usr/lib/pyjit/libpyjit.so", "usr/lib/pyjit/libpyjit-preload.so", "usr/lib/python3/dist-packages/pyjit.so",
         "usr/lib/python3/dist-packages/pyjit.pth", "usr/share/man/man1/pyjit.1.gz", "usr/share/doc/pyjit/copyright"}


def command(*arguments):
    return subprocess.run(arguments, env=environment(), text=True, capture_output=True, timeout=600)


def files_under(folder):
    return {os.path.relpath(os.path.join(root, name), folder) for root, _, names in os.walk(folder) for name in names}


class DebianPackage(ToolTest):
    def setUp(self):
        super().setUp()
        options = ["DEBUG=1"] if os.path.basename(BUILD) == "debug" else []
        made = command("make", "--no-print-directory", "-C", ROOT, *options, "deb")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(made.stderr, "")
        self.package = os.path.join(ROOT, made.stdout.split(":")[0].strip().splitlines()[-1])

    def test_installed_and_removed(self):
        """Into a root of its own: the tests beside this one use the machine's."""
        root = self.path("root")
        for folder in ("updates", "info"):
            os.makedirs(os.path.join(root, "var/lib/dpkg", folder))
        open(os.path.join(root, "var/lib/dpkg/status"), "w", encoding="utf-8").close()
        before = files_under(root)
        dpkg = ["dpkg", f"--root={root}", "--force-depends", "--force-not-root", "--log=" + self.path("log")]
        installed = command(*dpkg, "-i", self.package)
        self.assertEqual(installed.returncode, 0, installed.stderr)
        self.assertEqual(FILES - files_under(root), set())
        self.expect(run([os.path.join(root, "usr/bin/pyjit"), "-c", IS_ON]), "True\n")
        site = os.path.join(root, "usr/lib/python3/dist-packages")
        program = f"import site; site.addsitedir({site!r}); {IS_ON}"
        self.expect(run([STOCK, "-X", "jit", "-c", program]), "True\n")
        self.expect(run([STOCK, "-c", program]), "False\n")
        with gzip.open(os.path.join(root, "usr/share/man/man1/pyjit.1.gz"), "rt", encoding="utf-8") as file:
            page = file.read().replace("\\-", "-")
        for word in ("JIT_LOG=FILE", "--explain", "PYTHON_JIT"):
            self.assertIn(word, page)
        removed = command(*dpkg, "--purge", "pyjit")
        self.assertEqual(removed.returncode, 0, removed.stderr)
        left = {path for path in files_under(root) - before if not path.startswith("var/lib/dpkg")}
        self.assertEqual(left, set())

    def test_what_it_says(self):
        fields = command("dpkg-deb", "--field", self.package).stdout
        for line in ("Package: pyjit", "Architecture: amd64", "python3.11 (>= 3.11.2), python3.11 (<< 3.12)", "Recommends: libllvm19"):
            self.assertIn(line, fields)
        self.assertRegex(fields, r"(?m)^Version: \d+\.\d+$")
        self.assertRegex(fields, r"(?m)^Installed-Size: [1-9]\d{2,4}$")


if __name__ == "__main__":
    unittest.main()
