/* sys.monitoring (PEP 669): a callback for each kind of event, called by the interpreter's own instructions.
 * Events are global, so that functions are seen from their first call on; code that is left out answers DISABLE, after
 * which the interpreter has no instrumentation there and it runs as fast as without us. Where only marked code is recorded,
 * events are its own. With a budget, ends are each code's own, too: budget_rest.h. Unwinding and throwing can be had globally only, and cannot be disabled: there code that is not in the
 * table is passed over.
 * The callbacks are objects with a vectorcall slot of their own: a builtin function costs a call and a check more. While
 * one runs, the interpreter sends this thread no events, so that what the collector runs meanwhile cannot come back here. */
#include "capture/agent/engine.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <structmember.h>

#include "capture/agent/agent_definitions.h"
#include "capture/agent/agent_lock.h"
#include "capture/agent/agent_tasks.h"
#include "capture/agent/budget.h"
#include "capture/agent/budget_rest.h"
#include "capture/agent/captured_values.h"
#include "capture/agent/events.h"

/* Of the stable ABI from 3.12 on, which is all that runs this. */
#ifndef Py_TPFLAGS_HAVE_VECTORCALL
#define Py_TPFLAGS_HAVE_VECTORCALL (1UL << 11)
#endif

typedef PyObject *(*event_function)(PyObject *self, PyObject *const *arguments, size_t flags,
                                    PyObject *names);

typedef struct event_object {
  PyObject_HEAD event_function function;
} event_object;

/* The interpreter's, owned; kept for good, since a callback may be running when the engine stops. */
static PyObject *monitoring;
static PyObject *disable;
static int tool_id;
static atomic_bool runs;

/* Kept for good: one of them may be running when the engine stops, and the interpreter only borrows it. */
static PyObject *callbacks[6];

/* None cannot die in the versions this runs on, so nobody needs to count who holds it. */
static inline PyObject *done(void) {
  return Py_None;
}

/* But where the recording has ended meanwhile: the next one wants to be told. */
static PyObject *never_again(void) {
  PyObject *answer = baro_events_stopped() ? Py_None : disable;
  Py_INCREF(answer);
  return answer;
}

/* The object of a generator's frame lives as long as the generator, and one is made at the first event of it only. */
static inline uint64_t frame_addr(void) {
  return (uint64_t)(uintptr_t)PyEval_GetFrame();
}

/* --- Ends of one code only: budget_rest.h --- */

/* PY_RETURN's number where that event is each code's own; 0: it is not. */
static long end_event;

static void set_local(PyObject *code, long numbers) {
  int kept = errno;
  PyObject *answer = monitoring == NULL ? NULL
                                        : PyObject_CallMethod(monitoring, "set_local_events", "iOl",
                                                              tool_id, code, numbers);
  Py_XDECREF(answer);
  PyErr_Clear();
  errno = kept;
}

/* Before the event of a call that begins is written, and before it is known whether it will be. */
static void hear_ends(PyObject *code_object, uint32_t id) {
  baro_budget_code *code = baro_rest_code(id);
  if (code == NULL) {
    set_local(code_object, end_event); /* no memory */
  } else if (code->ends == BARO_ENDS_UNKNOWN ||
             (code->ends == BARO_ENDS_OFF && (code->kept != 0 || code->awake != 0))) {
    code->ends = BARO_ENDS_ON;
    set_local(code_object, end_event);
  }
}

/* Behind an end. */
static void rest(PyObject *code_object, uint32_t id) {
  baro_budget_code *code = baro_rest_code(id);
  if (code == NULL || !code->may_rest || code->kept != 0 || code->ends != BARO_ENDS_ON) {
    return;
  }
  if (code->awake > 1) {
    code->awake--;
    return;
  }
  code->awake = 0;
  code->ends = BARO_ENDS_OFF;
  code->epoch++;
  set_local(code_object, 0);
}

/* The limited API has no way from frame to frame but their attributes. */
static bool is_active_further_out(uint32_t *ret_frames) {
  PyObject *frame = (PyObject *)PyEval_GetFrame();
  PyObject *code = frame == NULL ? NULL : PyObject_GetAttrString(frame, "f_code");
  bool found = false;
  Py_XINCREF(frame);
  while (frame != NULL && code != NULL && !found) {
    PyObject *outer = PyObject_GetAttrString(frame, "f_back");
    Py_DECREF(frame);
    frame = outer;
    PyObject *outer_code =
        frame == NULL || frame == Py_None ? NULL : PyObject_GetAttrString(frame, "f_code");
    if (outer_code == NULL) {
      break;
    }
    found = outer_code == code;
    Py_DECREF(outer_code);
    ++*ret_frames;
  }
  Py_XDECREF(frame);
  Py_XDECREF(code);
  PyErr_Clear();
  return found;
}

