/* Stages of a Spark log: what a "Stage Info" says, and which queries, jobs and stages it belongs to. */
#include "import/spark_stages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "import/spark_places.h"

static baro_status text_of(baro_spark_model *model, baro_json_walk *walk, uint32_t *text) {
  baro_view raw;
  return baro_json_walk_text(walk, &raw) ? baro_spark_text(model, raw, text) : BARO_OK;
}

/* Of an RDD's scope, which is JSON within a text, the name: what the user called, "map", "Exchange". */
static void put_scope(baro_view raw, baro_buffer *names, baro_buffer *scratch) {
  baro_view text;
  baro_buffer_clear(scratch);
  if (!baro_json_text_unescape(raw, scratch)) {
    return;
  }
  size_t length = scratch->length;
  for (int i = 0; i < BARO_JSON_LINE_PADDING; i++) { /* as lines have it */
    baro_write_u8(scratch, '\n');
  }
  if (scratch->failed) {
    return;
  }
  baro_json_walk walk = baro_json_walk_of((baro_view){.data = scratch->data, .length = length});
  if (!baro_spark_text_member(&walk, "name", &text) || text.length == 0) {
    return;
  }
  size_t before = names->length - text.length; /* of the last one, if it is the same */
  bool is_there = names->length >= text.length && (before == 0 || names->data[before - 1] == ' ') &&
                  memcmp(names->data + before, text.data, text.length) == 0;
  if (!is_there) { /* neighbours of one scope are RDDs of one call */
    baro_write_text(names, names->length == 0 ? "" : ", ");
    baro_write_bytes(names, text.data, text.length);
  }
}

/* Whether anything of an RDD stays in memory or on disk: {"Use Disk":false,"Use Memory":true,...}. */
static bool is_persisted(baro_json_walk *walk) {
  baro_view name;
  bool any = false;
  bool is_set;
  if (!baro_json_walk_enter(walk, '{')) {
    return false;
  }
  while (baro_json_walk_member(walk, &name)) {
    if (!baro_spark_is_text(name, "Use Disk") && !baro_spark_is_text(name, "Use Memory")) {
      baro_json_walk_skip(walk);
    } else if (baro_json_walk_boolean(walk, &is_set)) {
      any = any || is_set;
    }
  }
  return any;
}

/* What the RDDs of a stage tell together. */
typedef struct rdds {
  baro_buffer names;     /* of their scopes */
  baro_buffer persisted; /* ids */
  baro_buffer scratch;
  baro_view place; /* of the newest RDD that has one, the one nearest to what comes out */
  int64_t newest;
} rdds;

static void read_rdd(baro_json_walk *walk, rdds *all, baro_spark_stage_info *info) {
  baro_view name;
  baro_view raw;
  int64_t id = -1;
  if (!baro_json_walk_enter(walk, '{')) {
    return;
  }
  while (baro_json_walk_member(walk, &name)) {
    if (baro_spark_is_text(name, "Scope") && baro_json_walk_peek(walk) == '"') {
      if (baro_json_walk_text(walk, &raw)) {
        put_scope(raw, &all->names, &all->scratch);
      }
    } else if (baro_spark_is_text(name, "RDD ID")) {
      id = baro_spark_count(walk);
      info->rdd = info->rdd < 0 ? id : info->rdd; /* the first in the list is the last to be made */
    } else if (baro_spark_is_text(name, "Storage Level")) {
      if (is_persisted(walk) && id >= 0) {
        char text[32];
        int length =
            snprintf(text, sizeof(text), "%s%" PRId64, all->persisted.length == 0 ? "" : ",", id);
        baro_write_bytes(&all->persisted, text, (size_t)length);
      }
    } else if (baro_spark_is_text(name, "Callsite")) {
      baro_view shown;
      baro_view at;
      if (baro_json_walk_text(walk, &raw)) {
        baro_spark_split_name(raw, &shown, &at);
        if (id > all->newest && baro_spark_is_python_place(at)) {
          all->newest = id;
          all->place = at;
        }
      }
    } else {
      baro_json_walk_skip(walk);
    }
  }
}

