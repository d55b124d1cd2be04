"""Small programs that show whether a toolchain works where programs run.

A compiler that tells its version may still lack its libraries, its headers or its linker, and a
runtime may miss what the host has and a sandbox has not, as /proc. Every right program in that
language would be judged wrong then. Each of these prints what it is given, ``GIVEN``, or the same
by itself, by such means as many programs use.
"""

from collections.abc import Mapping

#: What a trial finds on stdin, and what it prints.
GIVEN = b"hello\n"

#: By language. Python is not among them: it has run a program before there is a sandbox.
TRIALS: Mapping[str, str] = {
    "c": '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n',
    "cpp": '#include <cstdio>\nint main() { delete new int; std::puts("hello"); }\n',
    "rust": 'fn main() { println!("hello"); }\n',
    "go": 'package main\nimport "syscall"\nfunc main() { syscall.Write(1, []byte("hello\\n")) }\n',
    "java": (
        "class Main { public static void main(String[] a) throws Exception {"
        " System.in.transferTo(System.out); } }\n"
    ),
    # Most scripts read their input by this name, which leads to /proc.
    "javascript": "process.stdout.write(require('fs').readFileSync('/dev/stdin', 'utf8'));\n",
    "bash": "cat <(cat /dev/stdin)\n",
}
#: What else it may take, where a trial fails in a container that allows no /proc.
PROC = "let the container have a /proc of its own (docs/deployment.md)"
