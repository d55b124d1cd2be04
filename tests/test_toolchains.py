"""Programs in the languages of this host, built and run by real toolchains in a real sandbox."""

import gc
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from assayoffice.sandbox.programs import (
    Blob,
    Run,
    RunLimits,
    RunResult,
    SandboxFailure,
    Status,
    Tier,
    probe,
)
from assayoffice.sandbox.programs import languages as probing
from assayoffice.sandbox.programs import toolchains as module
from assayoffice.sandbox.programs.recipes import Recipe
from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.sandbox.programs.settings import SandboxSettings, TierChoice
from assayoffice.sandbox.programs.toolchains import (
    BuildFailed,
    Toolchain,
    ToolchainMissing,
    Toolchains,
    found,
    missing,
)

_MIB = 1 << 20

ECHO = {
    "python": "print('you said', input())",
    "c": "#include <stdio.h>\nint main(void) { char s[9]; gets_s: fgets(s, 9, stdin);"
    ' printf("you said %s", s); }',
    "cpp": "#include <iostream>\nint main() { std::string s; std::cin >> s;"
    ' std::cout << "you said " << s << std::endl; }',
    "javascript": "console.log('you said', require('fs').readFileSync(0, 'utf8').trim())",
    "java": "import java.util.*;\npublic class Echo { public static void main(String[] a) {"
    ' System.out.println("you said " + new Scanner(System.in).nextLine()); } }',
    "bash": 'read -r said\necho "you said $said"',
    "rust": "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap();"
    ' println!("you said {}", s.trim()); }',
    "go": 'package main\nimport "fmt"\n'
    'func main() { var s string; fmt.Scan(&s); fmt.Println("you said", s) }',
}
EXIT_WITH_7 = {
    "python": "import sys; sys.exit(7)",
    "c": "int main(void) { return 7; }",
    "cpp": "int main() { return 7; }",
    "javascript": "process.exit(7)",
    "java": "class Main { public static void main(String[] a) { System.exit(7); } }",
    "bash": "exit 7",
    "rust": "fn main() { std::process::exit(7) }",
    "go": 'package main\nimport "os"\nfunc main() { os.Exit(7) }',
}
CRASH = {
    "python": "1 / 0",
    "c": "#include <stdlib.h>\nint main(void) { abort(); }",
    "cpp": "int main() { throw 1; }",
    "javascript": "undefined.x",
    "java": 'class Main { public static void main(String[] a) { throw new Error("no"); } }',
    "bash": "kill -SEGV $$",
    "rust": 'fn main() { panic!("no") }',
    "go": 'package main\nfunc main() { panic("no") }',
}
FLOOD = {
    "python": "while True: print('x' * 999)",
    "c": '#include <stdio.h>\nint main(void) { for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxx"); }',
    "cpp": '#include <cstdio>\nint main() { for (;;) std::puts("xxxxxxxxxxxxxxxxxxxxxxxxx"); }',
    "javascript": "for (;;) require('fs').writeSync(1, 'x'.repeat(9999))",
    "java": "class Main { public static void main(String[] a) {"
    ' while (!System.out.checkError()) System.out.println("x".repeat(9999)); } }',
    "bash": "while echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; do :; done",
    "rust": 'fn main() { loop { println!("{}", "x".repeat(9999)) } }',
    "go": 'package main\nimport ("fmt"; "strings")\nfunc main() {'
    ' for { if _, e := fmt.Println(strings.Repeat("x", 9999)); e != nil { panic(e) } } }',
}
#: Programs that use as many MiB as they are told on stdin.
GREEDY = {
    "python": "x = bytearray(int(input()) << 20)\nprint(len(x) >> 20)",
    "c": "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
    'int main(void) { size_t n; if (scanf("%zu", &n) != 1) return 1; char *p = malloc(n << 20);'
    ' if (!p) return 1; memset(p, 1, n << 20); printf("%zu\\n", n); return p[7] - 1; }',
    "cpp": "#include <iostream>\n#include <vector>\nint main() { size_t n; std::cin >> n;"
    " std::vector<char> v(n << 20, 1); std::cout << (v.size() >> 20) << std::endl; }",
    "javascript": "let n = +require('fs').readFileSync(0, 'utf8'), all = [];\n"
    "for (let i = 0; i < n; i++) all.push(new Array(1 << 17).fill(i + 0.5));\n"
    "console.log(all.length)",
    "java": "import java.util.*;\nclass Main { public static void main(String[] a) {"
    " int n = new Scanner(System.in).nextInt(); List<byte[]> all = new ArrayList<>();"
    " for (int i = 0; i < n; i++) all.add(new byte[1 << 20]); System.out.println(all.size()); } }",
    "rust": "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap();"
    " let n: usize = s.trim().parse().unwrap(); let v = vec![1u8; n << 20];"
    ' println!("{}", v.len() >> 20); }',
    "go": 'package main\nimport "fmt"\nfunc main() { var n int; fmt.Scan(&n);'
    " b := make([]byte, n<<20); for i := range b { b[i] = 1 }; fmt.Println(len(b) >> 20) }",
}
DEEP = {
    "c": "#include <stdio.h>\nint f(volatile int n) { return n ? 1 + f(n - 1) : 0; }\n"
    'int main(void) { printf("%d\\n", f(100000)); }',
    "javascript": "const f = (n) => (n ? 1 + f(n - 1) : 0);\nconsole.log(f(20000))",
    "java": "class Main { static int f(int n) { return n == 0 ? 0 : 1 + f(n - 1); }\n"
    "public static void main(String[] a) { System.out.println(f(100000)); } }",
}
BROKEN = {
    "c": "int main(void) { return undeclared; }",
    "cpp": "int main() { return undeclared; }",
    "java": "class Main { public static void main(String[] a) { undeclared(); } }",
    "rust": "fn main() { undeclared() }",
    "go": "package main; func main() { undeclared() }",
}


