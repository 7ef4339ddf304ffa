#include "capture/agent/budget.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture/agent/agent_lock.h"
#include "capture/agent/budget_decisions.h"
#include "capture/agent/budget_plan.h"
#include "capture/agent/budget_rest.h"
#include "capture/agent/counted_frames.h"
#include "capture/agent/events.h"

enum {
  PAGE_FUNCTIONS = 64,
  /* How many events of recorded calls pass before the clock is looked at. */
  PATIENCE = 512,
  /* Calls of one function that are only counted: nobody looks at anything meanwhile. */
  PIECE_CALLS = 64,
  TELL_AT = 1000,
  /* A count, a weight and an event with all that may stand around it. */
  ROOM_EVENTS = 16,
  GROUP_SHIFT = 16,
  MOST_WINDOWS = 1000, /* that one stands for */
};
static const uint64_t WINDOW_NS = 10000000;
/* A thread that waits most of the time is looked at after this much of its own, or so late. */
static const uint64_t LEAST_CPU_NS = 2000000;
static const uint64_t LONGEST_NS = 100000000;
/* Until costs are measured: a call as 3.12 tells of it. */
static const double FIRST_ROW_NS = 100;
static const double FIRST_COUNT_NS = 60;

/* Two clocks and four stores. */
static const double LEAST_ROW_NS = 10;
static const double MOST_COUNT_RATIO = 0.75;

typedef struct function_page {
  baro_budget_function functions[PAGE_FUNCTIONS];
} function_page;

struct baro_budget_thread {
  function_page **pages; /* owned, by id; NULL: none of them was called */
  uint32_t page_count;
  uint32_t patience;
  uint32_t window;
  uint32_t touched_count;
  uint32_t touched_capacity;
  baro_budget_function **touched; /* owned; called in this window */
  uint64_t random;
  uint64_t since_ns;
  uint64_t since_cpu_ns;
  baro_events_thread *events; /* borrowed: the ring it tells */
};

bool baro_budget_runs;

/* Of the process; shared by its threads. */
static double ratios[BARO_BUDGET_GROUPS];
static uint32_t group_count;
static double row_ns;
static double count_ns;
/* What threads thinned last, by id: where a new one begins. Owned. */
static uint8_t *last_shifts;
static uint32_t last_shift_count;
/* In a child: what its first thread knew in the parent. Owned. */
static baro_budget_thread *orphan;

/* Of what is shared, without a GIL; held for a few instructions, or for growing a table. */
static atomic_flag shared_lock = ATOMIC_FLAG_INIT;

static inline void lock_shared(void) {
  while (BARO_FREE_THREADED && atomic_flag_test_and_set(&shared_lock)) {
    (void)sched_yield();
  }
}

static inline void unlock_shared(void) {
  if (BARO_FREE_THREADED) {
    atomic_flag_clear(&shared_lock);
  }
}

void baro_budget_reset(void) {
  lock_shared();
  baro_budget_runs = false;
  group_count = 0;
  row_ns = FIRST_ROW_NS;
  count_ns = FIRST_COUNT_NS;
  free(last_shifts);
  last_shifts = NULL;
  last_shift_count = 0;
  baro_counted_frames_clear();
  baro_rest_reset();
  unlock_shared();
}

uint32_t baro_budget_flags(double percent) {
  if (!(percent > 0)) {
    return 0;
  }
  lock_shared();
  uint32_t group = 0;
  while (group < group_count && ratios[group] != percent / 100) {
    group++;
  }
  if (group == BARO_BUDGET_GROUPS) {
    group--; /* the last one made: more budgets than anybody can tell apart */
  } else if (group == group_count) {
    ratios[group_count++] = percent / 100;
  }
  baro_budget_runs = true;
  unlock_shared();
  return BARO_BUDGET_GOVERNED | group << GROUP_SHIFT;
}

void baro_budget_set_costs(double new_row_ns, double new_count_ns) {
  row_ns = new_row_ns < LEAST_ROW_NS ? LEAST_ROW_NS : new_row_ns;
  /* Writing costs more than its instructions: memory that the recorder takes from this CPU's caches. */
  double most_ns = row_ns * MOST_COUNT_RATIO;
  count_ns = new_count_ns < 0 ? 0 : new_count_ns < most_ns ? new_count_ns : most_ns;
}