static bool lets_begin(PyObject *code_object, baro_identity code, baro_ring_kind kind,
                       uint64_t frame) {
  uint32_t epoch = baro_identities_epoch;
  if (end_event != 0) {
    hear_ends(code_object, code.id);
  }
  bool lets = baro_budget_lets_begin(code.id, code.flags, kind, frame);
  if (end_event != 0 && epoch == baro_identities_epoch) {
    hear_ends(code_object, code.id); /* it may be recorded, or one soon */
  }
  return lets;
}

/* Left out or not, it is to be told of every time. */
static PyObject *begin_spawning(PyObject *code_object, baro_ring_kind kind) {
  PyObject *frame = (PyObject *)PyEval_GetFrame(); /* borrowed */
  baro_events_let_go();
  baro_tasks_see_frame(frame);
  baro_events_take_back();
  baro_identity code = *baro_code_of(code_object); /* it may have moved */
  if ((code.flags & BARO_IDENTITY_LEFT_OUT) == 0 && lets_begin(code_object, code, kind, 0)) {
    baro_events_begin(baro_ring_word(kind, code.id, 0));
  }
  return done();
}

/* Of code whose arguments are asked for. Telling them may run anything: ids may be of another recording then. */
static void begin_with_arguments(PyObject *code_object, uint32_t id, bool suspends) {
  baro_captured captured;
  captured.since = baro_events_now();
  PyObject *frame = (PyObject *)PyEval_GetFrame(); /* borrowed; it is made for us */
  uint32_t epoch = baro_identities_epoch;
  baro_events_let_go();
  baro_capture_take_arguments(code_object, frame, &captured);
  baro_events_take_back();
  if (epoch == baro_identities_epoch) {
    uint64_t addr = suspends ? (uint64_t)(uintptr_t)frame : 0;
    baro_capture_begin(baro_ring_word(BARO_RING_ENTER, id, 0), addr, &captured);
  }
}

/* Of code that is not plain. */
static PyObject *begin_odd(PyObject *code_object, baro_identity code, baro_ring_kind kind) {
  bool suspends = (code.flags & BARO_IDENTITY_SUSPENDS) != 0;
  uint64_t word = baro_ring_word(kind, code.id, 0);
  if ((code.flags & BARO_IDENTITY_SPAWNS) != 0) {
    return begin_spawning(code_object, kind);
  }
  if ((code.flags & BARO_IDENTITY_LEFT_OUT) != 0) {
    return never_again();
  }
  uint64_t frame = suspends ? frame_addr() : 0;
  if (!lets_begin(code_object, code, kind, frame)) {
    return done();
  }
  if ((code.flags & BARO_IDENTITY_ARGUMENTS) != 0 && kind == BARO_RING_ENTER) {
    begin_with_arguments(code_object, code.id, suspends);
  } else if (suspends) {
    baro_events_begin_frame(word, frame);
  } else {
    baro_events_begin(word);
  }
  return done();
}

static inline PyObject *begin(PyObject *code_object, baro_ring_kind kind) {
  const baro_identity *code = baro_code_of(code_object);
  if (code->flags == 0 && end_event == 0) {
    baro_events_begin(baro_ring_word(kind, code->id, 0));
    return done();
  }
  return begin_odd(code_object, *code, kind); /* what follows may move the table */
}

static void end_with_result(PyObject *code_object, uint32_t id, bool suspends, PyObject *result,
                            uint64_t time) {
  baro_captured captured;
  captured.since = baro_events_now();
  uint32_t epoch = baro_identities_epoch;
  baro_events_let_go();
  baro_capture_take_result(code_object, result, &captured);
  baro_events_take_back();
  if (epoch == baro_identities_epoch) {
    uint64_t addr = suspends ? frame_addr() : 0;
    baro_capture_end(time, baro_ring_word(BARO_RING_RETURN, id, 0), addr, &captured);
  }
}

/* frame: 0 where it cannot be suspended. */
static void write_end(PyObject *const *arguments, baro_identity code, baro_ring_kind kind,
                      uint64_t time, uint64_t frame) {
  uint64_t word = baro_ring_word(kind, code.id, 0);
  if ((code.flags & BARO_IDENTITY_RETURNS) != 0 && kind == BARO_RING_RETURN) {
    end_with_result(arguments[0], code.id, frame != 0, arguments[2], time);
  } else if (frame != 0) {
    baro_events_end_frame(time, word, frame);
  } else {
    baro_events_end(time, word);
  }
}