class CountingSandbox(Sandbox):
    """A sandbox that knows how often it has been used."""

    runs = 0

    def run(self, run: Run) -> RunResult:
        self.runs += 1
        return super().run(run)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[CountingSandbox]:
    with CountingSandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def toolchains(sandbox: CountingSandbox) -> Toolchains:
    return Toolchains(sandbox)


def has(language: str) -> None:
    if language not in found():
        pytest.skip(missing()[language])


def run(
    toolchains: Toolchains, sandbox: Sandbox, language: str, source: str, stdin: str = "", **limits
) -> RunResult:
    has(language)
    built = toolchains.build(language, source)
    with Blob(stdin.encode()) as given:
        return sandbox.run(built.run(replace(RunLimits(), **limits), stdin=given))


@pytest.mark.heavy
@pytest.mark.parametrize("language", ECHO)
def test_a_program_reads_and_prints(sandbox, toolchains, language):
    result = run(toolchains, sandbox, language, ECHO[language], "hello\n")
    assert (result.status, result.stdout) == (Status.OK, b"you said hello\n")
    assert result.stderr == b""


@pytest.mark.heavy
@pytest.mark.parametrize("language", EXIT_WITH_7)
def test_an_exit_code_is_the_programs(sandbox, toolchains, language):
    result = run(toolchains, sandbox, language, EXIT_WITH_7[language])
    assert (result.status, result.exit_code) == (Status.NONZERO_EXIT, 7)


@pytest.mark.heavy
@pytest.mark.parametrize("language", CRASH)
def test_a_crash_is_no_success(sandbox, toolchains, language):
    result = run(toolchains, sandbox, language, CRASH[language])
    assert result.status in (Status.NONZERO_EXIT, Status.SIGNALED)


@pytest.mark.heavy
@pytest.mark.parametrize("language", FLOOD)
def test_output_is_bounded(sandbox, toolchains, language):
    result = run(toolchains, sandbox, language, FLOOD[language], output_bytes=_MIB)
    assert result.status is Status.OUTPUT_LIMIT
    assert len(result.stdout) <= _MIB


@pytest.mark.heavy
@pytest.mark.parametrize("language", GREEDY)
def test_a_program_has_the_memory_it_was_given_and_not_much_more(sandbox, toolchains, language):
    most = 256 * _MIB
    modest = run(toolchains, sandbox, language, GREEDY[language], "160", memory_bytes=most)
    assert (modest.status, modest.stdout) == (Status.OK, b"160\n")
    greedy = run(toolchains, sandbox, language, GREEDY[language], "512", memory_bytes=most)
    assert greedy.status in (Status.MEMORY_LIMIT, Status.NONZERO_EXIT, Status.SIGNALED)
    assert greedy.peak_memory_bytes < 2 * most


