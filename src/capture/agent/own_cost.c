#include "capture/agent/own_cost.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/agent/agent_definitions.h"
#include "capture/agent/agent_usage.h"
#include "capture/agent/budget.h"
#include "capture/agent/budget_rest.h"
#include "capture/agent/captured_values.h"
#include "capture/agent/events.h"
#include "capture/agent/spool.h"

enum {
  CALLS = 64,  /* of a batch: 4 us */
  TURNS = 512, /* of the empty loop: 4 us */
  BATCHES = 15,
  WARM_UP = 4, /* batches until the interpreter has specialized the code */
  SCRATCH_EVENTS = 1 << 13,
  FRESH_PAGES = 16,
  PAGE_BYTES = 4096,          /* where pages are larger, it is measured too low */
  SHORTEST_CLOCK_NS = 200000, /* between two pairs of clocks, for 0.1 % */
};
/* Of what a budget only counts there are fewer. */
_Static_assert(SCRATCH_EVENTS > 4 * CALLS * (BATCHES + WARM_UP) * 3 / 2,
               "room for a step's four slots, and for what a signal's handler calls");

static const char source[] = "def plain():\n"
                             "    pass\n"
                             "def steps():\n"
                             "    while not (yield):\n"
                             "        pass\n"
                             "def loop(function, times):\n"
                             "    for _ in times:\n"
                             "        function()\n"
                             "def idle(times):\n"
                             "    for _ in times:\n"
                             "        pass\n";

/* What one call takes, in units of what one turn of an empty loop takes at the same moment: a CPU may run at half its
 * speed because of its neighbour, and at its full speed a moment later. */
typedef struct call_cost {
  double all;
  double inside; /* of it, between its two events; 0 without them */
  double woken;  /* the same of one that is recorded while its function rests; 0: it does not */
} call_cost;

typedef struct own_cost {
  double inner;
  double outer;
  double woken; /* inner, of a call that is recorded while its function rests */
} own_cost;

/* All owned, while a measurement is under way; NULL where there is none. */
static struct {
  PyObject *names; /* the globals of `source` */
  PyObject *generator;
  PyObject *step;  /* its __next__ */
  PyObject *times; /* CALLS long */
  PyObject *turns; /* TURNS long */
  PyObject *none;  /* empty */
  call_cost bare_plain;
  call_cost bare_step;
  double turn;    /* of the empty loop, in units of the clock of events; median of all */
  uint64_t clock; /* both clocks when it began */
  uint64_t monotonic_ns;
} here;

static int compare(const void *left, const void *right) {
  const double *a = left;
  const double *b = right;
  return (*a > *b) - (*a < *b);
}

static double median(double *values, size_t count) {
  qsort(values, count, sizeof(*values), compare);
  return values[count / 2];
}

/* --- Other tools --- */

static bool hook_is_set(const char *getter) {
  PyObject *function = PySys_GetObject(getter); /* borrowed */
  PyObject *hook = function == NULL ? NULL : PyObject_CallObject(function, NULL);
  bool is_set = hook != NULL && hook != Py_None;
  Py_XDECREF(hook);
  PyErr_Clear();
  return is_set;
}

/* Tools of sys.monitoring, which has six ids. */
static bool tool_listens(void) {
  PyObject *monitoring = PySys_GetObject("monitoring"); /* borrowed */
  bool found = false;
  for (int id = 0; id < 6 && monitoring != NULL && !found; id++) {
    PyObject *tool = PyObject_CallMethod(monitoring, "get_tool", "i", id);
    found = tool != NULL && tool != Py_None;
    Py_XDECREF(tool);
    PyErr_Clear();
  }
  return found;
}

/* --- Batches --- */

static PyObject *name_of(const char *name) {
  return PyDict_GetItemString(here.names, name); /* borrowed */
}

/* 0: it failed. function: NULL for the empty loop. */
static double time_loop(PyObject *function, PyObject *times) {
  PyObject *loop = name_of(function == NULL ? "idle" : "loop");
  uint64_t before = baro_events_now();
  PyObject *answer = function == NULL ? PyObject_CallFunctionObjArgs(loop, times, NULL)
                                      : PyObject_CallFunctionObjArgs(loop, function, times, NULL);
  uint64_t after = baro_events_now();
  bool failed = answer == NULL;
  Py_XDECREF(answer);
  PyErr_Clear();
  return failed ? 0 : (double)(after - before);
}

