#include "support/profile_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void check(baro_status status, const baro_error *err) {
  if (status != BARO_OK) {
    fprintf(stderr, "profile fixture: %s\n", err->message);
    abort();
  }
}

given given_begin(void) {
  baro_error err = {0};
  given made = {0};
  check(baro_profile_builder_create(&made.builder, &err), &err);
  made.visitor = baro_profile_builder_visitor(made.builder);
  return made;
}

uint32_t given_string(given *self, baro_view text) {
  baro_error err = {0};
  check(self->visitor->string(self->visitor->context, self->strings, text, &err), &err);
  return self->strings++;
}

uint32_t given_function(given *self, const char *name, const char *file, uint32_t first_line,
                        uint32_t flags) {
  baro_error err = {0};
  uint32_t name_string = given_string(self, baro_view_of(name));
  baro_function_record record = {
      .name_string = name_string,
      .qualified_string = name_string,
      .file_string = given_string(self, baro_view_of(file)),
      .first_line = first_line,
      .flags = flags,
      .module_string = BARO_NONE_ID,
  };
  check(self->visitor->function(self->visitor->context, self->functions, &record, &err), &err);
  return self->functions++;
}

uint32_t given_stack(given *self, uint32_t parent, uint32_t function, uint32_t line) {
  baro_error err = {0};
  baro_frame_record frame = {.function = function, .line = line};
  check(self->visitor->frame(self->visitor->context, self->frames, &frame, &err), &err);
  baro_stack_record stack = {.parent = parent, .frame = self->frames++};
  check(self->visitor->stack(self->visitor->context, self->stacks, &stack, &err), &err);
  return self->stacks++;
}

uint32_t given_process(given *self, uint32_t pid, uint32_t parent) {
  baro_error err = {0};
  baro_process_record record = {
      .os_pid = pid,
      .parent_process = parent,
      .command_string = given_string(self, baro_view_of("python app.py")),
      .python_string = given_string(self, baro_view_of("3.12.1")),
  };
  check(self->visitor->process(self->visitor->context, self->processes, &record, &err), &err);
  return self->processes++;
}

uint32_t given_thread(given *self, uint32_t process, uint32_t tid, const char *name, bool is_main) {
  baro_error err = {0};
  baro_thread_record record = {
      .process = process,
      .os_tid = tid,
      .name_string = given_string(self, baro_view_of(name)),
      .is_main = is_main,
  };
  check(self->visitor->thread(self->visitor->context, self->threads, &record, &err), &err);
  return self->threads++;
}

void given_record(given *self, const baro_sample_record *record) {
  baro_error err = {0};
  check(self->visitor->sample(self->visitor->context, record, &err), &err);
}

void given_sample(given *self, uint32_t thread, uint32_t stack, baro_state state, uint64_t time_ns,
                  uint64_t weight_ns) {
  baro_sample_record record = {
      .time_ns = time_ns,
      .weight_ns = weight_ns,
      .ticks = 1,
      .thread = thread,
      .stack = stack,
      .state = state,
  };
  given_record(self, &record);
}

void given_info(given *self, const char *key, const char *value) {
  baro_error err = {0};
  baro_info_record record = {.key = baro_view_of(key), .value = baro_view_of(value)};
  check(self->visitor->info(self->visitor->context, &record, &err), &err);
}

void given_process_cpu(given *self, uint32_t process, uint64_t cpu_ns) {
  baro_error err = {0};
  baro_counters_record record = {.process = process};
  record.values[BARO_COUNTER_TARGET_CPU_NS] = cpu_ns;
  check(self->visitor->counters(self->visitor->context, &record, &err), &err);
}

void given_events(given *self, uint32_t thread, const baro_call_event *events, uint32_t count) {
  baro_error err = {0};
  check(self->visitor->calls(self->visitor->context, thread, events, count, &err), &err);
}

uint32_t given_operator(given *self, const char *kind, const char *name, uint32_t parent) {
  baro_error err = {0};
  baro_operator_record record = {
      .kind_string = given_string(self, baro_view_of(kind)),
      .name_string = given_string(self, baro_view_of(name)),
      .place_string = given_string(self, baro_view_of("")),
      .parent_operator = parent,
  };
  check(self->visitor->operator(self->visitor->context, self->operators, &record, &err), &err);
  return self->operators++;
}

void given_fact(given *self, uint32_t operator_id, const char *key, const char *value) {
  baro_error err = {0};
  baro_operator_fact_record record = {
      .operator_id = operator_id, .key = baro_view_of(key), .value = baro_view_of(value)};
  check(self->visitor->operator_fact(self->visitor->context, &record, &err), &err);
}

void given_edge(given *self, uint32_t from, uint32_t to) {
  baro_error err = {0};
  baro_operator_edge_record record = {
      .from_operator = from, .to_operator = to, .kind = BARO_OPERATOR_EDGE_DATA};
  check(self->visitor->operator_edge(self->visitor->context, &record, &err), &err);
}

void given_task(given *self, const baro_task_record *record) {
  baro_error err = {0};
  check(self->visitor->task(self->visitor->context, record, &err), &err);
}

baro_profile *given_profile(given *self) {
  baro_error err = {0};
  baro_damage damage = {.complete = true};
  baro_profile *profile = NULL;
  check(baro_profile_builder_finish(self->builder, &damage, &profile, &err), &err);
  self->builder = NULL;
  return profile;
}
