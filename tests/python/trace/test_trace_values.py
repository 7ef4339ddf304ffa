"""Arguments and results of calls: what is told of them, and what must never be.

One program of each kind runs in every interpreter, with many cases in it: starting one costs more
than all of them.
"""

from __future__ import annotations

from pathlib import Path

from traced import Needs, Trace

FOLDER = Path(__file__).resolve().parents[3] / "python"

HEAD = f"""
import sys
sys.path.insert(0, {str(FOLDER)!r})
from barograph import trace
"""

SHOWN = (
    HEAD
    + """
@trace(arguments=True, returns=True)
def f(a, b=2, *rest, c=3, **options):
    a = b = c = "changed"
    rest = options = None
    return c

f(1)
f(-5, 2.5, True, None, c="it's", d=b"\\0x", e=...)
f(10**30, 10**400, 1j, float("nan"), bytearray(b"ab"))
f("x" * 70000, b"y" * 70000, ["z" * 300])
f([], (), {}, set(), frozenset(), [1], (1,), {2})
f(list(range(1000)), tuple(range(9)), {i: i for i in range(100)}, c=frozenset([7]))
f([[1, [2, [3]]], {"k": {"l": {"m": 1}}}])
f("\\u20ac\\ud800\\n", "\\U0001f600" * 100)
f(object(), int, f, ValueError("boom"), sys)
cycle = []
cycle.append(cycle)
f(cycle)
f(*range(20), **{"o%d" % i: "v" * 60 for i in range(60)})

@trace(arguments=True)
def only_arguments(x): return 1
@trace(returns=True)
def only_returns(x): return 1
@trace
def neither(x): return 1
only_arguments(1), only_returns(1), neither(1)

@trace(arguments=True, returns=True)
class C:
    def method(self, /, x, *, y=1): return self
    @staticmethod
    def static(x): return [x]
    @classmethod
    def of_class(cls): pass
    @property
    def name(self): return "a name"
    def generate(self, n):
        got = yield n
        n = 100
        return got
c = C()
c.method(1, y=2); C.static(1); C.of_class(); c.name
g = c.generate(5)
next(g)
try:
    g.send("sent")
except StopIteration:
    pass

@trace(arguments=True, returns=True)
async def coroutine(x):
    return x + 1
try:
    coroutine(1).send(None)
except StopIteration:
    pass

@trace(arguments=True, returns=True)
def fails(x): raise ValueError(x)
try:
    fails(1)
except ValueError:
    pass

@trace(arguments=True, returns=True)
def closes_over(x, y):
    return (lambda: x), lambda: y
closes_over(1, 2)
@trace(arguments=True)
def generates_over(x, *rest, y):
    yield lambda: (x, rest, y)
list(generates_over(1, 2, y=3))
@trace(arguments=True, returns=True)
class D:
    @trace(arguments=True)
    def f(self): pass
trace(D)
D().f()

def before(x): return x
before(1)
trace(arguments=True)(before)
before(2)
trace(before)
"""
)