static PyObject *end_odd(PyObject *const *arguments, baro_identity code, baro_ring_kind kind,
                         uint64_t time) {
  bool suspends = (code.flags & BARO_IDENTITY_SUSPENDS) != 0;
  if ((code.flags & BARO_IDENTITY_LEFT_OUT) != 0) {
    return never_again();
  }
  write_end(arguments, code, kind, time, suspends ? frame_addr() : 0);
  return done();
}

/* The end of a function that rests is heard only around a call that is recorded: of that one, most likely. */
static bool is_awake(uint32_t id) {
  const baro_budget_code *code =
      end_event != 0 && id < baro_rest_count ? &baro_rest_codes[id] : NULL;
  return code != NULL && code->may_rest;
}

/* While there is a budget, many ends need no time, and a clock costs as much as all the rest. */
static PyObject *end_governed(PyObject *const *arguments, baro_ring_kind kind) {
  baro_identity code = *baro_code_of(arguments[0]);
  if ((code.flags & BARO_IDENTITY_LEFT_OUT) != 0) {
    return never_again();
  }
  bool suspends = (code.flags & BARO_IDENTITY_SUSPENDS) != 0;
  bool wakes = is_awake(code.id);
  uint64_t time = suspends || wakes ? baro_events_now() : 0;
  uint64_t frame = suspends ? frame_addr() : 0;
  uint32_t epoch = baro_identities_epoch;
  if (baro_budget_lets_end(code.id, code.flags, kind, frame)) {
    write_end(arguments, code, kind, time != 0 ? time : baro_events_now(), frame);
  }
  if (wakes && epoch == baro_identities_epoch) {
    rest(arguments[0], code.id);
  }
  return done();
}

/* arguments: code, instruction, and what is returned or yielded. */
static inline PyObject *end(PyObject *const *arguments, baro_ring_kind kind, uint64_t time) {
  const baro_identity *code = baro_code_of(arguments[0]);
  if (code->flags == 0) {
    baro_events_end(time, baro_ring_word(kind, code->id, 0));
    return done();
  }
  return end_odd(arguments, *code, kind, time);
}

static PyObject *on_start(PyObject *self, PyObject *const *arguments, size_t flags,
                          PyObject *names) {
  (void)self, (void)flags, (void)names;
  return begin(arguments[0], BARO_RING_ENTER);
}

static PyObject *on_resume(PyObject *self, PyObject *const *arguments, size_t flags,
                           PyObject *names) {
  (void)self, (void)flags, (void)names;
  return begin(arguments[0], BARO_RING_RESUME);
}

static PyObject *on_return(PyObject *self, PyObject *const *arguments, size_t flags,
                           PyObject *names) {
  (void)self, (void)flags, (void)names;
  if (baro_budget_runs) {
    return end_governed(arguments, BARO_RING_RETURN);
  }
  return end(arguments, BARO_RING_RETURN, baro_events_now());
}

static PyObject *on_yield(PyObject *self, PyObject *const *arguments, size_t flags,
                          PyObject *names) {
  (void)self, (void)flags, (void)names;
  if (baro_budget_runs) {
    return end_governed(arguments, BARO_RING_YIELD);
  }
  return end(arguments, BARO_RING_YIELD, baro_events_now());
}

/* Of all code there is, and never to be disabled: what was not entered is none of ours. */
static const baro_identity *recorded(PyObject *code_object) {
  const baro_identity *code = baro_identities_find(&baro_codes, code_object);
  return code == NULL || (code->flags & BARO_IDENTITY_LEFT_OUT) != 0 ? NULL : code;
}

static PyObject *on_throw(PyObject *self, PyObject *const *arguments, size_t flags,
                          PyObject *names) {
  (void)self, (void)flags, (void)names;
  const baro_identity *code = recorded(arguments[0]);
  if (code != NULL) {
    baro_identity entry = *code;
    uint64_t frame = frame_addr();
    if (baro_budget_lets_begin(entry.id, entry.flags, BARO_RING_THROW, frame)) {
      baro_events_begin_frame(baro_ring_word(BARO_RING_THROW, entry.id, 0), frame);
    }
  }
  return done();
}