/* --- what a thread knows --- */

/* xorshift64 */
static uint64_t next_random(baro_budget_thread *thread) {
  uint64_t value = thread->random;
  value ^= value << 13;
  value ^= value >> 7;
  value ^= value << 17;
  thread->random = value;
  return value;
}

/* How many calls it is to the next one that is recorded, that one included; of functions that rest, to the next that begins to
 * warm up. Gaps are geometric, as if each call were drawn by itself: in step with nothing that the program does. */
static void draw_gap(baro_budget_thread *thread, baro_budget_function *function) {
  uint32_t gap = 1;
  if (function->shift != 0 && function->warming == 0) {
    uint32_t warms = function->shift == BARO_BUDGET_REST_SHIFT ? BARO_BUDGET_WARM_UP : 0;
    double chance = 1.0 / (double)((UINT32_C(1) << function->shift) - warms);
    double drawn = (double)((next_random(thread) >> 11) + 1) * 0x1p-53;
    gap += (uint32_t)(log(drawn) / log1p(-chance)); /* at most 75,200 */
  }
  function->piece = gap < PIECE_CALLS ? gap : PIECE_CALLS;
  function->left = function->piece;
  function->rest = gap - function->piece;
}

static baro_budget_thread *thread_make(baro_events_thread *here) {
  lock_shared();
  baro_budget_thread *old = orphan;
  orphan = NULL;
  unlock_shared();
  baro_budget_thread_free(old);
  baro_budget_thread *thread = calloc(1, sizeof(*thread));
  if (thread == NULL) {
    return NULL;
  }
  thread->patience = PATIENCE;
  thread->since_ns = baro_clock_now_ns();
  thread->since_cpu_ns = baro_clock_thread_cpu_ns();
  thread->random = (thread->since_ns ^ (uint64_t)(uintptr_t)thread << 20) | 1;
  for (int i = 0; i < 16; i++) {
    (void)next_random(thread);
  }
  thread->events = here;
  here->budget = thread;
  return thread;
}

static bool add_pages(baro_budget_thread *thread, uint32_t page) {
  if (page >= thread->page_count) {
    uint32_t count = page * 2 + 4;
    function_page **grown = realloc(thread->pages, count * sizeof(*grown));
    if (grown == NULL) {
      return false;
    }
    memset(grown + thread->page_count, 0, (count - thread->page_count) * sizeof(*grown));
    thread->pages = grown;
    thread->page_count = count;
  }
  if (thread->pages[page] != NULL) {
    return true;
  }
  thread->pages[page] = calloc(1, sizeof(function_page));
  lock_shared();
  for (uint32_t i = 0; thread->pages[page] != NULL && i < PAGE_FUNCTIONS; i++) {
    baro_budget_function *function = &thread->pages[page]->functions[i];
    function->id = page * PAGE_FUNCTIONS + i;
    function->window = thread->window;
    function->shift = function->id < last_shift_count ? last_shifts[function->id] : 0;
    draw_gap(thread, function);
  }
  unlock_shared();
  return thread->pages[page] != NULL;
}

/* NULL: the thread has not seen it. */
static inline baro_budget_function *known(const baro_budget_thread *thread, uint32_t id) {
  uint32_t page = id / PAGE_FUNCTIONS;
  if (thread == NULL || page >= thread->page_count || thread->pages[page] == NULL) {
    return NULL;
  }
  return &thread->pages[page]->functions[id % PAGE_FUNCTIONS];
}

/* The calling thread has a ring, so its end will be told. NULL: there is no memory. */
static baro_budget_function *make_known(uint32_t id) {
  int kept = errno;
  baro_events_thread *here = &baro_events_here;
  baro_budget_thread *thread = here->budget == NULL ? thread_make(here) : here->budget;
  bool made = thread != NULL && add_pages(thread, id / PAGE_FUNCTIONS);
  errno = kept;
  return made ? known(thread, id) : NULL;
}