def test_what_is_shown(trace: Trace, traced_interpreter: Path) -> None:
    process = trace(traced_interpreter, SHOWN, settings={"calls": "@trace"}).process
    values = process.values()
    assert all(len(text.encode()) <= 1000 for _, _, text in values)
    of_f = [value[1:] for value in values if value[0] == "f"]
    results = [text for which, text in of_f if which == "return_value"]
    assert results == ["'changed'"] * 11
    positional = [text for which, text in of_f if which == "arguments"]
    assert positional[:3] == [
        "a=1, b=2, *rest=()",
        "a=-5, b=2.5, *rest=(True, None)",
        f"a={10**30}, b=<int of 1329 bits>, *rest=(1j, nan, bytearray(b'ab'))",
    ]
    first, second, third = positional[3].split(", ")
    assert first.startswith("a='xxxx")
    assert first.endswith("x... (70000 characters)")
    assert 190 < len(first) <= 202
    assert second.startswith("b=b'yyyy")
    assert second.endswith("y... (70000 bytes)")
    assert third == "*rest=(['" + "z" * 40 + "'... (300 characters)],)"
    numbers = "0, 1, 2, 3, 4, 5, 6, 7, ..."
    pairs = "0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, ..."
    assert positional[4:7] == [
        "a=[], b=(), *rest=({}, set(), frozenset(), [1], (1,), {2})",
        f"a=[{numbers} 1000 items], b=({numbers} 9 items), *rest=({{{pairs} 100 items}},)",
        "a=[[1, [... 2 items]], {'k': {... 1 item}}], b=2, *rest=()",
    ]
    assert positional[7].startswith("a='\u20ac\\ud800\\n', b='\U0001f600\U0001f600")
    assert positional[7].endswith("\U0001f600... (100 characters), *rest=()")
    assert positional[8] == "a=<object>, b=<type>, *rest=(<function>, <ValueError>, <module>)"
    assert positional[9] == "a=[[[... 1 item]]], b=2, *rest=()"
    keywords = [text for which, text in of_f if which == "keyword_arguments"]
    assert keywords[:2] == ["c=3", "c=\"it's\", d=b'\\x00x', e=Ellipsis"]
    assert keywords[5] == "c=frozenset({7})"
    assert positional[10] == "a=0, b=1, *rest=(2, 3, 4, 5, 6, 7, 8, 9, ... 18 items)"
    assert keywords[10].startswith("c=3, o0='" + "v" * 60 + "', o1='v")
    assert keywords[10].endswith("v... (60 characters), ...")
    assert 900 < len(keywords[10]) + len(positional[10]) <= 1000

    assert [value for value in values if value[0] != "f"] == [
        ("only_arguments", "arguments", "x=1"),
        ("only_returns", "return_value", "1"),
        ("C.method", "arguments", "self=<__main__.C>, x=1"),
        ("C.method", "keyword_arguments", "y=2"),
        ("C.method", "return_value", "<__main__.C>"),
        ("C.static", "arguments", "x=1"),
        ("C.static", "return_value", "[1]"),
        ("C.of_class", "arguments", "cls=<type>"),
        ("C.of_class", "return_value", "None"),
        ("C.name", "arguments", "self=<__main__.C>"),
        ("C.name", "return_value", "'a name'"),
        ("C.generate", "arguments", "self=<__main__.C>, n=5"),
        ("C.generate", "return_value", "'sent'"),
        ("coroutine", "arguments", "x=1"),
        ("coroutine", "return_value", "2"),
        ("fails", "arguments", "x=1"),
        ("closes_over", "arguments", "x=1, y=2"),
        ("closes_over", "return_value", "(<function>, <function>)"),
        ("generates_over", "arguments", "x=1, *rest=(2,)"),
        ("generates_over", "keyword_arguments", "y=3"),
        ("D.f", "arguments", "self=<__main__.D>"),
        ("D.f", "return_value", "None"),
        ("before", "arguments", "x=2"),
    ]
    assert "values_failed" not in process.facts


