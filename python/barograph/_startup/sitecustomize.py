"""Starts barograph's agent in a Python that ``barograph record --calls`` runs, and leaves no trace.

The recorder puts this folder in front of PYTHONPATH, so the ``site`` module of every Python that
the command starts imports this file: any version from 2.7 on, and PyPy. It starts the agent where
it can, takes itself out of ``sys.path`` and ``os.environ``, and lets the ``sitecustomize`` that
would have been imported without it be imported. What fails here is never seen by the program.

In: BAROGRAPH_SPOOL, the file ``config`` in it (src/capture/agent/ring.h). Out: a running agent, or
the file ``PID.why`` with the reason why there is none.
"""

# Runs on Python 2.7: no annotations, no f-strings, no keyword-only arguments.
import os
import sys


def settings_of(spool):
    """Lines ``key=value`` of the spool's ``config``, as bytes; None where there is no recording.

    The recording may be over, or be another user's, or this process was given PYTHONPATH only.
    """
    try:
        descriptor = os.open(os.path.join(spool or "", "config"), os.O_RDONLY)
    except OSError:
        return None
    try:
        text = b""
        while True:
            piece = os.read(descriptor, 65536)
            if not piece:
                break
            text += piece
    finally:
        os.close(descriptor)
    return dict(line.split(b"=", 1) for line in text.split(b"\n") if b"=" in line)


def leave_path(folder):
    """``sys.path`` as it would be without us."""
    for index, entry in enumerate(sys.path):
        if os.path.abspath(entry) == folder:
            del sys.path[index]
            sys.path_importer_cache.pop(entry, None)
            break


def leave_environment(folder, settings):
    """``os.environ`` as the program would see it without us.

    Only the dictionary is changed, not the environment of the C library, which is what children
    inherit: they shall find this folder. With ``children=no``, and when there is no recording (any
    more), they shall not, so both are changed.
    """
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    ours = [entry for entry in entries if entry and os.path.abspath(entry) == folder]
    if not ours:
        return
    entries.remove(ours[0])
    if entries:
        users = os.pathsep.join(entries)
    else:
        # Our folder alone: the user's was empty, or not set. The recorder knows which.
        users = "" if settings.get(b"python_path") == b"" else None
    if settings.get(b"children") == b"no":
        os.unsetenv("BAROGRAPH_SPOOL")  # this process' barograph.trace still looks it up
        if users is None:
            os.environ.pop("PYTHONPATH", None)
        else:
            os.environ["PYTHONPATH"] = users
        return
    # Python 3 keeps encoded keys and values, Python 2 the texts themselves.
    encode = getattr(os.environ, "encodevalue", str)
    values = os.environ._data if hasattr(os.environ, "_data") else os.environ.data
    if users is None:
        values.pop(encode("PYTHONPATH"), None)
    else:
        values[encode("PYTHONPATH")] = encode(users)


def why_not():
    """What keeps the agent out of this interpreter, or None."""
    name = getattr(getattr(sys, "implementation", None), "name", "")
    version = ".".join(map(str, sys.version_info[:3]))
    if hasattr(sys, "pypy_version_info"):
        return "PyPy: calls are recorded of CPython only"
    if sys.version_info < (3, 9):
        return "Python " + version + ": calls are recorded from 3.9 on"
    if name != "cpython":
        return name + ": calls are recorded of CPython only"
    return None


def agent_name():
    """What the file of an agent for this interpreter is called.

    One serves all with a GIL. For free-threaded ones, which have no stable ABI, it is built for
    each version.
    """
    if "t" not in sys.abiflags:
        return "_agent.abi3.so"
    return "_agent.nogil" + sys.modules["_imp"].extension_suffixes()[0]


def find_agent(settings, package):
    """The path of an agent that this interpreter can load, or None.

    The recorder's own, one beside it, or that of a barograph which this interpreter has.
    """
    name = agent_name()
    named = os.fsdecode(settings.get(b"agent", b""))
    base = os.path.basename(named)
    if base == name or (named and "t" not in sys.abiflags and ".nogil." not in base):
        return named
    folders = [os.path.dirname(named)] if named else []
    folders.append(package)
    folders.extend(os.path.join(entry, "barograph") for entry in sys.path if entry)
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    return None


def why_no_agent():
    """Say what to do where there is none that fits."""
    kind = "free-threaded" if "t" in sys.abiflags else "not free-threaded"
    return "CPython %s is %s and needs an agent of its own: %s -m pip install barograph" % (
        ".".join(map(str, sys.version_info[:3])),
        kind,
        sys.executable or "python",
    )


def load_agent(path):
    """The extension module, without an entry in ``sys.modules``: the program may import its own."""
    external = sys.modules["_frozen_importlib_external"]
    name = "barograph._agent"
    loader = external.ExtensionFileLoader(name, path)
    specification = external.spec_from_file_location(name, path, loader=loader)
    agent = loader.create_module(specification)
    loader.exec_module(agent)
    return agent


def library_folders():
    """Where the standard library is."""
    folder = os.path.dirname(os.path.abspath(os.__file__))
    platform = os.path.join(
        sys.base_exec_prefix,
        getattr(sys, "platlibdir", "lib"),
        "python%d.%d" % sys.version_info[:2],
    )
    return sorted({folder, os.path.realpath(folder), platform})


def start(spool, settings, folder):
    """Why no agent was started, or None: it runs."""
    reason = why_not()
    if reason is not None:
        return reason
    globs = [glob for glob in settings.get(b"calls", b"").split(b",") if glob]
    path = find_agent(settings, os.path.dirname(folder))
    if path is None:
        return why_no_agent()
    agent = load_agent(path)
    if int(settings.get(b"format", agent.FORMAT)) != agent.FORMAT:
        return "%s is of another version than the recorder: install barograph anew" % path
    return agent.start(
        os.fsencode(spool),
        globs,
        [os.fsencode(library) for library in library_folders()],
        os.fsencode(folder),
        settings.get(b"children") != b"no",
        b"",
        float(settings.get(b"overhead", b"0")),
    )


def say_why(spool, reason):
    """Leave the reason where the recorder looks for it."""
    path = os.path.join(spool, "%d.why" % os.getpid())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, (" ".join(str(reason).split()) + "\n").encode("utf-8", "replace"))
    finally:
        os.close(descriptor)


def run():
    """All of it, with no exception but those of interrupts."""
    spool = os.environ.get("BAROGRAPH_SPOOL")
    folder = os.path.dirname(os.path.abspath(__file__))
    try:
        leave_path(folder)
        settings = settings_of(spool)
        leave_environment(folder, {b"children": b"no"} if settings is None else settings)
    except Exception:
        return
    if settings is None:
        return
    try:
        reason = start(spool, settings, folder)
    except Exception as error:
        reason = "%s: %s" % (type(error).__name__, error)
    if reason is not None:
        try:
            say_why(spool, reason)
        except Exception:
            return


def chain():
    """Import the ``sitecustomize`` that comes next on the path in place of this one.

    Where there is none, the ImportError is what ``site`` would have got without us.
    """
    this = sys.modules.pop("sitecustomize", None)  # held: Python 2 clears what nobody holds
    import sitecustomize  # noqa: PLC0415

    del this, sitecustomize


if __name__ == "sitecustomize":
    run()
    chain()