@pytest.mark.heavy
@pytest.mark.parametrize("language", DEEP)
def test_recursion_may_be_deep(sandbox, toolchains, language):
    result = run(toolchains, sandbox, language, DEEP[language])
    assert (result.status, result.stdout.decode().strip()) in [
        (Status.OK, "100000"),
        (Status.OK, "20000"),
    ]


@pytest.mark.heavy
@pytest.mark.parametrize("language", BROKEN)
def test_what_a_compiler_says_is_the_same_each_time(sandbox, toolchains, language):
    has(language)
    said = []
    for _ in range(2):
        with pytest.raises(BuildFailed, match="undeclared") as failure:
            Toolchains(sandbox).build(language, BROKEN[language])
        said.append(str(failure.value))
        assert not failure.value.limit
    assert said[0] == said[1]
    assert re.search(r"[mM]ain\.\w+:1", said[0])
    assert "/tmp" not in said[0]


def test_what_a_linker_says_names_no_random_files(sandbox, toolchains):
    has("c")
    with pytest.raises(BuildFailed, match="undefined reference to `f'") as failure:
        toolchains.build("c", "int f(void);\nint main(void) { return f(); }")
    assert "/tmp" not in str(failure.value)


def test_a_flood_of_errors_is_cut(toolchains):
    has("c")
    with pytest.raises(BuildFailed) as failure:
        toolchains.build("c", "int " + "x" * 100_000 + ";\nint main(void) { return y" + "z" * 9999)
    assert len(str(failure.value)) <= 8192


@pytest.mark.heavy
@pytest.mark.parametrize(
    "source",
    [
        '#include "/dev/zero"',
        '#include "main.c"\n#include "main.c"',
        "char huge[1 << 28] = {1};\nint main(void) {}",
        '__asm__(".incbin \\"/etc/shadow\\"");\nint main(void) {}',
        '#include "/etc/shadow"',
        '#include "/proc/1/environ"',
        "\0",
    ],
)
def test_source_that_attacks_the_compiler_is_no_program(toolchains, source):
    has("c")
    with pytest.raises(BuildFailed) as failure:
        toolchains.build("c", source)
    assert "root:" not in str(failure.value)


def test_compiling_ends_at_its_limit(sandbox, monkeypatch):
    has("cpp")
    limits = replace(module.COMPILE_LIMITS, cpu_seconds=0.5)
    monkeypatch.setattr(module, "COMPILE_LIMITS", limits)
    nested = "int main() { return " + "(" * 100_000 + "1" + ")" * 100_000 + "; }"
    with pytest.raises(BuildFailed, match="CPU time to compile") as failure:
        Toolchains(sandbox).build("cpp", nested)
    assert failure.value.limit


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("public class Other { public static void main(String... a) {%s} }", "unnamed"),
        ("class Helper { }\nclass Second { static public void main(final String[] a) {%s} }", ""),
        ("package a.b;\npublic class Q { public static void main(String[] a) {%s} }", "package"),
        (
            "/* public class No { */ class Yes { String s = \"public class Nor {\"; char c = '{';\n"
            "public static void main(String[] a) {%s} }",
            "comment",
        ),
        ("interface I { static void main(String[] a) {%s} }", "interface"),
        ('enum E { A; static final String T = """\n}}} " """;\n'
         "public static void main(String[] a) {%s} }", "enum"),
        ("class A { class B { void main() {} } }\n"
         "public class C { public static void main(String[] a) {%s} }", "nested"),
    ],
)  # fmt: skip
@pytest.mark.heavy
def test_java_finds_the_class_with_main(sandbox, toolchains, source, printed):
    source = source % f'System.out.println("{printed}");'
    result = run(toolchains, sandbox, "java", source)
    assert (result.status, result.stdout) == (Status.OK, f"{printed}\n".encode())