SECRETS = (
    HEAD
    + """
import barograph
from typing import Annotated, List, NewType, Optional
Alias = Annotated[str, barograph.Secret()]
class Text(str): pass

@trace(arguments=True, returns=True)
def f(password, dbPassword=0, AUTH_TOKEN=0, *secret_rest, api_key=0, **options): pass
f("hunter2", "hunter2", "hunter2", "hunter2", api_key="hunter2", Cookie="hunter2",
  inner={"x": {"passwd": "hunter2", b"secret": b"hunter2", Text("Authorization"): "hunter2"}},
  headers=[("Authorization", "Bearer hunter2"), ("accept", "shown"), ["X-Api-Key", "hunter2"]],
  pair=("session", "hunter2"))

@trace(arguments=True, returns=True)
def annotated(a: Annotated[str, barograph.Secret], b: Optional[Alias], c: List[Alias],
              d: "Alias", e: "Optional[Alias]", f: "Unknown", g: "UnknownSecret",
              h: barograph.Secret, i: NewType("I", Alias), *rest: Alias, j: Alias = "hunter2",
              k: "int" = 1, **options: Alias) -> Alias:
    return "hunter2"
annotated(*["hunter2"] * 11, l="hunter2")

@trace(arguments=True, returns=True)
class Account:
    @property
    def password(self): return "hunter2"
    def get_auth_token(self): return ["hunter2"]
    def author(self, tokenizer): return "author"
    def next(self) -> "Account": return {"token": "hunter2"}
account = Account()
account.password, account.get_auth_token(), account.author("tokenizer"), account.next()

@trace(arguments=True, returns=True)
def none(secretary, access_key): return access_key[:0]
none("hunter2", "hunter2")
print("over")
"""
)


def test_secrets_are_not_stored(trace: Trace, traced_interpreter: Path) -> None:
    target = trace(traced_interpreter, SECRETS, settings={"calls": "@trace"})
    values = target.process.values()
    texts = [(name, which, text.replace("<redacted>", "XXX")) for name, which, text in values]
    first = "password=XXX, dbPassword=XXX, AUTH_TOKEN=XXX, *secret_rest=XXX"
    inner = "{'x': {'passwd': XXX, b'secret': XXX, <__main__.Text>: XXX}}"
    headers = "[('Authorization', XXX), ('accept', 'shown'), ['X-Api-Key', XXX]]"
    many = f"api_key=XXX, Cookie=XXX, inner={inner}, headers={headers}, pair=('session', XXX)"
    marked = "a=XXX, b=XXX, c=XXX, d=XXX, e=XXX, f=<str>, g=XXX, h=XXX, i=XXX, *rest=XXX"
    account = "self=<__main__.Account>"
    assert texts == [
        ("f", "arguments", first),
        ("f", "keyword_arguments", many),
        ("f", "return_value", "None"),
        ("annotated", "arguments", marked),
        ("annotated", "keyword_arguments", "j=XXX, k=1, **options=XXX"),
        ("annotated", "return_value", "XXX"),
        ("Account.password", "arguments", account),
        ("Account.password", "return_value", "XXX"),
        ("Account.get_auth_token", "arguments", account),
        ("Account.get_auth_token", "return_value", "XXX"),
        ("Account.author", "arguments", f"{account}, tokenizer='tokenizer'"),
        ("Account.author", "return_value", "'author'"),
        ("Account.next", "arguments", account),
        ("Account.next", "return_value", "{'token': XXX}"),
        ("none", "arguments", "secretary=XXX, access_key=XXX"),
        ("none", "return_value", "''"),
    ]
    for path in target.spool.iterdir():
        assert b"hunter2" not in path.read_bytes(), path


