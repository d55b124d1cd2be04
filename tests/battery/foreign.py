"""Programs in other languages than Python that end before they are judged."""

from dataclasses import dataclass

# Language and program: what ends before it is judged, or judges itself.
STDIO_CHEATS = (
    ("javascript", "process.exit(0)"),
    ("javascript", "console.assert = () => {}; console.log = () => {}; process.exitCode = 0"),
    ("javascript", "process.on('exit', () => { process.reallyExit(0) }); console.log('PASS')"),
    (
        "java",
        "public class Main { static { System.exit(0); } public static void main(String[] a) {} }",
    ),
    (
        "java",
        "class Main {\n  static { Runtime.getRuntime().halt(0); }\n"
        "  public static void main(String[] a) {}\n}",
    ),
    ("bash", "trap 'echo 3; exit 0' EXIT; exit 1"),
    ("bash", "exec 1>&2; echo 3; kill -9 $$"),
    (
        "c",
        "#include <unistd.h>\n__attribute__((constructor)) void f(void) { _exit(0); }\n"
        "int main(void) {}",
    ),
    ("c", 'int main(void) { __asm__("mov $60, %eax\\nxor %edi, %edi\\nsyscall"); }'),
    ("cpp", "#include <cstdlib>\nstruct A { A() { std::_Exit(0); } } a;\nint main() {}"),
)


@dataclass(frozen=True)
class Script:
    """A test that runs in the process of what it tests: an honest program, and some that end it."""

    language: str
    test: str
    honest: str
    cheats: tuple[str, ...]

    def __str__(self) -> str:
        return self.language


SCRIPTS = (
    Script(
        "javascript",
        "console.assert(add(1, 2) === 3);\nconsole.assert(add(20, 22) === 42);",
        "const add = (a, b) => a + b;",
        (
            "process.exit(0)",
            "const add = () => process.exit(0);",
            "console.assert = () => {}; const add = () => 0;",
            "process.on('exit', () => process.reallyExit(0)); const add = () => 0;",
            "process.on('uncaughtException', () => process.exit(0));\n"
            "const add = () => { throw 0 };",
            "const add = () => 0; process.stderr.write = () => true;",
        ),
    ),
    Script(
        "java",
        """
class Main {
    public static void main(String[] arguments) {
        if (Sum.add(1, 2) != 3 || Sum.add(20, 22) != 42) throw new AssertionError();
    }
}
""",
        "class Sum { static int add(int a, int b) { return a + b; } }",
        (
            "class Sum { static { System.exit(0); } static int add(int a, int b) { return 0; } }",
            "class Sum {\n"
            "    static int add(int a, int b) { Runtime.getRuntime().halt(0); return 0; }\n}",
        ),
    ),
    Script(
        "bash",
        '[ "$(add 1 2)" = 3 ] || exit 1\n[ "$(add 20 22)" = 42 ] || exit 1',
        "add() { echo $(($1 + $2)); }",
        (
            "exit 0",
            "exec true",
            "trap 'exit 0' EXIT; add() { echo 0; }",
            "trap 'builtin exit 0' DEBUG; add() { :; }",
            "exit() { :; }; add() { echo 0; }",
            "[() { return 0; }; add() { :; }",
            "alias exit=true; shopt -s expand_aliases; add() { :; }",
            "set -n",
        ),
    ),
    Script(
        "c",
        """
#include <assert.h>
int add(int, int);
int main(void) { assert(add(1, 2) == 3); assert(add(20, 22) == 42); }
""",
        "int add(int a, int b) { return a + b; }",
        (
            "#include <unistd.h>\n__attribute__((constructor)) static void f(void) { _exit(0); }\n"
            "int add(int a, int b) { return 0; }",
            "#include <stdlib.h>\nint add(int a, int b) { exit(0); }",
            "#define NDEBUG\n#define assert(x)\nint add(int a, int b) { return 0; }",
            "#include <stdlib.h>\nvoid __assert_fail(const char *a, const char *b, unsigned c,"
            " const char *d) { exit(0); }\nint add(int a, int b) { return 0; }",
            "int __wrap_main(int a, char **b) { return 0; }\nint add(int a, int b) { return 0; }",
        ),
    ),
    Script(
        "cpp",
        """
#include <cassert>
int add(int, int);
int main() { assert(add(1, 2) == 3); assert(add(20, 22) == 42); }
""",
        "int add(int a, int b) { return a + b; }",
        (
            "#include <cstdlib>\nstruct A { A() { std::_Exit(0); } } a;\n"
            "int add(int, int) { return 0; }",
        ),
    ),
)