static PyObject *on_unwind(PyObject *self, PyObject *const *arguments, size_t flags,
                           PyObject *names) {
  (void)self, (void)flags, (void)names;
  uint64_t time = baro_events_now();
  const baro_identity *code = recorded(arguments[0]);
  if (code == NULL) {
    return done();
  }
  /* Defining a type may run the collector, and a code object's end moves the table. */
  baro_identity entry = *code;
  bool suspends = (entry.flags & BARO_IDENTITY_SUSPENDS) != 0;
  uint64_t frame = suspends ? frame_addr() : 0;
  if (!baro_budget_lets_end(entry.id, entry.flags, BARO_RING_RAISE, frame)) {
    return done();
  }
  uint32_t exception = baro_exception_of((PyObject *)Py_TYPE(arguments[2]));
  uint64_t word = baro_ring_word(BARO_RING_RAISE, entry.id, exception);
  uint32_t epoch = baro_identities_epoch;
  if (suspends) {
    baro_events_end_frame(time, word, frame);
  } else {
    baro_events_end(time, word);
  }
  if (end_event != 0 && epoch == baro_identities_epoch) {
    rest(arguments[0], entry.id);
  }
  return done();
}

/* --- The type of the callbacks --- */

static PyObject *event_call(PyObject *self, PyObject *arguments, PyObject *names) {
  PyObject *given[3] = {Py_None, Py_None, Py_None};
  Py_ssize_t count = PyTuple_Size(arguments);
  if (count < 2 || count > 3) {
    PyErr_SetString(PyExc_TypeError, "called by sys.monitoring only");
    return NULL;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    given[i] = PyTuple_GetItem(arguments, i);
  }
  return ((event_object *)self)->function(self, given, (size_t)count, names);
}

static void event_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

static PyMemberDef event_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(event_object, function), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot event_slots[] = {
    {Py_tp_call, event_call},
    {Py_tp_dealloc, event_dealloc},
    {Py_tp_members, event_members},
    {0, NULL},
};

