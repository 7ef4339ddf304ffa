/* What a trace says of the whole run: its devices, and its rank among the processes of a distributed one. */
#include <stdio.h>

#include "import/json_walk.h"
#include "import/torch_operators.h"

static baro_status put_device(baro_torch_operators *all, baro_json_walk *walk, uint32_t index) {
  static const struct {
    const char *member;
    const char *key;
  } members[] = {{"name", "name"},
                 {"totalGlobalMem", "memory_bytes"},
                 {"numSms", "multiprocessors"},
                 {"computeMajor", "compute_major"},
                 {"computeMinor", "compute_minor"}};
  baro_view name;
  baro_view value;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    char key[64];
    if (!baro_json_walk_value(walk, &value)) {
      break;
    }
    for (size_t m = 0; m < sizeof(members) / sizeof(members[0]) && status == BARO_OK; m++) {
      if (baro_view_equal(name, baro_view_of(members[m].member))) {
        bool is_text = value.length >= 2 && value.data[0] == '"';
        (void)snprintf(key, sizeof(key), "device_%u_%s", index, members[m].key);
        status = baro_writer_fact_text(
            all->writer, BARO_TORCH_RUN_OPERATOR, key,
            (baro_view){.data = value.data + is_text, .length = value.length - (is_text ? 2 : 0)});
      }
    }
  }
  return status;
}

enum { DEVICES_MAX = 32 };

static baro_status put_devices(baro_torch_operators *all) {
  baro_json_walk walk = baro_json_walk_of(baro_trace_text(all->model, all->model->devices));
  baro_status status = BARO_OK;
  uint32_t index = 0;
  if (walk.at == walk.end || !baro_json_walk_enter(&walk, '[')) {
    return BARO_OK;
  }
  while (status == BARO_OK && index < DEVICES_MAX && baro_json_walk_element(&walk)) {
    status = put_device(all, &walk, index++);
  }
  return status;
}

static baro_status put_rank(baro_torch_operators *all) {
  baro_json_walk walk = baro_json_walk_of(baro_trace_text(all->model, all->model->distributed));
  baro_view name;
  baro_view value;
  baro_status status = BARO_OK;
  if (walk.at == walk.end || !baro_json_walk_enter(&walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(&walk, &name) &&
         baro_json_walk_value(&walk, &value)) {
    bool is_rank = baro_view_equal(name, baro_view_of("rank"));
    if (is_rank || baro_view_equal(name, baro_view_of("world_size"))) {
      status = baro_writer_fact_text(all->writer, BARO_TORCH_RUN_OPERATOR,
                                     is_rank ? "rank" : "world_size", value);
    }
  }
  return status;
}

baro_status baro_torch_run_facts(baro_torch_operators *operators) {
  baro_status status = put_devices(operators);
  return status == BARO_OK ? put_rank(operators) : status;
}