void baro_budget_thin(uint32_t id) {
  baro_budget_function *function = make_known(id);
  if (function != NULL) {
    function->shift = BARO_BUDGET_SHIFT_MAX;
    draw_gap(baro_events_here.budget, function);
  }
}

void baro_budget_draw_next(uint32_t id) {
  baro_budget_function *function = known(baro_events_here.budget, id);
  if (function != NULL) {
    function->shift = BARO_BUDGET_REST_SHIFT;
    function->piece = function->left = 1;
    function->rest = 0;
  }
}

/* --- windows --- */

static void touch(baro_budget_thread *thread, baro_budget_function *function, uint32_t flags) {
  if (function->window != thread->window) {
    baro_budget_rested(function, thread->window);
  }
  function->group = (uint8_t)(flags >> GROUP_SHIFT);
  if (thread->touched_count == thread->touched_capacity) {
    uint32_t capacity = thread->touched_capacity == 0 ? 64 : thread->touched_capacity * 2;
    baro_budget_function **grown = realloc(thread->touched, capacity * sizeof(*grown));
    if (grown == NULL) {
      return; /* it is not thinned further */
    }
    thread->touched = grown;
    thread->touched_capacity = capacity;
  }
  thread->touched[thread->touched_count++] = function;
}

static void tell_now(baro_budget_thread *thread, baro_budget_function *function) {
  baro_events_write(thread->events, function->untold,
                    baro_ring_word(BARO_RING_SKIPPED, function->id, 0));
  function->untold = 0;
}

/* spare: events that must find room yet. */
static void tell_if_room(baro_budget_thread *thread, baro_budget_function *function,
                         uint64_t spare) {
  const baro_events_thread *here = thread->events;
  if (function->untold != 0 && here->limit - here->head > spare) {
    tell_now(thread, function);
  }
}

static void remember_shift_locked(const baro_budget_function *function) {
  if (function->id >= last_shift_count) {
    if (function->shift == 0) {
      return;
    }
    uint32_t count = function->id + 256;
    uint8_t *grown = realloc(last_shifts, count);
    if (grown == NULL) {
      return;
    }
    memset(grown + last_shift_count, 0, count - last_shift_count);
    last_shifts = grown;
    last_shift_count = count;
  }
  last_shifts[function->id] =
      function->shift < BARO_BUDGET_SHIFT_MAX ? function->shift : BARO_BUDGET_SHIFT_MAX;
}

static void remember_shift(const baro_budget_function *function) {
  lock_shared();
  remember_shift_locked(function);
  unlock_shared();
}

/* What was counted of the piece since anybody looked. */
static void take_counted(baro_budget_function *function) {
  uint32_t counted = function->piece - function->left;
  function->begins += counted;
  function->untold += counted;
  function->piece = function->left;
}

void baro_budget_charge(uint32_t id, uint64_t cost_ns) {
  baro_budget_function *function = known(baro_events_here.budget, id);
  if (function != NULL) {
    function->values_ns += cost_ns;
  }
}

static void end_window(baro_budget_thread *thread, uint64_t now_ns, uint64_t cpu_ns) {
  uint64_t windows = (now_ns - thread->since_ns) / WINDOW_NS;
  baro_budget_window window = {
      .cpu_ns = (double)(cpu_ns - thread->since_cpu_ns),
      .row_ns = row_ns,
      .count_ns = count_ns,
      .windows = windows < MOST_WINDOWS ? (uint32_t)windows : MOST_WINDOWS,
  };
  for (uint32_t i = 0; i < thread->touched_count; i++) {
    take_counted(thread->touched[i]);
    baro_budget_learn(thread->touched[i]);
    baro_rest_before_plan(thread->touched[i]);
  }
  for (uint32_t group = 0; group < group_count; group++) {
    window.ratio = ratios[group];
    baro_budget_plan(thread->touched, thread->touched_count, (uint8_t)group, &window);
  }
  thread->window += window.windows;
  for (uint32_t i = 0; i < thread->touched_count; i++) {
    baro_budget_function *function = thread->touched[i];
    function->begins = 0;
    function->window = thread->window;
    remember_shift(function);
    baro_rest_after_plan(function);
    draw_gap(thread, function); /* chance has no memory, so another gap will do as well */
    tell_if_room(thread, function, ROOM_EVENTS);
  }
  baro_events_commit(thread->events);
  thread->touched_count = 0;
  thread->since_ns = now_ns;
  thread->since_cpu_ns = cpu_ns;
}

