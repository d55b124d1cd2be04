"""Code that stands around a program and bears witness that it came to its end.

A witness reads a token from DATA_FD before the program starts, and writes it to ANSWER_FD when the
program's main has returned without an error. An exit from anywhere else leaves no token, whatever
its status. It shares the program's process: it tells an honest end from an early one, and cannot
stop a program that searches its own memory for the token.
"""

import re

#: A translation unit of its own; it needs the linker's --wrap=main, so that main keeps its name:
#: only under that name does C let it end without a return.
C = """\
#include <unistd.h>
#ifdef __cplusplus
extern "C" {
#endif
int __real_main(int, char **, char **);
static char token[256];
static ssize_t size;
__attribute__((constructor(101))) static void take(void) {
    size = read(3, token, sizeof token);
    close(3);
}
int __wrap_main(int argc, char **argv, char **envp) {
    int status = __real_main(argc, argv, envp);
    if (status == 0 && size > 0 && write(4, token, size) != size)
        return 1;
    return status;
}
#ifdef __cplusplus
}
#endif
"""

#: The class to start instead of the program's own.
JAVA_CLASS = "AssayWitness"
#: What lets it open descriptors by number.
JAVA_OPTION = "--add-opens=java.base/java.io=ALL-UNNAMED"
_JAVA = """\
%(package)s
class AssayWitness {
    public static void main(String[] arguments) throws Throwable {
        byte[] token;
        try (var data = new java.io.FileInputStream(descriptor(3))) {
            token = data.readAllBytes();
        }
        %(main)s.main(arguments);
        try (var answer = new java.io.FileOutputStream(descriptor(4))) {
            answer.write(token);
        }
    }

    private static java.io.FileDescriptor descriptor(int number) throws Exception {
        var maker = java.io.FileDescriptor.class.getDeclaredConstructor(int.class);
        maker.setAccessible(true);
        return maker.newInstance(number);
    }
}
"""


def java(package: str, main: str) -> str:
    """A witness of a class' main."""
    return _JAVA % {"package": f"package {package};" if package else "", "main": main}


#: A file of the program's own package. Nothing in Go calls main, so that it can be renamed.
GO = """\
package main

import (
	"io"
	"os"
)

func main() {
	data := os.NewFile(3, "data")
	token, err := io.ReadAll(data)
	data.Close()
	programMain()
	if _, failed := os.NewFile(4, "answer").Write(token); err != nil || failed != nil {
		os.Exit(1)
	}
}
"""
_GO_MAIN = re.compile(r"^(\s*func\s+)main(?=\s*\()", re.MULTILINE)


def without_go_main(source: str) -> str:
    """A Go file whose main has the name by which its witness calls it."""
    return _GO_MAIN.sub(r"\1programMain", source)


#: To be started instead of main.js, which it loads. With node's own console.assert a test that
#: fails prints a line, and the program goes on and exits with 0. A module of the older kind may end
#: early by a return, which is an error in a script and in a module of the newer kind; so what is no
#: script must be one of those.
JAVASCRIPT = """\
'use strict';
const { AssertionError } = require('assert');
const { readFileSync, closeSync, writeSync } = require('fs');
const { Script } = require('vm');
const token = readFileSync(3);
closeSync(3);
const once = process.once.bind(process);
let failed = false;
function assert(condition) {
    if (!condition) {
        failed = true;
        throw new AssertionError({ message: 'console.assert', stackStartFn: assert });
    }
}
Object.defineProperty(console, 'assert', { value: assert, writable: false, configurable: false });
Object.defineProperty(globalThis, 'console', {
    value: console, writable: false, configurable: false,
});
function loaded() {
    // Comes when nothing is left to wait for, and not when the program exits.
    once('beforeExit', (code) => {
        if (!failed && code === 0) writeSync(4, token);
    });
}
let isScript = true;
try {
    new Script(readFileSync('main.js', 'utf8'));
} catch {
    isScript = false;
}
if (isScript) {
    require('./main.js');
    loaded();
} else {
    import('./main.mjs').then(loaded);
}
"""

#: To be started instead of main.sh, which it reads and which BASH_END has been added to: a return
#: outside of a function ends a file, and so leaves out what stands at its end.
BASH = """\
IFS= read -r -d '' ASSAY_TOKEN <&3
exec 3<&-
. ./main.sh
"""
BASH_END = """
[[ $? -eq 0 ]] && builtin printf %s "$ASSAY_TOKEN" >&4
"""

_PYTHON = """\
def _bear_witness(source):
    import os, sys, types
    write = os.write
    with open(3, "rb") as data:
        token = data.read()
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(compile(source, "solution.py", "exec", dont_inherit=True), main.__dict__)
    write(4, token)
_bear_witness(%r)
"""


def python(source: str) -> str:
    """A program and its witness."""
    return _PYTHON % source
