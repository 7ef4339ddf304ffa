/* Events into calls, one after the other: this runs twice for every call that was recorded. */
#include <stdlib.h>
#include <string.h>

#include "profile/call_build.h"
#include "profile/call_weights.h"

/* Of a ring (docs/recording-format.md, process facts). */
enum { SLOT_BYTES = 16 };

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

/* --- links --- */

/* The link below the link `above`, by its cache where that has it. */
static inline baro_status next_link(baro_call_thread *thread, uint32_t above, uint32_t callee,
                                    uint32_t *ret_link) {
  uint32_t cached = thread->links[above].next[callee % BARO_CALL_LINK_CACHE];
  if (cached != 0 && thread->links[cached].callee == callee) {
    *ret_link = cached;
    return BARO_OK;
  }
  baro_status status = baro_call_find_link(thread, thread->links[above].callee, callee, ret_link);
  if (status == BARO_OK) {
    thread->links[above].next[callee % BARO_CALL_LINK_CACHE] = *ret_link;
  }
  return status;
}

/* --- the stack --- */

static inline baro_status push(baro_call_build *build, baro_call_thread *thread,
                               const baro_open_call *open) {
  if (thread->depth == thread->stack_capacity &&
      BARO_CALL_GROW(thread->stack, thread->stack_capacity, thread->depth) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  thread->stack[thread->depth++] = *open;
  baro_call_link *link = &thread->links[open->link];
  baro_call_actor *actor = &thread->actors[link->actor];
  if (link->depth++ == 0) {
    link->since_ns = open->since_ns;
  }
  if (actor->depth++ == 0) {
    actor->since_ns = open->since_ns;
    actor->since_wait_ns = open->wait_ns;
  }
  return build->rows.weighted_count == 0 ? BARO_OK : baro_call_weigh_push(build, thread);
}

/* From the event before to this one, which time_ns is the time of: the top's own, but for what recording took. */
static inline void pass_time(baro_call_thread *thread, uint64_t time_ns, uint64_t before_ns) {
  uint64_t gap_ns = time_ns - thread->last_ns;
  uint64_t cost_ns = thread->pending_ns + before_ns;
  if (cost_ns > gap_ns) {
    cost_ns = gap_ns; /* costs are means: some events cost less */
  }
  thread->last_ns = time_ns;
  thread->pending_ns = 0;
  if (thread->depth != 0) {
    thread->own_ns += cost_ns;
    thread->stack[thread->depth - 1].self_ns += gap_ns - cost_ns;
  }
}

/* Takes the top off the stack, and adds up what it did there. clocked_ns: now. Valid until the next call is put on it. */
static inline const baro_open_call *pop(baro_call_build *build, baro_call_thread *thread,
                                        uint64_t clocked_ns) {
  uint64_t time_ns = clocked_ns - thread->own_ns;
  if (build->rows.weighted_count != 0) {
    baro_call_weigh_pop(thread, time_ns);
  }
  const baro_open_call *open = &thread->stack[--thread->depth];
  baro_call_link *link = &thread->links[open->link];
  baro_call_actor *actor = &thread->actors[link->actor];
  if (--link->depth == 0) {
    link->total_ns += time_ns - link->since_ns;
  }
  if (--actor->depth == 0) {
    actor->total_ns += time_ns - actor->since_ns;
    actor->wait_ns += thread->wait_ns - actor->since_wait_ns;
  }
  link->self_ns += open->self_ns;
  baro_profile_calls *rows = &build->rows;
  if (open->number == 0) {
    rows->self_ns[open->call] = open->self_ns;
  } else {
    rows->self_ns[open->call] = baro_sum_ns(rows->self_ns[open->call], open->self_ns);
    uint64_t *active_ns = &rows->suspendable_active_ns[open->suspendable];
    *active_ns = baro_sum_ns(*active_ns, time_ns - open->since_ns);
  }
  if (open->window != thread->window || open->number != 0) {
    baro_call_usage_end(build, thread, open, clocked_ns);
  }
  return open;
}

static inline void end_call(baro_call_build *build, const baro_call_thread *thread,
                            const baro_open_call *open, uint64_t time_ns, baro_outcome outcome) {
  baro_profile_calls *rows = &build->rows;
  uint64_t start_ns = rows->start_ns[open->call];
  uint64_t own_ns = open->number == 0 ? thread->own_ns - open->own_ns
                                      : build->suspendable_usage[open->suspendable].own_ns;
  /* A generator may end on a thread whose events are behind those of the thread that began it. */
  baro_call_set_duration(rows, open->call, time_ns > start_ns ? time_ns - start_ns : 0, own_ns);
  rows->outcome[open->call] = (uint8_t)outcome;
  if (open->number != 0) {
    (void)baro_map_remove(&build->suspendable_of_number, open->number);
  }
}

/* --- events --- */

/* Rows from here on are this thread's. */
static baro_status begin_segment(baro_call_build *build, uint32_t raw_thread) {
  if (build->segment_count != 0 && build->segments[build->segment_count - 1].thread == raw_thread) {
    return BARO_OK;
  }
  if (build->segment_count != 0 &&
      build->segments[build->segment_count - 1].first_call == build->rows.count) {
    build->segment_count--; /* nothing was entered in it */
    return begin_segment(build, raw_thread);
  }
  if (BARO_CALL_GROW(build->segments, build->segment_capacity, build->segment_count) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  build->segments[build->segment_count++] =
      (baro_call_segment){.thread = raw_thread, .first_call = build->rows.count};
  return BARO_OK;
}

/* A call that can be suspended: of the one that made a task of it, or else of the one below, as all are. open->link is that
 * of the one below, and becomes its own. */
static baro_status begin_suspendable(baro_call_build *build, baro_call_thread *thread,
                                     const baro_call_event *event, baro_open_call *open,
                                     uint32_t function, uint32_t *parent) {
  bool is_task = false;
  if (build->spawner_of_number.count != 0 &&
      baro_call_begin_task(build, open->call, event->call, parent, &is_task) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  baro_status status;
  if (is_task) {
    uint32_t caller = *parent == BARO_NONE_ID ? BARO_NONE_ID : build->rows.function[*parent];
    status = baro_call_find_link(thread, caller, function, &open->link);
  } else {
    status = next_link(thread, open->link, function, &open->link);
  }
  if (status != BARO_OK) {
    return status;
  }
  open->number = event->call;
  return baro_call_add_suspendable(build, open->call, open->number, &open->suspendable);
}

static inline baro_status enter(baro_profile_builder *builder, baro_call_thread *thread,
                                const baro_call_event *event, baro_error *err) {
  baro_call_build *build = builder->calls;
  baro_profile_calls *rows = &build->rows;
  if (rows->count == build->capacity) {
    baro_status status = baro_call_grow_rows(build, err);
    if (status != BARO_OK) {
      return status;
    }
  }
  uint32_t function = builder->function_of_raw.items[event->function];
  const baro_open_call *above = thread->depth == 0 ? NULL : &thread->stack[thread->depth - 1];
  uint32_t parent = above == NULL ? BARO_NONE_ID : above->call;
  baro_open_call open = {
      .call = rows->count,
      .link = above == NULL ? 0 : above->link,
      .since_ns = event->time_ns - thread->own_ns,
  };
  baro_call_usage_begin(thread, &open);
  baro_status linked = event->kind == BARO_CALL_ENTER
                           ? next_link(thread, open.link, function, &open.link)
                           : begin_suspendable(build, thread, event, &open, function, &parent);
  if (linked != BARO_OK) {
    return no_memory(err);
  }
  rows->function[open.call] = function;
  rows->parent_call[open.call] = parent;
  rows->start_ns[open.call] = event->time_ns;
  rows->duration_ns[open.call] = 0;
  rows->self_ns[open.call] = 0;
  rows->own_ns[open.call] = 0;
  rows->outcome[open.call] = BARO_OUTCOME_UNFINISHED;
  rows->count++;
  baro_call_link *link = &thread->links[open.link];
  link->calls++;
  link->primitive_calls += link->depth == 0;
  thread->actors[link->actor].primitive_calls += thread->actors[link->actor].depth == 0;
  if (thread->next_weight != 0 && baro_call_weigh(build, thread, &open) != BARO_OK) {
    return no_memory(err);
  }
  return push(build, thread, &open) == BARO_OK ? BARO_OK : no_memory(err);
}

/* Tracebacks call the exceptions of builtins by their bare name. */
static bool is_generator_exit(const baro_profile_builder *builder, uint32_t exception) {
  if (exception == BARO_NONE_ID) {
    return false;
  }
  baro_view name = builder->strings[exception];
  return baro_view_equal(name, baro_view_of("GeneratorExit")) ||
         baro_view_equal(name, baro_view_of("builtins.GeneratorExit"));
}

static baro_status raise_out(baro_profile_builder *builder, baro_call_thread *thread,
                             const baro_call_event *event, baro_error *err) {
  baro_call_build *build = builder->calls;
  uint32_t exception = event->exception_string == BARO_NONE_ID
                           ? BARO_NONE_ID
                           : event->exception_string + BARO_OWN_STRINGS;
  const baro_open_call *open = pop(build, thread, event->time_ns);
  if (open->number != 0 && is_generator_exit(builder, exception)) {
    end_call(build, thread, open, event->time_ns, BARO_OUTCOME_CLOSED);
    return BARO_OK;
  }
  end_call(build, thread, open, event->time_ns, BARO_OUTCOME_RAISED);
  baro_profile_calls *rows = &build->rows;
  uint32_t capacity = build->raised_capacity; /* both columns have it */
  if (BARO_CALL_GROW(rows->raised_call, capacity, rows->raised_count) != BARO_OK ||
      BARO_CALL_GROW(rows->raised_exception, build->raised_capacity, rows->raised_count) !=
          BARO_OK) {
    return no_memory(err);
  }
  rows->raised_call[rows->raised_count] = open->call;
  rows->raised_exception[rows->raised_count++] = exception;
  return BARO_OK;
}

/* A call that was suspended is the top of this thread, which need not be the one that entered it. Its time stays that
 * of its first caller. */
static baro_status resume(baro_call_build *build, baro_call_thread *thread,
                          const baro_call_event *event, baro_error *err) {
  baro_profile_calls *rows = &build->rows;
  const uint64_t *found = baro_map_find(&build->suspendable_of_number, event->call);
  if (found == NULL) {
    return BARO_OK; /* readers do not let this through */
  }
  uint32_t suspendable = (uint32_t)*found;
  uint32_t call = rows->suspendable_call[suspendable];
  uint32_t parent = rows->parent_call[call];
  uint32_t caller = parent == BARO_NONE_ID ? BARO_NONE_ID : rows->function[parent];
  baro_open_call open = {
      .call = call,
      .since_ns = event->time_ns - thread->own_ns,
      .number = event->call,
      .suspendable = suspendable,
  };
  baro_call_usage_begin(thread, &open);
  rows->suspendable_resumes[suspendable]++;
  if (baro_call_find_link(thread, caller, rows->function[call], &open.link) != BARO_OK ||
      push(build, thread, &open) != BARO_OK) {
    return no_memory(err);
  }
  return BARO_OK;
}

/* Nobody knows how the active calls ended: they are counted up to the last event before the loss. */
static void lose(baro_call_build *build, baro_call_thread *thread, const baro_call_event *event) {
  uint64_t before_ns = thread->last_ns;
  thread->last_ns = event->time_ns;
  thread->pending_ns = 0;
  build->rows.lost_events = baro_sum_ns(build->rows.lost_events, event->lost);
  thread->next_weight = 0;
  while (thread->depth != 0) {
    const baro_open_call *open = pop(build, thread, before_ns);
    end_call(build, thread, open, before_ns, BARO_OUTCOME_LOST);
  }
}

static baro_status odd_event(baro_profile_builder *builder, baro_call_thread *thread,
                             const baro_call_event *event, baro_error *err) {
  switch (event->kind) {
  case BARO_CALL_RAISE:
    return thread->depth == 0 ? BARO_OK : raise_out(builder, thread, event, err);
  case BARO_CALL_SUSPEND:
    if (thread->depth != 0) {
      (void)pop(builder->calls, thread, event->time_ns);
    }
    return BARO_OK;
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW: return resume(builder->calls, thread, event, err);
  case BARO_CALL_ENTER:
  case BARO_CALL_ENTER_SUSPENDABLE:
  case BARO_CALL_RETURN:
  case BARO_CALL_LOST:
  case BARO_CALL_USAGE:
  case BARO_CALL_SPAWN:
  case BARO_CALL_SKIPPED:
  case BARO_CALL_WEIGHT:
  case BARO_CALL_VALUE:
  case BARO_CALL_OWN:
  case BARO_CALL_EVENT_KIND_COUNT: break;
  }
  return BARO_OK;
}

/* What is said beside the calls: it takes no time. */
static baro_status beside(baro_profile_builder *builder, baro_call_thread *thread,
                          const baro_call_event *event, baro_error *err) {
  switch (event->kind) {
  case BARO_CALL_LOST: lose(builder->calls, thread, event); break;

  case BARO_CALL_USAGE: baro_call_usage_read(builder->calls, thread, event, thread->last_ns); break;

  case BARO_CALL_SPAWN:
    return baro_call_spawn(builder->calls, thread, event->call) == BARO_OK ? BARO_OK
                                                                           : no_memory(err);

  case BARO_CALL_SKIPPED: {
    uint32_t function = builder->function_of_raw.items[event->function];
    return baro_call_skip(thread, function, event->skipped, event->time_ns) == BARO_OK
               ? BARO_OK
               : no_memory(err);
  }
  case BARO_CALL_WEIGHT: baro_call_weight_comes(thread, event); return BARO_OK;

  case BARO_CALL_OWN: baro_call_own_comes(thread, event); return BARO_OK;

  case BARO_CALL_VALUE:
    baro_call_fill_slots(thread, 1 + (event->value_bytes + SLOT_BYTES - 1u) / SLOT_BYTES);
    return baro_call_add_value(builder->calls, thread, event) == BARO_OK ? BARO_OK : no_memory(err);

  case BARO_CALL_ENTER:
  case BARO_CALL_ENTER_SUSPENDABLE:
  case BARO_CALL_RETURN:
  case BARO_CALL_RAISE:
  case BARO_CALL_SUSPEND:
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW:
  case BARO_CALL_EVENT_KIND_COUNT: break;
  }
  return BARO_OK;
}

/* Was the next reading due at an event? Then it was taken there. Costs are known to a nanosecond, a hundredth of the slack. */
static bool is_due(const baro_call_thread *thread, const baro_call_event *event) {
  uint64_t interval_ns = thread->costs.usage_interval_ns;
  return thread->window == 0 ||
         event->time_ns + interval_ns / 64 >= baro_sum_ns(thread->read_ns, interval_ns);
}

/* The reading of usage right behind an event that ends something, if it belongs to it and not to the beginning of what comes
 * next, which may be long after; what telling its result took may stand between them. NULL: there is none. */
static inline const baro_call_event *reading_of(const baro_call_thread *thread,
                                                const baro_call_event *event,
                                                const baro_call_event *end) {
  if (event->kind != BARO_CALL_RETURN && event->kind != BARO_CALL_RAISE &&
      event->kind != BARO_CALL_SUSPEND) {
    return NULL;
  }
  const baro_call_event *next = event + 1;
  if (next < end && next->kind == BARO_CALL_OWN) {
    next++;
  }
  return next < end && next->kind == BARO_CALL_USAGE && is_due(thread, event) ? next : NULL;
}

static inline baro_status on_event(baro_profile_builder *builder, baro_call_thread *thread,
                                   const baro_call_event *event, baro_error *err) {
  if (event->kind == BARO_CALL_ENTER || event->kind == BARO_CALL_ENTER_SUSPENDABLE) {
    return enter(builder, thread, event, err);
  }
  if (event->kind != BARO_CALL_RETURN) {
    return odd_event(builder, thread, event, err);
  }
  if (thread->depth != 0) {
    const baro_open_call *open = pop(builder->calls, thread, event->time_ns);
    end_call(builder->calls, thread, open, event->time_ns, BARO_OUTCOME_RETURNED);
  }
  return BARO_OK;
}

static baro_status on_events(baro_profile_builder *builder, baro_call_thread *thread,
                             const baro_call_event *events, uint32_t count, baro_error *err) {
  const baro_call_event *end = events + count;
  for (const baro_call_event *event = events; event < end; event++) {
    if (event->kind >= BARO_CALL_LOST) {
      baro_status status = beside(builder, thread, event, err);
      if (status != BARO_OK) {
        return status;
      }
      continue;
    }
    uint64_t gap_ns = thread->last_ns;
    bool suspends = thread->depth != 0 && thread->stack[thread->depth - 1].number != 0;
    pass_time(thread, event->time_ns, thread->costs.before_ns[event->kind][suspends]);
    thread->pending_ns = thread->costs.after_ns[event->kind][suspends];
    bool is_woken =
        thread->next_weight == BARO_CALL_RESTING_WEIGHT && event->kind == BARO_CALL_ENTER;
    thread->pending_ns += is_woken ? thread->costs.woken_ns : 0;
    if (thread->fresh_slots > 1) {
      uint32_t slots = suspends ? 2 : 1;
      thread->fresh_slots -= slots;
      /* Memory for these was there before: the agent sees to it. */
      thread->pending_ns += is_woken ? 0 : (uint64_t)thread->costs.fresh_ns * slots;
    }
    const baro_call_event *reading = reading_of(thread, event, end);
    if (reading != NULL) {
      if (reading != event + 1) {
        baro_call_own_comes(thread, event + 1);
      }
      baro_call_usage_read(builder->calls, thread, reading, gap_ns);
    }
    baro_status status = on_event(builder, thread, event, err);
    if (status != BARO_OK) {
      return status;
    }
    event = reading == NULL ? event : reading;
  }
  return builder->calls->no_memory ? no_memory(err) : BARO_OK;
}

static baro_status on_calls(void *context, uint32_t thread, const baro_call_event *events,
                            uint32_t count, baro_error *err) {
  baro_profile_builder *builder = context;
  if (count == 0) {
    return BARO_OK;
  }
  if (builder->calls == NULL) {
    builder->calls = calloc(1, sizeof(*builder->calls));
    if (builder->calls == NULL) {
      return no_memory(err);
    }
  }
  baro_call_build *build = builder->calls;
  bool is_new = thread >= build->thread_capacity || build->threads[thread] == NULL;
  if ((is_new && baro_call_thread_make(build, thread, events[0].time_ns) != BARO_OK) ||
      begin_segment(build, thread) != BARO_OK) {
    return no_memory(err);
  }
  if (is_new) {
    baro_call_costs_of(builder, thread, build->threads[thread]);
  }
  return on_events(builder, build->threads[thread], events, count, err);
}

void baro_build_calls_visit(baro_profile_builder *builder) {
  builder->visitor.calls = on_calls;
}

/* --- the end --- */

/* When a thread's active calls end: with it, with its process, or with the recording. */
static uint64_t thread_end_ns(const baro_profile *profile, const baro_profile_thread *thread,
                              uint64_t last_ns, uint64_t end_ns) {
  uint64_t known_ns =
      thread->end_ns != 0 ? thread->end_ns : profile->processes[thread->process].end_ns;
  uint64_t at_ns = known_ns != 0 ? known_ns : end_ns;
  return at_ns > last_ns ? at_ns : last_ns;
}

/* Generators that nobody finished live as long as the thread that made them, or its process. */
static void end_suspended(baro_profile_builder *builder, uint64_t end_ns) {
  baro_call_build *build = builder->calls;
  const baro_profile *profile = builder->profile;
  size_t position = 0;
  baro_map_entry entry;
  while (baro_map_next(&build->suspendable_of_number, &position, &entry)) {
    uint32_t call = build->rows.suspendable_call[entry.value];
    uint32_t raw = baro_call_segment_of(build, call)->thread;
    const baro_profile_thread *row = &profile->threads[builder->thread_position[raw]];
    uint64_t start_ns = build->rows.start_ns[call];
    uint64_t at_ns = thread_end_ns(profile, row, build->threads[raw]->last_ns, end_ns);
    baro_call_set_duration(&build->rows, call, at_ns > start_ns ? at_ns - start_ns : 0,
                           build->suspendable_usage[entry.value].own_ns);
  }
}

void baro_call_events_end(baro_profile_builder *builder, uint64_t end_ns) {
  baro_call_build *build = builder->calls;
  const baro_profile *profile = builder->profile;
  for (uint32_t t = 0; t < build->thread_capacity && t < profile->thread_count; t++) {
    baro_call_thread *thread = build->threads[t];
    if (thread == NULL || thread->depth == 0) {
      continue;
    }
    const baro_profile_thread *row = &profile->threads[builder->thread_position[t]];
    uint64_t at_ns = thread_end_ns(profile, row, thread->last_ns, end_ns);
    pass_time(thread, at_ns, 0);
    while (thread->depth != 0) {
      const baro_open_call *open = pop(build, thread, at_ns);
      end_call(build, thread, open, at_ns, BARO_OUTCOME_UNFINISHED);
    }
  }
  end_suspended(builder, end_ns);
  baro_call_usage_finish(build);
}
