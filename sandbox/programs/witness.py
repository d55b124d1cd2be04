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
# From one line start only spaces of that line: otherwise empty lines would be read again and again.
_GO_MAIN = re.compile(r"^([^\S\n]*func\s+)main(?=\s*\()", re.MULTILINE)


def renamed_go_main(source: str, name: str = "programMain") -> str:
    """A Go file whose main has another name: by default that by which its witness calls it."""
    return _GO_MAIN.sub(rf"\1{name}", source)


#: To be started instead of main.js, which it loads. With node's own console.assert a test that
#: fails prints a line, and the program goes on and exits with 0. A module of the older kind may end
#: early by a return, which is an error in a script and in a module of the newer kind; so what is no
#: script must be one of those. What waits for a promise that never settles does not keep node
#: running; so the functions and handlers that the tests have made to wait are counted, and none may
#: be left. Other promises may: of a race, those that have not won.
JAVASCRIPT = """\
'use strict';
const assert = require('assert');
const { readFileSync, closeSync, writeSync } = require('fs');
const { createRequire } = require('module');
const { pathToFileURL } = require('url');
const { promiseHooks } = require('v8');
const { Script } = require('vm');
const token = readFileSync(3);
closeSync(3);
const source = readFileSync('main.js', 'utf8');
const once = process.once.bind(process);
const { captureStackTrace } = Error;
const waiting = new Set();
let looks = 0;
let failed = false;
let file = require.resolve('./main.js');
let firstLine = 1;

function lock(owner, name, value) {
    Object.defineProperty(owner, name, { value, writable: false, configurable: false });
}
function consoleAssert(condition) {
    if (!condition) {
        failed = true;
        const message = 'console.assert';
        throw new assert.AssertionError({ message, stackStartFn: consoleAssert });
    }
}
function failing(end) {
    return (...given) => {
        failed = true;
        return end.apply(process, given);
    };
}
function isHandling(frame) {
    const isBuiltIn = frame !== undefined && !frame.getFileName();
    return isBuiltIn && ['then', 'catch', 'finally'].includes(frame.getFunctionName());
}
function isOfTests(parent) {
    const { stackTraceLimit, prepareStackTrace } = Error;
    const held = {};
    Error.stackTraceLimit = 4;
    Error.prepareStackTrace = (_, frames) => frames;
    captureStackTrace(held, begun);
    const frames = held.stack;
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
    let at = 0;
    // An async function's own promise has no parent, and a handler's is made by one of these.
    while (isHandling(frames[at])) at += 1;
    const made = frames[at];
    return (at > 0) === (parent !== undefined)
        && made?.getFileName() === file && made.getLineNumber() >= firstLine;
}
function begun(promise, parent) {
    // To look at one takes as long as some hundred lines of code: of very many, most are programs'.
    looks += 1;
    if (looks <= 10_000 && isOfTests(parent)) waiting.add(promise);
}
function settled(promise) {
    waiting.delete(promise);
}

lock(console, 'assert', consoleAssert);
lock(globalThis, 'console', console);
for (const name of ['exit', 'reallyExit', 'abort']) lock(process, name, failing(process[name]));
Object.freeze(assert);
Object.freeze(assert.strict);
process.on('uncaughtExceptionMonitor', () => { failed = true; });
process.on('unhandledRejection', (reason) => {
    failed = true;
    throw reason;
});

const start = [...source.matchAll(/ = (__assay_[0-9a-f]{16});\\n/g)].at(-1);
if (start) {
    firstLine = source.slice(0, start.index).split('\\n').length;
    const given = { console, process, require: createRequire(file) };
    Object.defineProperty(globalThis, start[1], {
        get() {
            promiseHooks.createHook({ init: begun, settled });
            return given;
        },
    });
}

function loaded() {
    // Comes when nothing is left to wait for, and not when the program exits.
    once('beforeExit', (code) => {
        if (!failed && code === 0 && waiting.size === 0) writeSync(4, token);
    });
}
let isScript = true;
try {
    new Script(source);
} catch {
    isScript = false;
}
if (isScript) {
    require('./main.js');
    loaded();
} else {
    file = pathToFileURL('main.mjs').href;
    import('./main.mjs').then(loaded);
}
"""


def javascript(program: str, tests: str, key: str) -> str:
    """A program and, in a scope of their own, its tests.

    They get what they decide with from the witness, by a name that the program cannot have
    declared: ``key`` is 16 random hexadecimal digits.
    """
    given = f"const {{ console, process, require }} = __assay_{key};"
    return f"{program}\n;{{ {given}\n{{ {tests}\n}} }}\n"


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