@pytest.mark.parametrize(
    ("language", "source", "message"),
    [
        ("java", f"class {'A' * 300} {{ public static void main(String[] a) {{}} }}", "too long"),
        ("java", f"class {'é' * 140} {{ public static void main(String[] a) {{}} }}", "too long"),
        # The name of its file is short enough, that of its class is not.
        ("java", f"class {'A' * 250} {{ public static void main(String[] a) {{}} }}", "too long"),
        ("java", f"class A {{ class {'B' * 250} {{}} public static void main(String[] a) {{}} }}",
         "error"),
        ("java", f"package {'.'.join(['a' * 200] * 30)};\n"
         "class Main { public static void main(String[] a) {} }", "too long"),
        # Classes for us, and a comment for Java.
        ("java", f"public class A {{}} \\u002f* class {'B' * 99_999} {{ static void main() {{}} }} "
         "*\\u002f", "too long"),
        # Comments for Java, which decodes escapes before it reads.
        ("java", "\\u002f* class A { public static void main(String[] a) {} } *\\u002f", "no prog"),
        ("rust", "#![crate_type = \"lib\"]\npub fn main() {}", "no program"),
        ("go", "package other\nfunc main() {}", "no program"),
        ("c", "", "main"),
        ("cpp", "", "main"),
    ],
)  # fmt: skip
@pytest.mark.heavy
def test_what_no_program_comes_out_of_is_no_program(toolchains, language, source, message):
    has(language)
    with pytest.raises(BuildFailed, match=message) as failure:
        toolchains.build(language, source)
    assert not failure.value.limit


def broken(monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain) -> None:
    """Have this toolchain found, and nothing else of its language."""
    mapping = {**found(), toolchain.language: toolchain}
    monkeypatch.setattr(module, "found", lambda: mapping)


@pytest.mark.parametrize("language", ["c", "javascript"])
def test_a_toolchain_that_only_tells_its_version_is_missing(sandbox, monkeypatch, language):
    # /usr/bin/true exits with 0 and makes nothing, /usr/bin/false is any compiler's error.
    for tool in ("/usr/bin/true", "/usr/bin/false"):
        broken(monkeypatch, Toolchain(language, "version 9", {"compile": tool, "run": tool}))
        toolchains = Toolchains(sandbox)
        for _ in range(2):
            with pytest.raises(ToolchainMissing, match="version 9 does not work .*; install"):
                toolchains.build(language, ECHO[language])


@pytest.mark.parametrize("tool", ["/usr/bin/gone", "/usr/lib", "/usr/include/stdio.h"])
def test_a_compiler_that_cannot_be_started_is_no_fault_of_the_program(sandbox, monkeypatch, tool):
    has("c")
    broken(monkeypatch, Toolchain("c", "version 9", {"compile": tool}))
    with pytest.raises(ToolchainMissing, match=f"{tool}.*; install gcc"):
        Toolchains(sandbox).build("c", ECHO["c"])


def test_a_compiler_that_is_removed_later_is_no_fault_of_the_program(sandbox, monkeypatch):
    has("c")
    toolchains = Toolchains(sandbox)
    toolchains.check("c")
    broken(monkeypatch, Toolchain("c", "version 9", {"compile": "/usr/bin/gone"}))
    with pytest.raises(SandboxFailure, match="/usr/bin/gone"):
        toolchains.build("c", ECHO["c"])


def test_a_runtime_that_is_removed_later_is_no_fault_of_the_program(sandbox, monkeypatch):
    has("javascript")
    toolchains = Toolchains(sandbox)
    toolchains.check("javascript")
    broken(monkeypatch, Toolchain("javascript", "version 9", {"run": "/usr/bin/gone"}))
    with pytest.raises(SandboxFailure, match="/usr/bin/gone"):
        sandbox.run(toolchains.build("javascript", "").run(RunLimits()))


def test_a_compiler_without_its_libraries_is_no_fault_of_the_program(sandbox, monkeypatch):
    has("c")
    toolchains = Toolchains(sandbox)
    toolchains.check("c")
    # What the loader says and does for want of a library.
    script = "echo loading shared libraries: libjli.so >&2; exit 127"
    command = ("/usr/bin/bash", "-c", script)
    monkeypatch.setattr(module, "recipe", lambda *_: Recipe({}, ("/tmp/main",), (command,), "main"))
    with pytest.raises(SandboxFailure, match="libjli"):
        toolchains.build("c", ECHO["c"])


def test_without_proc_what_needs_it_is_missing(monkeypatch):
    has("java")
    with Sandbox() as sandbox:
        plan = sandbox._plan
    if plan.tier is not Tier.NAMESPACES:
        pytest.skip("the tier landlock runs Python only")
    monkeypatch.setattr(probe, "plan", lambda settings: replace(plan, proc=False))
    with Sandbox() as sandbox:
        toolchains = Toolchains(sandbox)
        for language in ("java", "javascript", "bash"):
            with pytest.raises(ToolchainMissing, match="; .*/proc of its own"):
                toolchains.build(language, ECHO[language])
        assert run(toolchains, sandbox, "c", ECHO["c"], "hello\n").stdout == b"you said hello\n"


