#include "explain/why.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How well a text names an operator; the least is meant. */
typedef enum fit { FIT_NAME, FIT_STAGE, FIT_PART, FIT_NONE } fit;

static bool is_same(baro_view name, const char *text, size_t length) {
  return name.length == length && strncasecmp((const char *)name.data, text, length) == 0;
}

static bool has_part(baro_view name, const char *text, size_t length) {
  for (size_t at = 0; at + length <= name.length; at++) {
    if (strncasecmp((const char *)name.data + at, text, length) == 0) {
      return true;
    }
  }
  return false;
}

/* "4", "stage 4": digits of an id that its fact has. */
static bool is_stage(const baro_profile *profile, uint32_t operator_id, const char *text) {
  static const char word[] = "stage ";
  baro_view id;
  if (strncasecmp(text, word, sizeof(word) - 1) == 0) {
    text += sizeof(word) - 1;
  }
  return baro_dataflow_fact_text(&profile->dataflow, operator_id, "stage_id", &id) &&
         baro_view_equal(id, baro_view_of(text));
}

static fit fit_of(const baro_profile *profile, uint32_t operator_id, const char *text) {
  uint32_t string = profile->dataflow.operators[operator_id].name_string;
  baro_view name = baro_profile_string(profile, string);
  size_t length = strlen(text);
  if (is_same(name, text, length)) {
    return FIT_NAME;
  }
  if (is_stage(profile, operator_id, text)) {
    return FIT_STAGE;
  }
  return length > 0 && has_part(name, text, length) ? FIT_PART : FIT_NONE;
}

static uint64_t time_of(const baro_explanation *all, uint32_t operator_id) {
  uint32_t row = all->operator_row[operator_id];
  return row == BARO_NONE_ID ? 0 : all->operators[row].task_ns;
}

/* Of operators with one name, which the nodes of a plan often have, the first stands for all of those without tasks. */
static bool is_told(const baro_explanation *all, const uint32_t *ids, uint32_t count, uint32_t o) {
  const baro_dataflow_operator *operators = all->profile->dataflow.operators;
  for (uint32_t i = 0; i < count; i++) {
    if (operators[ids[i]].name_string == operators[o].name_string && time_of(all, o) == 0) {
      return true;
    }
  }
  return false;
}

uint32_t baro_why_match(const baro_explanation *all, const char *text, uint32_t *ret_ids,
                        uint32_t capacity) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  fit best = FIT_NONE;
  uint32_t count = 0;
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    fit own = fit_of(all->profile, o, text);
    if (own < best) {
      best = own;
      count = 0;
    }
    uint32_t held = count < capacity ? count : capacity;
    if (own != best || own == FIT_NONE || is_told(all, ret_ids, held, o)) {
      continue;
    }
    uint32_t place = held;
    while (place > 0 && time_of(all, o) > time_of(all, ret_ids[place - 1])) {
      if (place < capacity) {
        ret_ids[place] = ret_ids[place - 1];
      }
      place--;
    }
    if (place < capacity) {
      ret_ids[place] = o;
    }
    count++;
  }
  return count;
}

static void judge_parts(const baro_explanation *all, const baro_prior_part_of *items,
                        baro_why *ret) {
  baro_view framework = baro_prior_framework(all->profile, ret->operator_id);
  baro_prior_mean mean = {0};
  for (uint32_t i = 0; i < ret->part_count; i++) {
    baro_why_part *part = &ret->parts[i];
    part->part = items[i];
    baro_prior_opinion_of(ret->prior, framework, &items[i], &part->opinion);
    baro_prior_mean_add(&mean, &part->opinion);
  }
  ret->is_known = baro_prior_mean_of(&mean, ret->p);
}

baro_status baro_why_find(const baro_explanation *all, uint32_t operator_id, baro_why *ret) {
  baro_prior_part_of items[BARO_PRIOR_PARTS_MAX];
  baro_prior_parts parts;
  uint32_t row = all->operator_row[operator_id];
  *ret = (baro_why){.operator_id = operator_id,
                    .time = row == BARO_NONE_ID ? NULL : &all->operators[row]};
  baro_status status = baro_prior_create(&ret->prior);
  if (status == BARO_OK) {
    status = baro_prior_parts_init(&parts, all->profile, &ret->arena);
  }
  if (status == BARO_OK) {
    ret->part_count = baro_prior_parts_of(&parts, operator_id, items);
    ret->parts = baro_arena_array(&ret->arena, (size_t)ret->part_count + 1, sizeof(*ret->parts));
    status = ret->parts == NULL ? BARO_NO_MEMORY : BARO_OK;
  }
  if (status == BARO_OK) {
    judge_parts(all, items, ret);
  }
  return status;
}

void baro_why_release(baro_why *why) {
  baro_prior_destroy(why->prior);
  baro_arena_release(&why->arena);
}