HOSTILE = (
    HEAD
    + """
import os, weakref

if "PLAIN" in os.environ:
    trace_itself = trace
    trace = lambda target=None, **_: trace_itself if target is None else trace_itself(target)
ran = []
def note(name):
    def method(self, *arguments):
        ran.append(name)
        raise RuntimeError(name)
    return method

NAMES = ("__len__ __iter__ __repr__ __str__ __format__ __getattribute__ __getattr__ __bool__ "
         "__eq__ __hash__ __getitem__ __contains__ __index__ __int__ __float__ __bytes__ keys "
         "items __sizeof__ __fspath__ __array__ __dir__ __next__ __del__").split()
def lies(name, bases=(), **more):
    members = {each: note(name + each) for each in NAMES if each != "__del__"}
    return type(name, bases, {**members, **more})

class Meta(type):
    @property
    def __module__(cls): ran.append("module"); raise RuntimeError
    @property
    def __name__(cls): ran.append("name"); raise RuntimeError
    def __instancecheck__(cls, other): ran.append("check"); raise RuntimeError
    def __getattribute__(cls, name): ran.append("meta " + name); raise RuntimeError

bases = (object, str, int, list, dict, set, bytes, tuple, float)
liars = [lies("Liar" + base.__name__, (base,)) for base in bases]
values = [type.__call__(each) for each in liars]
values.append(lies("ClassLiar", (), __class__=property(note("class")))())
class WithMeta(metaclass=Meta): pass
values.append(WithMeta())
Fake = lies("ndarray", (), __module__="numpy", shape=property(note("shape")))
values.append(Fake())
Odd = type("Odd", (), {"__module__": lies("M", (str,))("m")})
values.append(Odd())

@trace(arguments=True, returns=True)
def f(a, **options): return a
for value in values:
    f(value)
    f([value], b=(value,), c={1: value})
f({value: 1 for value in () })
print("ran", ran)
del ran[:]

# Nothing is kept alive, and a function's locals are its own.
class Thing: pass
@trace(arguments=True)
def lets_go(thing, others):
    alive = weakref.ref(thing)
    held = sys.getrefcount(thing)
    del thing
    others.clear()
    print("alive", alive() is not None, sorted(locals()))
    thing = 5
    return held
print("held", lets_go(Thing(), [Thing()]))

@trace(arguments=True)
def as_code(): return sorted(locals())
@trace(arguments=True)
def frames(x):
    y = 1
    return sys._getframe().f_locals
print(frames(1))
given = {"mine": 1}
exec(as_code.__code__, globals(), given)
print("given", given)

# What was asked for: reprs, which may do anything.
class Bad:
    def __repr__(self): raise ZeroDivisionError
class Interrupts:
    def __repr__(self): raise KeyboardInterrupt
class NoText:
    def __repr__(self): return TextLike("text")
class TextLike(str):
    def encode(self, *_): ran.append("encode"); raise RuntimeError
class Good:
    def __repr__(self): return "Good(%d)" % helper(self)
@trace(arguments=True, returns=True, repr=True)
def helper(good): return 7
@trace(arguments=True, repr=True)
def g(x): return x
g(Good()); g([Good()]); g(Bad()); g(NoText())
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background ignore it
try:
    g(Interrupts())
    for i in range(100000): pass
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
print("ran", ran)

# An exception that is on its way, errno and the recursion limit stay.
@trace(arguments=True, returns=True)
def deep(n): return 0 if n == 0 else deep(n - 1)
sys.setrecursionlimit(3000)
print("deep", deep(2500))
@trace(arguments=True, returns=True)
def endless(n): return endless(n + 1)
try:
    endless(0)
except RecursionError:
    print("recursion")
"""
)


def test_hostile_values(trace: Trace, traced_interpreter: Path, version: tuple[int, int]) -> None:
    target = trace(traced_interpreter, HOSTILE, settings={"calls": "@trace"})
    # In 3.11 being recorded as such keeps arguments alive, as 3.10 does always: callers hold them.
    plain = trace(
        traced_interpreter,
        HOSTILE,
        agent=version == (3, 11),
        settings={"calls": "@trace"},
        env={"PLAIN": "1"},
    )
    # Without a recording nobody asks for the repr that interrupts.
    expected = plain.output.replace("not interrupted", "interrupted").splitlines()
    assert target.output.splitlines() == expected
    assert target.output.count("ran []\n") == 2
    values = [value for value in target.process.values() if value[0] not in ("deep", "endless")]
    of_f = [text for name, which, text in values if name == "f" and which == "arguments"]
    names = [f"<__main__.Liar{name}>" for name in "object str int list dict set bytes".split()]
    names += ["<__main__.Liartuple>", "<__main__.Liarfloat>", "<__main__.ClassLiar>"]
    names += ["<__main__.WithMeta>", "<numpy.ndarray>", "<Odd>"]
    assert of_f[::2] == [f"a={name}" for name in names] + ["a={}"]
    assert of_f[1::2] == [f"a=[{name}]" for name in names]
    of_g = [value[1:] for value in values if value[0] in ("g", "helper")]
    assert of_g == [
        ("arguments", "x=Good(7)"),
        ("arguments", "x=[Good(7)]"),
        ("arguments", "x=<__main__.Bad>"),
        ("arguments", "x=<__main__.NoText>"),
        ("arguments", "x=<__main__.Interrupts>"),
    ]
    assert target.process.facts["values_failed"] == "2"
    deep = [value for value in target.process.values() if value[0] == "deep"]
    assert len(deep) == 2 * 2501