/* Time between the two events of each call, in all; of the events from `first` on. */
static double time_inside(const baro_events_thread *thread, uint64_t first) {
  uint64_t since = 0;
  uint64_t inside = 0;
  for (uint64_t i = first; i < thread->head; i++) {
    const baro_ring_event *event = &thread->events[i & thread->mask];
    switch (baro_ring_word_kind(event->word)) {
    case BARO_RING_ENTER:
    case BARO_RING_RESUME: since = event->time; break;
    case BARO_RING_RETURN:
    case BARO_RING_YIELD: inside += since == 0 ? 0 : event->time - since; break;
    default: break; /* the slot behind an event */
    }
  }
  return (double)inside;
}

typedef struct batch {
  double turn;
  call_cost cost;
} batch;

static bool time_batch(PyObject *function, bool has_events, batch *ret_batch) {
  double empty = time_loop(NULL, here.none);
  double turns = time_loop(NULL, here.turns);
  double none = time_loop(function, here.none);
  uint64_t first = baro_events_here.head;
  double calls = time_loop(function, here.times);
  double inside = has_events ? time_inside(&baro_events_here, first) : 0;
  ret_batch->turn = (turns - empty) / TURNS;
  ret_batch->cost.all = (calls - none) / CALLS / ret_batch->turn;
  ret_batch->cost.inside = inside / CALLS / ret_batch->turn;
  /* It may have been interrupted anywhere. */
  return empty > 0 && turns > empty && none > 0 && calls > none && (!has_events || inside > 0);
}

static bool time_batches(PyObject *function, bool has_events, call_cost *ret_cost) {
  double turn[BATCHES];
  double all[BATCHES];
  double inside[BATCHES];
  size_t used = 0;
  for (int i = -WARM_UP; i < BATCHES; i++) {
    batch one;
    if (time_batch(function, has_events, &one) && i >= 0) {
      turn[used] = one.turn;
      all[used] = one.cost.all;
      inside[used++] = one.cost.inside;
    }
  }
  if (used <= BATCHES / 2) {
    return false;
  }
  here.turn = median(turn, used);
  ret_cost->all = median(all, used);
  ret_cost->inside = median(inside, used);
  return true;
}

/* Between the two events of a call that is recorded while its function rests, in units of the clock of events; 0: it failed. */
static double time_woken(PyObject *function) {
  double inside[BATCHES];
  size_t used = 0;
  for (int i = -WARM_UP; i < BATCHES; i++) {
    uint64_t first = baro_events_here.head;
    baro_budget_draw_next(0);
    (void)time_loop(function, here.times);
    double one = time_inside(&baro_events_here, first);
    if (one > 0 && i >= 0) {
      inside[used++] = one;
    }
  }
  return used > BATCHES / 2 ? median(inside, used) : 0;
}

/* Events of this thread go to `scratch` meanwhile. False: it could not be measured. */
static bool time_with_events(PyObject *function, uint32_t flags, baro_ring_event *scratch,
                             call_cost *ret_cost) {
  _Atomic uint64_t committed = 0;
  baro_events_thread kept = baro_events_here;
  baro_events_here = (baro_events_thread){
      .limit = SCRATCH_EVENTS,
      .mask = SCRATCH_EVENTS - 1,
      .events = scratch,
      .ring_head = &committed,
      .usage_due = UINT64_MAX,
  };
  bool is_counted = (flags & BARO_IDENTITY_GOVERNED) != 0;
  if (is_counted) {
    baro_budget_thin(0); /* the id of all that is private */
  }
  bool good = time_batches(function, !is_counted, ret_cost);
  const baro_budget_code *private_code = is_counted ? baro_rest_code(0) : NULL;
  bool rests = private_code != NULL && private_code->may_rest;
  ret_cost->woken = good && rests ? time_woken(function) / here.turn : 0;
  if (function == here.step) {
    /* To its end, before it dies: closing it would be events of an exception. */
    PyObject *answer = PyObject_CallMethod(here.generator, "send", "i", 1);
    Py_XDECREF(answer);
    PyErr_Clear();
  }
  baro_budget_thread_free(baro_events_here.budget);
  baro_events_here = kept;
  return good;
}

/* What a slot costs in addition as long as its thread's ring is filled for the first time: memory is taken from the
 * system then, 4 us a page in a virtual machine. In units of the clock of events; 0: unknown. */
