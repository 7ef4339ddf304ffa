"""Threads with names of all kinds, and what a reader from outside must make of each.

Lines on standard output, then it waits for its standard input to close, and ends:

    keys OFFSET                 of ht_cached_keys in a class, found in its own memory
    thread OBJECT NAME          address of the Thread, its name in hexadecimal UTF-8 ("-": none to
                                be read)
    rename OBJECT NAME          one whose name changes all the time between NAME and another as
                                long, once a line came
    ready

Runs on every Python 3.9 and later. With "record SECONDS": some of these threads work that long,
nothing is written.
"""

import concurrent.futures
import ctypes
import sys
import threading
import time

gate = threading.Event()
arrived = threading.Semaphore(0)


def wait():
    arrived.release()
    gate.wait()


class Subclass(threading.Thread):
    """Attributes of its own come before and after those of Thread."""

    def __init__(self, **options):
        self.first = 1
        super().__init__(**options)
        self.last = 2

    def run(self):
        wait()


class Slotted(threading.Thread):
    __slots__ = ("slot_a", "slot_b")

    def run(self):
        wait()


class Nameless(threading.Thread):
    def run(self):
        del self._name
        wait()
        self._name = "given back"


class NotText(threading.Thread):
    def run(self):
        self._name = ["no", "text"]
        wait()


class TextSubclass(str):
    pass


class OddText(threading.Thread):
    def run(self):
        self._name = TextSubclass("a str of another type")
        wait()


class Renamed(threading.Thread):
    def run(self):
        self.name = "renamed from inside"
        wait()


class Counted(threading.Thread):
    """So many attributes that the class does not share their names."""

    def run(self):
        for i in range(400):
            setattr(self, f"attribute_{i}", i)
        wait()


class IntKeys(threading.Thread):
    """A dict whose keys are not all str has larger entries."""

    def run(self):
        self.__dict__[7] = 8
        wait()


class Emptied(threading.Thread):
    """Its attributes were moved to another dict."""

    def run(self):
        self.__dict__ = dict(self.__dict__)
        wait()


class Deleted(threading.Thread):
    """Entries before the name are gone."""

    def run(self):
        target = self._target
        del self._target
        self.__dict__["_target"] = target
        wait()


def hexadecimal(text):
    return text.encode("utf-8", "surrogatepass").hex()


def word(address):
    return ctypes.c_uint64.from_address(address).value


def writable():
    with open("/proc/self/maps", encoding="utf-8") as maps:
        lines = [line.split() for line in maps]
    return [[int(x, 16) for x in line[0].split("-")] for line in lines if line[1][:2] == "rw"]


def keys_offset():
    """Where a class has the keys its instances share: the first word that leads to "_name"."""
    areas = writable()
    name = id(sys.intern("_name"))
    for offset in range(400, type.__basicsize__, 8):
        keys = word(id(threading.Thread) + offset)
        readable = any(start <= keys and keys + 600 <= end for start, end in areas)
        if keys % 8 == 0 and readable and name in [word(keys + at) for at in range(32, 600, 8)]:
            return offset
    return 0


def work(until):
    while time.monotonic() < until:
        sum(range(500))
        time.sleep(0.001)


def record(seconds):
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=work, args=(until,), name="ümlaut-worker"),
        threading.Thread(target=work, args=(until,)),
    ]

    class Late(threading.Thread):
        def run(self):
            time.sleep(0.05)
            self.name = "late name"
            work(until)

    threads.append(Late())
    for thread in threads:
        thread.start()
    with concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="pool") as pool:
        list(pool.map(work, [until, until]))
    for thread in threads:
        thread.join()


def rename_for_ever(thread, times=8):
    while not gate.is_set():
        # New objects each time: their memory is used again and again.
        thread.name = "left-" * times
        thread.name = "right" * times


def main():
    plain = [
        threading.Thread(target=wait, name="ümlaut-worker"),
        threading.Thread(target=wait, name="plain"),
        threading.Thread(target=wait),
        threading.Thread(target=wait, name="日本語 thread"),
        threading.Thread(target=wait, name="rocket \U0001f680"),
        threading.Thread(target=wait, name="n" * 1000),
        threading.Thread(target=wait, name="€" * 1000),
        threading.Thread(target=wait, name="nul\0inside"),
        threading.Thread(target=wait, name="lone \udc80"),
        Subclass(name="of a subclass"),
        Slotted(name="with slots"),
        Renamed(),
        Counted(name="of many attributes"),
        IntKeys(name="with another key"),
        Emptied(name="of another dict"),
        Deleted(name="behind what was deleted"),
    ]
    nameless = [Nameless(), NotText(), OddText()]
    looked_at = threading.Thread(target=wait, name="with a dict")
    looked_at.start()
    vars(looked_at)["more"] = 1
    for thread in plain + nameless:
        thread.start()
    pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="pool")
    pool.submit(wait)
    renamed = threading.Thread(target=wait)
    renamed.start()
    renamed.name = "left-" * 8
    for _ in range(len(plain) + len(nameless) + 3):
        arrived.acquire()
    print("keys", keys_offset())
    pooled = [t for t in threading.enumerate() if getattr(t, "_name", None) == "pool_0"]
    for thread in [*plain, looked_at, *pooled]:
        print("thread", id(thread), hexadecimal(thread.name))
    for thread in nameless:
        print("thread", id(thread), "-")
    print("rename", id(renamed), hexadecimal("left-" * 8))
    print("ready", flush=True)
    if sys.stdin.readline():
        threading.Thread(target=rename_for_ever, args=(renamed,), daemon=True).start()
        sys.stdin.readline()
    gate.set()
    pool.shutdown()


if __name__ == "__main__":
    if sys.argv[1:2] == ["record"]:
        record(float(sys.argv[2]))
    else:
        main()