def test_a_toolchain_is_tried_once(sandbox):
    has("c")
    toolchains, before = Toolchains(sandbox), sandbox.runs
    toolchains.check("python")
    assert sandbox.runs == before
    for _ in range(2):
        assert toolchains.check("c") == found()["c"]
    assert sandbox.runs == before + 2


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("c", "int main(void) { return undeclared; }  // out of memory"),
        ("c", "#error cc1: out of memory"),
        ("c", '#include "internal compiler error"'),
        ("java", "class Main { public static void main(String[] a) {\n"
         "java.lang.OutOfMemoryError e = undeclared; } }  // out of resources"),
    ],
)  # fmt: skip
def test_what_a_program_says_of_compilers_changes_nothing(toolchains, language, source):
    has(language)
    with pytest.raises(BuildFailed, match="error: ") as failure:
        toolchains.build(language, source)
    assert not failure.value.limit


@pytest.mark.parametrize("language", ["c", "java"])
def test_a_compiler_that_breaks_down_is_a_limit(toolchains, language):
    has(language)
    deep = "(" * 200_000 + "1" + ")" * 200_000
    source = {
        "c": f"int main(void) {{ return {deep}; }}",
        "java": f"class Main {{ public static void main(String[] a) {{ int x = {deep}; }} }}",
    }
    with pytest.raises(BuildFailed, match="the compiler runs out of") as failure:
        toolchains.build(language, source[language])
    assert failure.value.limit