static double time_fresh_slot(void) {
  int file = memfd_create("barograph", MFD_CLOEXEC); /* as the spool directory: memory */
  const size_t length = (size_t)FRESH_PAGES * PAGE_BYTES;
  uint64_t before = baro_events_now();
  bool good = file >= 0 && posix_fallocate(file, 0, (off_t)length) == 0;
  double allocated = (double)(baro_events_now() - before) / FRESH_PAGES;
  void *memory =
      good ? mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  if (file >= 0) {
    (void)close(file);
  }
  if (memory == MAP_FAILED) {
    return 0;
  }
  double touched[FRESH_PAGES];
  for (size_t i = 0; i < FRESH_PAGES; i++) {
    before = baro_events_now();
    ((volatile char *)memory)[i * PAGE_BYTES] = 1;
    touched[i] = (double)(baro_events_now() - before);
  }
  (void)munmap(memory, length);
  double page = allocated + median(touched, FRESH_PAGES);
  return page * (double)sizeof(baro_ring_event) / PAGE_BYTES;
}

static void write_fact(const char *key, double cost_ns) {
  char text[32];
  (void)snprintf(text, sizeof(text), "%.1f", cost_ns > 0 ? cost_ns : 0);
  baro_spool_fact(key, text);
}

/* Measures one function, which is `code` or steps it. */
static bool measure_one(const baro_engine *engine, bool is_marked, PyObject *function,
                        PyObject *code, uint32_t flags, baro_ring_event *scratch,
                        const call_cost *bare, own_cost *ret_cost) {
  if (!baro_definitions_add_private(code, flags)) {
    return false;
  }
  if (is_marked) {
    engine->mark(code);
  }
  call_cost seen;
  bool good = time_with_events(function, flags, scratch, &seen);
  engine->unmark(code); /* it may have events of its own in any case */
  baro_rest_clear();
  baro_identities_remove(&baro_codes, code);
  if (good) {
    /* What runs between the two events is the call's own work, too: where that takes longer than all that the events
     * add, as with frame evaluation, nobody can tell how much of it falls outside. */
    double added = seen.all - bare->all;
    ret_cost->inner = (seen.inside < added ? seen.inside : added) * here.turn;
    ret_cost->outer = added * here.turn - ret_cost->inner;
    ret_cost->woken = seen.woken * here.turn;
  }
  return good;
}

static PyObject *code_of(const char *name) {
  PyObject *function = name_of(name);
  return function == NULL ? NULL : PyObject_GetAttrString(function, "__code__");
}

/* What a call costs whether its events are written or only counted. */
static void tell_budget(const own_cost *recorded, const own_cost *counted, double ns_per_tick) {
  baro_budget_set_costs((recorded->inner + recorded->outer) * ns_per_tick,
                        (counted->inner + counted->outer) * ns_per_tick);
}

/* A call that is counted while its function rests. False: functions do not, or it could not be measured. */
static bool measure_resting(const baro_engine *engine, PyObject *code, baro_ring_event *scratch,
                            own_cost *ret_cost) {
  baro_budget_code *private_code = baro_rest_code(0);
  if (private_code == NULL) {
    return false;
  }
  *private_code = (baro_budget_code){.ends = BARO_ENDS_OFF, .may_rest = true};
  return measure_one(engine, false, name_of("plain"), code, BARO_IDENTITY_GOVERNED, scratch,
                     &here.bare_plain, ret_cost);
}

static void write_costs(const own_cost *plain, const own_cost *step, double ns_per_tick) {
  write_fact("own_cost_inner_ns", plain->inner * ns_per_tick);
  write_fact("own_cost_outer_ns", plain->outer * ns_per_tick);
  write_fact("own_cost_suspendable_inner_ns", step->inner * ns_per_tick);
  write_fact("own_cost_suspendable_outer_ns", step->outer * ns_per_tick);
}