static PyType_Spec event_spec = {
    .name = "barograph._agent.Event",
    .basicsize = sizeof(event_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = event_slots,
};

static PyObject *new_event(PyObject *type, event_function function) {
  allocfunc allocate = (allocfunc)PyType_GetSlot((PyTypeObject *)type, Py_tp_alloc);
  PyObject *event = allocate((PyTypeObject *)type, 0);
  if (event != NULL) {
    ((event_object *)event)->function = function;
  }
  return event;
}

/* --- The engine --- */

static const struct {
  const char *name;
  event_function function;
  bool can_be_local; /* to a code object */
} events[] = {
    {"PY_START", on_start, true},   {"PY_RETURN", on_return, true}, {"PY_YIELD", on_yield, true},
    {"PY_RESUME", on_resume, true}, {"PY_THROW", on_throw, false},  {"PY_UNWIND", on_unwind, false},
};

/* Numbers of those events that a marked code object is to have, or'ed; 0: it has the global ones. */
static long local_events;
static long start_event; /* PY_START's number */

enum { EVENT_COUNT = sizeof(events) / sizeof(events[0]) };
_Static_assert(EVENT_COUNT == sizeof(callbacks) / sizeof(callbacks[0]), "one callback an event");

static bool is_offered(void) {
  return PySys_GetObject("monitoring") != NULL;
}

/* Ids 0, 1, 2 and 5 are for debuggers, coverage, profilers and optimizers, which the program may use itself. */
static bool take_tool_id(void) {
  static const int free_for_all[] = {4, 3};
  for (size_t i = 0; i < sizeof(free_for_all) / sizeof(free_for_all[0]); i++) {
    PyObject *taken =
        PyObject_CallMethod(monitoring, "use_tool_id", "is", free_for_all[i], "barograph");
    if (taken != NULL) {
      Py_DECREF(taken);
      tool_id = free_for_all[i];
      return true;
    }
    PyErr_Clear();
  }
  return false;
}

static void call_and_forget(const char *method, const char *format, int first, int second) {
  PyObject *answer = PyObject_CallMethod(monitoring, method, format, first, second);
  Py_XDECREF(answer);
  PyErr_Clear();
}

static bool register_one(PyObject *type, PyObject *numbers, size_t index, long *global_events) {
  PyObject *number = PyObject_GetAttrString(numbers, events[index].name);
  if (callbacks[index] == NULL) {
    callbacks[index] = new_event(type, events[index].function);
  }
  PyObject *before = NULL;
  if (number != NULL && callbacks[index] != NULL) {
    before = PyObject_CallMethod(monitoring, "register_callback", "iOO", tool_id, number,
                                 callbacks[index]);
    bool only_marked = baro_patterns_only_marked(&baro_recorded);
    bool is_local = events[index].can_be_local && only_marked;
    bool can_rest = events[index].function == on_return && baro_budget_runs && !only_marked &&
                    !BARO_FREE_THREADED;
    long *among = can_rest ? &end_event : is_local ? &local_events : global_events;
    *among |= PyLong_AsLong(number);
    start_event = events[index].function == on_start ? PyLong_AsLong(number) : start_event;
  }
  bool registered = before != NULL;
  Py_XDECREF(before);
  Py_XDECREF(number);
  return registered;
}

static bool register_all(void) {
  PyObject *numbers = PyObject_GetAttrString(monitoring, "events");
  PyObject *type = numbers == NULL ? NULL : PyType_FromSpec(&event_spec);
  bool good = type != NULL;
  long global_events = 0;
  local_events = 0;
  end_event = 0;
  for (size_t i = 0; i < EVENT_COUNT && good; i++) {
    good = register_one(type, numbers, i, &global_events);
  }
  if (good) {
    PyObject *answer = PyObject_CallMethod(monitoring, "set_events", "il", tool_id, global_events);
    good = answer != NULL;
    Py_XDECREF(answer);
  }
  if (good && end_event != 0) {
    baro_rest_offer(is_active_further_out);
  }
  if (good) {
    /* What an earlier recording of this process disabled stays so otherwise. */
    PyObject *answer = PyObject_CallMethod(monitoring, "restart_events", NULL);
    Py_XDECREF(answer);
  }
  Py_XDECREF(type);
  Py_XDECREF(numbers);
  PyErr_Clear();
  return good;
}

static void watch(PyObject *code) {
  set_local(code, start_event);
}

static void unwatch(PyObject *code) {
  set_local(code, 0);
}

static void mark(PyObject *code) {
  if (!atomic_load(&runs)) {
    return;
  }
  baro_tasks_find();
  /* Without local events it may have run before, and be disabled. */
  if (local_events != 0) {
    set_local(code, local_events);
    return;
  }
  PyObject *answer = PyObject_CallMethod(monitoring, "restart_events", NULL);
  Py_XDECREF(answer);
  PyErr_Clear();
}

static void unmark(PyObject *code) {
  if (atomic_load(&runs) && (local_events != 0 || end_event != 0)) {
    set_local(code, 0);
  }
}

static void stop(void) {
  if (!atomic_exchange(&runs, false)) {
    return;
  }
  /* The events go first: freeing the id alone would leave them to whoever takes it next (before 3.14). */
  baro_tasks_unwatch(unwatch);
  /* The table is looked up anew each time: what is called may see new code, and a table that grows is another one. */
  for (size_t i = 0; end_event != 0 && i <= baro_codes.block->mask; i++) {
    uintptr_t address = baro_codes.block->entries[i].address;
    if (address >= BARO_IDENTITY_LEAST_ADDRESS) {
      set_local((PyObject *)address, 0);
    }
  }
  call_and_forget("set_events", "ii", tool_id, 0);
  PyObject *numbers = PyObject_GetAttrString(monitoring, "events");
  for (size_t i = 0; i < EVENT_COUNT && numbers != NULL; i++) {
    PyObject *number = PyObject_GetAttrString(numbers, events[i].name);
    PyObject *before = number == NULL ? NULL
                                      : PyObject_CallMethod(monitoring, "register_callback", "iOO",
                                                            tool_id, number, Py_None);
    Py_XDECREF(before);
    Py_XDECREF(number);
    PyErr_Clear();
  }
  Py_XDECREF(numbers);
  PyErr_Clear();
  /* Without a GIL it stops all threads: afterwards none is in a callback, or about to call one, but where a callback
   * called Python, which it may not do without having let go of its ring (events.h). */
  call_and_forget("set_events", "ii", tool_id, 0);
  call_and_forget("free_tool_id", "i", tool_id, 0);
}

static const char *start(void) {
  if (monitoring == NULL) {
    monitoring = PySys_GetObject("monitoring"); /* borrowed */
    Py_XINCREF(monitoring);
  }
  if (monitoring != NULL && disable == NULL) {
    disable = PyObject_GetAttrString(monitoring, "DISABLE");
  }
  if (disable == NULL) {
    PyErr_Clear();
    return "there is no sys.monitoring";
  }
  if (!take_tool_id()) {
    PyErr_Clear();
    return "other tools have the ids 3 and 4 of sys.monitoring";
  }
  atomic_store(&runs, true);
  if (!register_all()) {
    stop();
    return "sys.monitoring did not take the callbacks";
  }
  if (local_events != 0) {
    baro_tasks_watch(watch);
  }
  return NULL;
}

const baro_engine baro_engine_monitoring = {
    .name = "sys.monitoring",
    .is_offered = is_offered,
    .start = start,
    .mark = mark,
    .unmark = unmark,
    .stop = stop,
};