static void look_at_clock(baro_budget_thread *thread) {
  thread->patience = PATIENCE;
  uint64_t now_ns = baro_clock_now_ns();
  uint64_t passed_ns = now_ns - thread->since_ns;
  if (passed_ns < WINDOW_NS) {
    return;
  }
  uint64_t cpu_ns = baro_clock_thread_cpu_ns();
  if (cpu_ns - thread->since_cpu_ns >= LEAST_CPU_NS || passed_ns >= LONGEST_NS) {
    end_window(thread, now_ns, cpu_ns);
  }
}

/* --- calls that cannot be suspended --- */

static bool end_call(baro_budget_function *function) {
  if (function->depth == 0) {
    /* Else it was active before us: the recorder knows what to do with it. */
    return !function->is_blind;
  }
  function->depth--;
  if (function->kept == 0) {
    return false;
  }
  bool keeps = baro_decision_of(function);
  function->kept -= keeps;
  if (keeps) {
    baro_rest_ended(function);
  }
  return keeps;
}

/* --- and those that can --- */

/* False: it cannot be remembered, and its end would be taken for another's. */
static bool remember_frame(uint64_t frame, bool keeps) {
  if (keeps) {
    baro_counted_frames_remove(frame); /* of one that ended without a word */
    return true;
  }
  return baro_counted_frames_add(frame);
}

/* What goes on is as active as what begins: recursion is seen by it. */
static bool resume(baro_budget_function *function, uint64_t frame) {
  bool keeps = !baro_counted_frames_have(frame);
  function->depth++;
  function->kept += keeps;
  return keeps;
}

static bool end_suspendable(baro_budget_function *function, baro_ring_kind kind, uint64_t frame) {
  bool keeps = !baro_counted_frames_have(frame);
  if (function != NULL && function->depth != 0) {
    function->depth--;
    function->kept -= keeps && function->kept != 0;
  }
  if (!keeps && kind != BARO_RING_YIELD) {
    baro_counted_frames_remove(frame);
  }
  return keeps;
}

/* --- events --- */

/* What stands before a call that is recorded. */
static void announce(baro_budget_thread *thread, baro_budget_function *function) {
  bool is_inner = baro_rest_look_out(function) || function->depth != 0;
  if (function->untold != 0) {
    tell_now(thread, function);
  }
  /* Of calls within others of the function the outermost one has the time of all; where it is none that is recorded,
   * nobody could see that it is there. */
  bool hides_recursion = is_inner && function->kept == 0;
  if (function->shift != 0 || hides_recursion) {
    baro_events_write(thread->events, UINT64_C(1) << function->shift,
                      baro_ring_word(BARO_RING_WEIGHT, function->id, is_inner ? 1 : 0));
  }
}

/* is_counted: its last call is to be told as counted. */
static void end_piece(baro_budget_thread *thread, baro_budget_function *function, uint32_t flags,
                      bool is_counted_one) {
  uint8_t before = function->shift;
  if (function->begins == 0) {
    touch(thread, function, flags);
  }
  function->begins += function->piece;
  function->untold += is_counted_one ? function->piece : function->piece - 1;
  if (function->rest == 0 || function->shift != before) {
    draw_gap(thread, function);
  } else {
    function->piece = function->rest < PIECE_CALLS ? function->rest : PIECE_CALLS;
    function->left = function->piece;
    function->rest -= function->piece;
  }
  if (function->untold >= TELL_AT) {
    tell_if_room(thread, function, ROOM_EVENTS);
    baro_events_commit(thread->events);
  }
  if (is_counted_one || --thread->patience == 0) {
    look_at_clock(thread);
  }
}