static void measure(const baro_engine *engine, bool is_marked, double ns_per_tick) {
  baro_ring_event *scratch = malloc(SCRATCH_EVENTS * sizeof(*scratch));
  PyObject *plain_code = code_of("plain");
  PyObject *step_code = code_of("steps");
  PyObject *loop_code = code_of("loop");
  PyObject *idle_code = code_of("idle");
  own_cost plain;
  own_cost step;
  if (scratch != NULL && plain_code != NULL && step_code != NULL && loop_code != NULL &&
      idle_code != NULL && baro_definitions_add_private(loop_code, BARO_IDENTITY_LEFT_OUT) &&
      baro_definitions_add_private(idle_code, BARO_IDENTITY_LEFT_OUT) &&
      measure_one(engine, is_marked, name_of("plain"), plain_code, 0, scratch, &here.bare_plain,
                  &plain) &&
      measure_one(engine, is_marked, here.step, step_code, BARO_IDENTITY_SUSPENDS, scratch,
                  &here.bare_step, &step)) {
    write_costs(&plain, &step, ns_per_tick);
    own_cost counted;
    if (baro_budget_runs &&
        measure_one(engine, is_marked, name_of("plain"), plain_code, BARO_IDENTITY_GOVERNED,
                    scratch, &here.bare_plain, &counted)) {
      tell_budget(&plain, &counted, ns_per_tick);
      write_fact("own_cost_counted_ns", (counted.inner + counted.outer) * ns_per_tick);
      if (measure_resting(engine, plain_code, scratch, &counted)) {
        write_fact("own_cost_resting_ns", (counted.inner + counted.outer) * ns_per_tick);
        write_fact("own_cost_woken_inner_ns", counted.woken * ns_per_tick);
      }
    }
  }
  if (loop_code != NULL && idle_code != NULL) {
    baro_identities_remove(&baro_codes, loop_code);
    baro_identities_remove(&baro_codes, idle_code);
  }
  PyErr_Clear();
  Py_XDECREF(plain_code);
  Py_XDECREF(step_code);
  Py_XDECREF(loop_code);
  Py_XDECREF(idle_code);
  free(scratch);
}

/* --- The whole --- */

static void forget(void) {
  Py_CLEAR(here.step);
  Py_CLEAR(here.generator);
  Py_CLEAR(here.names);
  Py_CLEAR(here.times);
  Py_CLEAR(here.turns);
  Py_CLEAR(here.none);
}

static bool define_functions(void) {
  static const char zeros[TURNS];
  here.names = PyDict_New();
  here.times = PyBytes_FromStringAndSize(zeros, CALLS); /* a loop over it makes no objects */
  here.turns = PyBytes_FromStringAndSize(zeros, TURNS);
  here.none = PyBytes_FromStringAndSize(zeros, 0);
  PyObject *module = PyUnicode_FromString("barograph._agent");
  PyObject *code = Py_CompileString(source, "<barograph>", Py_file_input);
  bool good = here.names != NULL && here.times != NULL && here.turns != NULL && here.none != NULL &&
              module != NULL && code != NULL &&
              PyDict_SetItemString(here.names, "__name__", module) == 0;
  PyObject *answer = good ? PyEval_EvalCode(code, here.names, here.names) : NULL;
  good = answer != NULL;
  Py_XDECREF(answer);
  Py_XDECREF(code);
  Py_XDECREF(module);
  return good;
}

static bool make_step(void) {
  here.generator = PyObject_CallFunctionObjArgs(name_of("steps"), NULL);
  here.step = here.generator == NULL ? NULL : PyObject_GetAttrString(here.generator, "__next__");
  return here.step != NULL;
}

void baro_own_cost_prepare(void) {
  here.clock = baro_events_now();
  here.monotonic_ns = baro_clock_now_ns();
  bool good = !hook_is_set("getprofile") && !hook_is_set("gettrace") && !tool_listens() &&
              define_functions() && make_step() &&
              time_batches(name_of("plain"), false, &here.bare_plain) &&
              time_batches(here.step, false, &here.bare_step);
  PyErr_Clear();
  if (!good) {
    forget();
  }
}

void baro_own_cost_measure(const baro_engine *engine, bool is_marked) {
  if (engine == NULL) {
    forget();
    return;
  }
  uint64_t monotonic_ns;
  while ((monotonic_ns = baro_clock_now_ns()) - here.monotonic_ns < SHORTEST_CLOCK_NS) {
  }
  uint64_t clock = baro_events_now();
  double ns_per_tick =
      clock > here.clock ? (double)(monotonic_ns - here.monotonic_ns) / (double)(clock - here.clock)
                         : 1;
  write_fact("own_cost_fresh_slot_ns", time_fresh_slot() * ns_per_tick);
  write_fact("own_cost_fresh_slots", BARO_RING_EVENTS);
  write_fact("own_cost_usage_ns", baro_usage_start(ns_per_tick));
  write_fact("usage_interval_ns", baro_usage_interval(ns_per_tick));
  baro_capture_start(ns_per_tick);
  if (here.step != NULL) {
    measure(engine, is_marked, ns_per_tick);
  }
  forget();
}