static baro_status keep_text(baro_spark_model *model, const baro_buffer *text, uint32_t *ret_text) {
  if (text->failed) {
    return BARO_NO_MEMORY;
  }
  baro_view view = {.data = text->data, .length = text->length};
  return text->length == 0 ? BARO_OK : baro_intern_put(&model->texts, view, ret_text, NULL);
}

static baro_status read_rdds(baro_spark_model *model, baro_json_walk *walk,
                             baro_spark_stage_info *info) {
  rdds all = {.newest = -1};
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  while (baro_json_walk_element(walk)) {
    read_rdd(walk, &all, info);
  }
  baro_status status = all.scratch.failed ? BARO_NO_MEMORY : BARO_OK;
  if (status == BARO_OK) {
    status = keep_text(model, &all.names, &info->scope);
  }
  if (status == BARO_OK) {
    status = keep_text(model, &all.persisted, &info->persisted);
  }
  if (status == BARO_OK && all.place.length != 0) {
    status = baro_spark_text(model, all.place, &info->place);
  }
  baro_buffer_release(&all.names);
  baro_buffer_release(&all.persisted);
  baro_buffer_release(&all.scratch);
  return status;
}

static baro_status read_parents(baro_spark_model *model, baro_json_walk *walk,
                                baro_spark_stage_info *info) {
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  info->first_parent = model->parent_count;
  while (status == BARO_OK && baro_json_walk_element(walk)) {
    int64_t id = baro_spark_count(walk);
    if (id >= 0) {
      status = baro_spark_parent_add(model, id);
    }
  }
  info->parent_count = model->parent_count - info->first_parent;
  return status;
}

baro_status baro_spark_read_stage(baro_spark_model *model, baro_json_walk *walk,
                                  baro_spark_stage_info *info) {
  *info = (baro_spark_stage_info){.id = BARO_SPARK_UNKNOWN,
                                  .attempt = BARO_SPARK_UNKNOWN,
                                  .tasks = BARO_SPARK_UNKNOWN,
                                  .submitted_ms = BARO_SPARK_UNKNOWN,
                                  .completed_ms = BARO_SPARK_UNKNOWN,
                                  .name = BARO_NONE_ID,
                                  .scope = BARO_NONE_ID,
                                  .persisted = BARO_NONE_ID,
                                  .failure = BARO_NONE_ID,
                                  .place = BARO_NONE_ID,
                                  .profile = BARO_SPARK_UNKNOWN,
                                  .rdd = BARO_SPARK_UNKNOWN};
  baro_view name;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    switch (baro_json_names_find(&model->names->stage, name)) {
    case STAGE_ID: info->id = baro_spark_count(walk); break;
    case STAGE_ATTEMPT: info->attempt = baro_spark_count(walk); break;
    case STAGE_NAME: status = text_of(model, walk, &info->name); break;
    case STAGE_TASKS: info->tasks = baro_spark_count(walk); break;
    case STAGE_RDDS: status = read_rdds(model, walk, info); break;
    case STAGE_PARENTS: status = read_parents(model, walk, info); break;
    case STAGE_SUBMIT_TIME: info->submitted_ms = baro_spark_time(model, walk); break;
    case STAGE_COMPLETE_TIME: info->completed_ms = baro_spark_time(model, walk); break;
    case STAGE_FAILURE: status = text_of(model, walk, &info->failure); break;
    case STAGE_ACCUMULABLES: (void)baro_json_walk_value(walk, &info->accumulables); break;
    case STAGE_PROFILE: info->profile = baro_spark_count(walk); break;
    default: baro_json_walk_skip(walk); break;
    }
  }
  return status;
}