# Stand-ins: what is asked is decided by the library having the type under its name. With the real
# ones (numpy 2.4, pandas 3.1, polars 2.1, pyarrow 26; not torch) it was looked at by hand.
LIBRARIES = (
    HEAD
    + """
import collections, datetime, decimal, types, uuid

def library(name, **types_of):
    module = sys.modules[name] = types.ModuleType(name)
    for each, members in types_of.items():
        setattr(module, each, type(each, (), {"__module__": name, **members}))
    return module

def fails(self):
    raise RuntimeError

numpy = library("numpy", ndarray={"shape": (3, 4), "dtype": "float64", "nbytes": 96})
pandas = library("pandas", DataFrame={"shape": (2, 2)}, RangeIndex={"shape": (2,), "dtype": 1},
                 Series={"shape": property(fails), "dtype": object()})
arrow = library("pyarrow", Int64Array={"__len__": lambda self: 3, "type": "int64"},
                BadArray={"__len__": fails, "type": "int64"})
class Zone(datetime.tzinfo):
    def __repr__(self): raise RuntimeError
class Matrix(numpy.ndarray): pass

@trace(arguments=True)
def f(x): pass
f(numpy.ndarray()); f(Matrix()); f(pandas.DataFrame()); f(pandas.RangeIndex()); f(pandas.Series())
f(arrow.Int64Array()); f(arrow.BadArray())
f(datetime.date(2024, 1, 2)); f(datetime.timedelta(1)); f(datetime.datetime(2024, 1, 2, 3, 4))
f(datetime.datetime(2024, 1, 2, tzinfo=Zone())); f(datetime.time(1, tzinfo=datetime.timezone.utc))
f(decimal.Decimal("1.50")); f(decimal.Decimal("1" * 5000)); f(uuid.UUID(int=5))
f(collections.deque([1, 2])); f(collections.OrderedDict(a=1))
"""
)


def test_arrays_tables_and_dates(trace: Trace, traced_interpreter: Path, needs: Needs) -> None:
    needs("_decimal")
    process = trace(traced_interpreter, LIBRARIES, settings={"calls": "@trace"}).process
    assert [text[2:] for _, _, text in process.values()] == [
        "<numpy.ndarray shape=(3, 4) dtype='float64' nbytes=96>",
        "<__main__.Matrix>",
        "<pandas.DataFrame shape=(2, 2)>",
        "<pandas.RangeIndex shape=(2,) dtype=1>",
        "<pandas.Series dtype=<object>>",
        "<pyarrow.Int64Array length=3 type='int64'>",
        "<pyarrow.BadArray type='int64'>",
        "datetime.date(2024, 1, 2)",
        "datetime.timedelta(days=1)",
        "datetime.datetime(2024, 1, 2, 3, 4)",
        "<datetime.datetime>",
        "datetime.time(1, 0, tzinfo=datetime.timezone.utc)",
        "Decimal('1.50')",
        "<decimal.Decimal>",
        "UUID('00000000-0000-0000-0000-000000000005')",
        "<collections.deque length=2>",
        "<collections.OrderedDict length=1>",
    ]
    assert process.facts["values_failed"] == "2"