/* A call is drawn that is about to be recorded: false where its function rests, and is not warm yet. */
static bool is_warm(baro_budget_function *function) {
  if (function->shift != BARO_BUDGET_REST_SHIFT) {
    bool was_warming = function->warming != 0;
    function->warming = 0;
    return !was_warming; /* else it was not drawn by the chance that it has now */
  }
  if (function->warming == 0) {
    if (function->depth != 0 || baro_rest_look_out(function)) {
      return true; /* it is about to rest no more */
    }
    function->warming = BARO_BUDGET_WARM_UP + 1;
    baro_rest_wake(function);
    baro_events_prepare(ROOM_EVENTS - 4);
  }
  function->warming--;
  return function->warming == 0;
}

/* The last call of a piece: the one that is recorded, if the gap is over. */
static bool begin_last(baro_budget_thread *thread, baro_budget_function *function, uint64_t frame,
                       bool has_room) {
  bool keeps = function->rest == 0 && has_room && (frame != 0 || is_warm(function));
  if (frame == 0) {
    keeps = keeps && baro_decision_fits(function);
  } else {
    keeps = remember_frame(frame, keeps) ? keeps : has_room;
  }
  if (keeps) {
    function->kept_begins++;
    announce(thread, function);
  }
  if (frame != 0) {
    function->kept += keeps;
  } else if (keeps) {
    baro_decision_kept(function);
    baro_rest_kept(function);
  } else {
    baro_decision_counted(function);
  }
  function->depth++;
  return keeps;
}

static bool begin(uint32_t id, uint32_t flags, uint64_t frame) {
  const baro_events_thread *here = &baro_events_here;
  bool has_room = here->limit - here->head >= ROOM_EVENTS || baro_events_make_room(ROOM_EVENTS);
  baro_budget_function *function = known(here->budget, id);
  if (function == NULL) {
    function = has_room ? make_known(id) : NULL;
    if (function == NULL) {
      return has_room;
    }
  }
  function->is_suspendable = frame != 0;
  baro_rest_catch_up(function);
  bool keeps = begin_last(here->budget, function, frame, has_room);
  end_piece(here->budget, function, flags, !keeps && has_room); /* else it was counted as lost */
  return keeps;
}

bool baro_budget_begin(uint32_t id, uint32_t flags, baro_ring_kind kind, uint64_t frame) {
  baro_budget_function *function = known(baro_events_here.budget, id);
  if (kind != BARO_RING_ENTER) {
    return function == NULL || resume(function, frame);
  }
  if (function == NULL || function->left <= 1) {
    return begin(id, flags, frame);
  }
  if (frame == 0) {
    baro_decision_counted(function);
  } else if (!remember_frame(frame, false)) {
    return begin(id, flags, frame);
  }
  function->left--;
  function->depth++;
  return false;
}

bool baro_budget_end(uint32_t id, baro_ring_kind kind, uint64_t frame) {
  baro_budget_function *function = known(baro_events_here.budget, id);
  if (frame != 0) {
    return end_suspendable(function, kind, frame);
  }
  return function == NULL || end_call(function);
}

/* --- the ends --- */

void baro_budget_tell(baro_budget_thread *thread) {
  for (uint32_t p = 0; thread != NULL && p < thread->page_count; p++) {
    for (uint32_t i = 0; thread->pages[p] != NULL && i < PAGE_FUNCTIONS; i++) {
      take_counted(&thread->pages[p]->functions[i]);
      tell_if_room(thread, &thread->pages[p]->functions[i], 0);
    }
  }
  if (thread != NULL) {
    baro_events_commit(thread->events);
  }
}

void baro_budget_thread_free(baro_budget_thread *thread) {
  if (thread == NULL) {
    return;
  }
  for (uint32_t p = 0; p < thread->page_count; p++) {
    for (uint32_t i = 0; thread->pages[p] != NULL && i < PAGE_FUNCTIONS; i++) {
      free(thread->pages[p]->functions[i].deeper);
    }
    free(thread->pages[p]);
  }
  free(thread->pages);
  free(thread->touched);
  free(thread);
}

void baro_budget_forked(baro_budget_thread *take_thread) {
  unlock_shared(); /* of a thread that is not here */
  /* What it counted, the parent tells. It is freed where memory may be. */
  if (take_thread != NULL) {
    orphan = take_thread;
  }
  /* What they hold may be in the middle of a change: given up. */
  baro_counted_frames_forked();
  last_shifts = NULL;
  last_shift_count = 0;
  baro_rest_forked();
}