/* The user's line: that of the stage's name, unless a line of Python is known where it has none. */
static baro_status set_place(baro_spark_model *model, baro_spark_stage *stage, uint32_t rdd_place,
                             uint32_t call_site) {
  baro_view shown;
  baro_view place = {0};
  if (stage->name != BARO_NONE_ID) {
    baro_spark_split_name(model->texts.views[stage->name], &shown, &place);
  }
  if (baro_spark_is_python_place(place)) {
    return BARO_OK;
  }
  if (call_site != BARO_NONE_ID) {
    baro_view site;
    baro_spark_split_name(model->texts.views[call_site], &shown, &site);
    if (baro_spark_is_python_place(site) ||
        (baro_spark_is_no_place(place) && !baro_spark_is_no_place(site))) {
      return baro_intern_put(&model->texts, site, &stage->place, NULL);
    }
  }
  stage->place = rdd_place;
  return BARO_OK;
}

/* The query that a stage or job says it is a part of. */
baro_status baro_spark_find_execution(baro_spark_model *model, int64_t id,
                                      uint32_t *ret_execution) {
  return id < 0 ? BARO_OK : baro_spark_execution_of(&model->executions, id, ret_execution);
}

/* A job lists stages again, by new ids, whose outcome is there already: these are never submitted. A stage's parents are those
 * that ran: the newest before it that made the same RDD. */
static baro_status settle_parents(baro_spark_model *model, const baro_spark_stage_info *info,
                                  uint32_t index) {
  for (uint32_t p = 0; p < info->parent_count; p++) {
    int64_t *parent = &model->parents[info->first_parent + p];
    const uint64_t *rdd = baro_map_find(&model->rdd_of_stage, (uint64_t)*parent);
    if (rdd == NULL || baro_spark_stage_find(model, *parent, 0) != NULL) {
      continue;
    }
    const uint64_t *ran = baro_map_find(&model->stage_of_rdd, *rdd);
    if (ran != NULL && *ran != index) {
      *parent = model->stages[*ran].id;
    }
  }
  return info->rdd < 0 ? BARO_OK : baro_map_set(&model->stage_of_rdd, (uint64_t)info->rdd, index);
}

static baro_status take_accumulables(baro_spark_model *model, uint32_t stage, baro_view value) {
  if (value.data == NULL) {
    return BARO_OK;
  }
  baro_json_walk walk = baro_json_walk_of(value);
  baro_status status =
      baro_spark_read_accumulables(model, &walk, model->stages[stage].execution, false);
  if (status == BARO_OK) {
    baro_spark_take_stage_values(model, stage);
  }
  return status;
}

baro_status baro_spark_take_stage(baro_spark_model *model, const baro_spark_stage_info *info,
                                  bool is_end) {
  uint32_t index;
  bool is_new;
  if (info->id < 0) {
    return BARO_OK;
  }
  baro_status status =
      baro_spark_stage_of(model, info->id, info->attempt < 0 ? 0 : info->attempt, &index, &is_new);
  if (status != BARO_OK) {
    return status;
  }
  baro_spark_stage *stage = &model->stages[index];
  bool had_it = is_end ? stage->completed_ms != BARO_SPARK_UNKNOWN : stage->name != BARO_NONE_ID;
  if (had_it) {
    model->odd.twice++;
    return BARO_OK;
  }
  if (stage->name == BARO_NONE_ID) {
    stage->name = info->name;
    stage->scope = info->scope;
    stage->persisted = info->persisted;
    stage->tasks = info->tasks;
    stage->parent = info->first_parent;
    stage->parent_count = info->parent_count;
    const uint64_t *job = baro_map_find(&model->job_of_stage, (uint64_t)info->id);
    stage->job = job == NULL ? BARO_NONE_ID : (uint32_t)*job;
    stage->execution = job == NULL ? BARO_NONE_ID : model->jobs[*job].execution;
    stage->profile = info->profile;
    status = set_place(model, stage, info->place, info->call_site);
    if (status == BARO_OK) {
      status = settle_parents(model, info, index);
    }
    if (status == BARO_OK) {
      status = baro_spark_find_execution(model, info->execution, &stage->execution);
    }
  }
  if (info->submitted_ms != BARO_SPARK_UNKNOWN) {
    stage->submitted_ms = info->submitted_ms;
  }
  if (is_end) {
    stage->completed_ms = info->completed_ms;
    stage->failure = info->failure;
  }
  return status == BARO_OK && is_end ? take_accumulables(model, index, info->accumulables) : status;
}
