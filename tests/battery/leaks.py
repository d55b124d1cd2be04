"""Programs that fill memory, and that search it for what another one filled it with."""

FILLED_BYTES = 32 << 20

# No program holds what it fills memory with in its source, so its source is no find.
_BLOCK = """
block = bytes((number * 89 + 7) % 251 for number in range(64))
"""

FILL = (
    _BLOCK
    + f"""
kept = block * {FILLED_BYTES // 64}
texts = [(block + bytes([number % 256])).hex() for number in range(1 << 10)]
"""
)

# Counts copies of the block in all memory it can read, outside of what it reads into. Where /proc
# is closed, it looks at memory that nobody has written to yet.
SEARCH = (
    _BLOCK
    + """
import ctypes, mmap
room = mmap.mmap(-1, 1 << 20)
room_at = ctypes.addressof(ctypes.c_char.from_buffer(room))
count = 0
try:
    maps = open("/proc/self/maps").read().splitlines()
except OSError:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    for size in [1 << 24, 1 << 20, 1 << 16, 1 << 12, 1 << 10, 1 << 8] * 4:
        at = libc.malloc(ctypes.c_size_t(size))
        count += ctypes.string_at(at, size).count(block)
else:
    memory = open("/proc/self/mem", "rb", 0)
    for line in maps:
        ends, rights = line.split()[:2]
        start, end = (int(end, 16) for end in ends.split("-"))
        if rights[0] != "r" or "[v" in line or start <= room_at < end:
            continue
        for at in range(start, end, len(room)):
            memory.seek(at)
            try:
                length = memory.readinto(memoryview(room)[: min(len(room), end - at)])
            except OSError:
                break
            found = room.find(block, 0, length)
            while found >= 0:
                count += 1
                found = room.find(block, found + 1, length)
print(count)
"""
)

# What is given back is still there, until somebody is given it anew.
FILL_AND_SEARCH = FILL + "freed = [block * 16 for _ in range(1 << 10)]\nfreed = None\n" + SEARCH