_LENGTH = 1_000_000
#: Texts of which naive patterns read each line, or word, again from each before it.
SLOW = {
    "empty lines": "\n" * _LENGTH,
    "spaces": " " * _LENGTH,
    "a package": "package " + " " * _LENGTH + "!",
    "parts of a package": "package a" + " .a" * (_LENGTH // 3) + "!",
    "imports": "import " * (_LENGTH // 7) + "!",
    "lines of functions": "func\n" * (_LENGTH // 5),
    "classes": "public " + "class " * (_LENGTH // 6),
    "mains": "class A { static " + "void main (" * (_LENGTH // 11),
    "quotes": '"""\\' * (_LENGTH // 4),
    "escaped quotes": '"""' + '\\"""' * (_LENGTH // 4) + "\\",
    "comments": "/*" * (_LENGTH // 2),
    "directives": "#\n" * (_LENGTH // 2),
    "preprocessing": "#include" + " " * _LENGTH,
}
_READ = """
import sys
from assayoffice.sandbox.programs.languages import Toolchain
from assayoffice.sandbox.programs.recipes import Source, Unbuildable, recipe
source = sys.stdin.read()
for language in ("c", "cpp", "go", "java"):
    tools = dict.fromkeys(("compile", "run"), "/usr/bin/true")
    try:
        recipe(Toolchain(language, "1", tools), Source(source, witnessed=True))
    except Unbuildable:
        pass
"""


@pytest.mark.heavy
@pytest.mark.parametrize("kind", SLOW)
def test_long_sources_are_read_in_linear_time(kind):
    # Half a second of work; what is quadratic would take many minutes.
    subprocess.run(
        [sys.executable, "-c", _READ], input=SLOW[kind], text=True, check=True, timeout=60
    )


def test_java_without_main_is_no_program(toolchains):
    has("java")
    with pytest.raises(BuildFailed, match="main"):
        toolchains.build("java", "class A { void main() {} }")


@pytest.mark.heavy
def test_java_may_have_many_classes(sandbox, toolchains):
    source = (
        "import java.util.function.*;\nrecord Point(int x) {}\nsealed interface S permits T {}\n"
        "final class T implements S { static class U { int v = new Point(3).x(); } }\n"
        "public class Main { public static void main(String[] a) { Supplier<T.U> s = T.U::new;"
        " System.out.println(s.get().v); } }"
    )
    assert run(toolchains, sandbox, "java", source).stdout == b"3\n"


def test_threads_of_a_runtime_need_no_permission(sandbox, toolchains):
    source = (
        "require('fs').readFile('main.js', 'utf8', (e, s) => {\n"
        "  require('crypto').pbkdf2('a', 'b', 9, 9, 'sha1', () => console.log(s.length > 9)); })"
    )
    assert run(toolchains, sandbox, "javascript", source, processes=1).stdout == b"true\n"


def test_a_shell_may_start_programs(sandbox, toolchains):
    result = run(toolchains, sandbox, "bash", 'echo "$(printf "b\\na\\n" | sort | head -n 1)"')
    assert (result.status, result.stdout) == (Status.OK, b"a\n")


def test_a_pipeline_ends_quietly(sandbox, toolchains):
    result = run(toolchains, sandbox, "bash", "yes | head -n 1")
    assert (result.status, result.stdout, result.stderr) == (Status.OK, b"y\n", b"")


def test_a_program_is_compiled_once(sandbox):
    has("c")
    toolchains, source = Toolchains(sandbox), ECHO["c"]
    toolchains.check("c")
    before = sandbox.runs
    first, second = toolchains.build("c", source), toolchains.build("c", source)
    assert first is second
    assert sandbox.runs == before + 1
    toolchains.build("c", source, witnessed=True)
    assert sandbox.runs == before + 2


def test_a_failure_is_remembered_too(sandbox):
    has("c")
    toolchains = Toolchains(sandbox)
    toolchains.check("c")
    before = sandbox.runs
    for _ in range(2):
        with pytest.raises(BuildFailed, match="undeclared"):
            toolchains.build("c", BROKEN["c"])
    assert sandbox.runs == before + 1


@pytest.mark.heavy
def test_failures_keep_nothing_open(sandbox):
    has("c")
    toolchains = Toolchains(sandbox)
    toolchains.check("c")

    def fail(number: int) -> None:
        with pytest.raises(BuildFailed, match="undeclared"):
            toolchains.build("c", f"int main(void) {{ return undeclared_{number}; }}")

    fail(0)
    # What exceptions hold is not to be found by the collector, which would hide it.
    gc.collect()
    gc.disable()
    try:
        before = set(os.listdir("/proc/self/fd"))
        for number in range(1, 13):
            fail(number)
        assert len(set(os.listdir("/proc/self/fd")) - before) == 0
        remembered = [each for each in toolchains._cache.values() if isinstance(each, BuildFailed)]
        assert len(remembered) == 13
        assert all(each.__traceback__ is None and not each.__context__ for each in remembered)
    finally:
        gc.enable()


def test_a_program_that_fell_out_of_the_cache_still_runs(sandbox, monkeypatch):
    has("c")
    monkeypatch.setattr(module, "_CACHED_BYTES", 1)
    toolchains = Toolchains(sandbox)
    toolchains.check("c")
    before = sandbox.runs
    built = toolchains.build("c", EXIT_WITH_7["c"])
    toolchains.build("c", ECHO["c"])
    assert sandbox.run(built.run(RunLimits())).exit_code == 7
    toolchains.build("c", EXIT_WITH_7["c"])
    assert sandbox.runs == before + 4


def test_without_namespaces_only_python_runs():
    with Sandbox(SandboxSettings(tier=TierChoice.LANDLOCK)) as sandbox:
        toolchains = Toolchains(sandbox)
        with Blob(b"hello") as stdin:
            built = toolchains.build("python", ECHO["python"])
            assert sandbox.run(built.run(RunLimits(), stdin=stdin)).stdout == b"you said hello\n"
        has("bash")
        with pytest.raises(ToolchainMissing, match="namespaces"):
            toolchains.build("bash", "echo")


def test_a_language_nobody_knows_is_missing(toolchains):
    with pytest.raises(ToolchainMissing, match="cobol"):
        toolchains.build("cobol", "STOP RUN.")


def test_every_language_is_found_or_missing_with_a_remedy():
    assert found().keys() | missing().keys() == ECHO.keys()
    assert not found().keys() & missing().keys()
    assert "python" in found()
    assert all("install" in text for text in missing().values())
    for toolchain in found().values():
        assert toolchain.version
        assert "\n" not in toolchain.version
        for tool in toolchain.tools.values():
            assert tool.startswith("/usr/")


def test_a_toolchain_out_of_reach_is_missing(tmp_path, monkeypatch):
    (tmp_path / "gcc").write_text("#!/bin/sh\n")
    (tmp_path / "gcc").chmod(0o755)
    monkeypatch.setattr(probing, "_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    probing._survey.cache_clear()
    try:
        assert str(tmp_path / "gcc") in missing()["c"]
        assert "there is no g++" in missing()["cpp"]
    finally:
        probing._survey.cache_clear()
