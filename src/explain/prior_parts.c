#include "explain/prior_parts.h"

#include <stdlib.h>
#include <string.h>

#include "explain/prior_operators.h"

/* An operator of a plan whose metrics were seen in tasks of a stage. */
typedef struct baro_prior_seen {
  uint64_t stage;
  uint32_t operator_id;
} baro_prior_seen;

/* Of one stage: plans have few hundred operators, and a forged log may say for each of a million stages that a million were seen. */
enum { SEEN_MAX = 1000 };

/* --- what the log says --- */

/* Numbers of a list "2,5"; false at its end. Of our own importer, but out of a recording: anything may stand there. */
static bool next_stage(baro_view *list, uint64_t *ret_stage) {
  uint64_t stage = 0;
  size_t digits = 0;
  while (list->length > 0) {
    uint8_t c = *list->data++;
    list->length--;
    if (c == ',') {
      break;
    }
    if (c < '0' || c > '9' || digits == 18) {
      return false;
    }
    stage = stage * 10 + (uint64_t)(c - '0');
    digits++;
  }
  *ret_stage = stage;
  return digits > 0;
}

static int compare_seen(const void *left, const void *right) {
  const baro_prior_seen *a = left;
  const baro_prior_seen *b = right;
  if (a->stage != b->stage) {
    return a->stage < b->stage ? -1 : 1;
  }
  return a->operator_id < b->operator_id ? -1 : a->operator_id > b->operator_id;
}

static uint32_t list_seen(const baro_profile *profile, baro_prior_seen *ret_seen) {
  uint32_t count = 0;
  for (uint32_t o = 0; o < profile->dataflow.operator_count; o++) {
    baro_view list;
    uint64_t stage;
    if (!baro_dataflow_fact_text(&profile->dataflow, o, "stages", &list)) {
      continue;
    }
    while (next_stage(&list, &stage)) {
      if (ret_seen != NULL) {
        ret_seen[count] = (baro_prior_seen){.stage = stage, .operator_id = o};
      }
      count++;
    }
  }
  return count;
}

baro_status baro_prior_parts_init(baro_prior_parts *parts, const baro_profile *profile,
                                  baro_arena *keep) {
  uint32_t count = list_seen(profile, NULL);
  *parts = (baro_prior_parts){.profile = profile, .seen_count = count};
  parts->seen = baro_arena_array(keep, (size_t)count + 1, sizeof(*parts->seen));
  if (parts->seen == NULL) {
    return BARO_NO_MEMORY;
  }
  (void)list_seen(profile, parts->seen);
  qsort(parts->seen, count, sizeof(*parts->seen), compare_seen);
  return BARO_OK;
}

typedef struct part_list {
  uint32_t count;
  baro_prior_part_of *items;
} part_list;

/* Code that was made of other operators, which stand for themselves. */
static bool is_shell(baro_view name) {
  return name.length == 0 || baro_view_starts_with(name, "WholeStageCodegen");
}

static baro_view without_spaces(baro_view text) {
  while (text.length > 0 && text.data[0] == ' ') {
    text.data++;
    text.length--;
  }
  while (text.length > 0 && text.data[text.length - 1] == ' ') {
    text.length--;
  }
  return text;
}

static void add_part(part_list *list, baro_view name, baro_view description) {
  name = without_spaces(name);
  if (is_shell(name) || list->count == BARO_PRIOR_PARTS_MAX) {
    return;
  }
  for (uint32_t i = 0; i < list->count; i++) {
    if (baro_view_equal(list->items[i].name, name)) {
      return;
    }
  }
  list->items[list->count++] = (baro_prior_part_of){.name = name, .description = description};
}

/* Texts between separators: the scopes of a stage, the operators of a chain. */
static void add_pieces(part_list *list, baro_view text, const char *separator) {
  size_t length = strlen(separator);
  size_t begin = 0;
  for (size_t at = 0; at < text.length; at++) {
    if (text.length - at >= length && memcmp(text.data + at, separator, length) == 0) {
      add_part(list, (baro_view){.data = text.data + begin, .length = at - begin}, (baro_view){0});
      at += length - 1;
      begin = at + 1;
    }
  }
  add_part(list, (baro_view){.data = text.data + begin, .length = text.length - begin},
           (baro_view){0});
}

static uint32_t first_seen(const baro_prior_parts *parts, uint64_t stage) {
  uint32_t low = 0;
  uint32_t high = parts->seen_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (parts->seen[middle].stage < stage) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static void add_plan(const baro_prior_parts *parts, uint64_t stage, part_list *list) {
  const baro_profile *profile = parts->profile;
  uint32_t first = first_seen(parts, stage);
  for (uint32_t i = first;
       i < parts->seen_count && i - first < SEEN_MAX && parts->seen[i].stage == stage; i++) {
    uint32_t operator_id = parts->seen[i].operator_id;
    const baro_dataflow_operator *one = &profile->dataflow.operators[operator_id];
    baro_view description = {0};
    (void)baro_dataflow_fact_text(&profile->dataflow, operator_id, "description", &description);
    add_part(list, baro_profile_string(profile, one->name_string), description);
  }
}

uint32_t baro_prior_parts_of(const baro_prior_parts *parts, uint32_t operator_id,
                             baro_prior_part_of ret_parts[BARO_PRIOR_PARTS_MAX]) {
  const baro_profile *profile = parts->profile;
  const baro_dataflow *dataflow = &profile->dataflow;
  part_list list = {.items = ret_parts};
  uint64_t stage;
  baro_view scope;
  baro_view name = baro_profile_string(profile, dataflow->operators[operator_id].name_string);
  if (baro_dataflow_fact_number(dataflow, operator_id, "stage_id", &stage)) {
    add_plan(parts, stage, &list);
    if (baro_dataflow_fact_text(dataflow, operator_id, "scope", &scope)) {
      add_pieces(&list, scope, ", ");
    }
  } else if (baro_view_equal(baro_prior_framework(profile, operator_id), baro_view_of("flink"))) {
    add_pieces(&list, name, " -> ");
  } else {
    add_part(&list, name, (baro_view){0});
  }
  return list.count;
}

baro_view baro_prior_framework(const baro_profile *profile, uint32_t operator_id) {
  uint32_t string = profile->dataflow.operators[operator_id].kind_string;
  baro_view kind = baro_profile_string(profile, string);
  const uint8_t *point = kind.length == 0 ? NULL : memchr(kind.data, '.', kind.length);
  if (point != NULL) {
    kind.length = (size_t)(point - kind.data);
  }
  return kind;
}

/* --- what the prior says --- */

void baro_prior_opinion_of(baro_prior *prior, baro_view framework, const baro_prior_part_of *part,
                           baro_prior_opinion *ret) {
  baro_prior_operator known;
  *ret = (baro_prior_opinion){0};
  if (baro_prior_operator_find(prior, framework, part->name, &known)) {
    ret->source = known.source;
    memcpy(ret->has, known.has, sizeof(known.has));
    memcpy(ret->judged, known.judged, sizeof(known.judged));
  } else { /* a log has no documentation, but names and what they are called with */
    baro_prior_judge(prior, BARO_PRIOR_CODE, part->name,
                     part->description.length > 0 ? part->description : part->name,
                     &ret->judged[BARO_PRIOR_CODE]);
    ret->has[BARO_PRIOR_CODE] = ret->judged[BARO_PRIOR_CODE].is_known;
  }
  ret->is_known = ret->has[BARO_PRIOR_CODE] || ret->has[BARO_PRIOR_DOCS];
  if (ret->is_known) {
    baro_prior_combine(prior, ret->has[BARO_PRIOR_CODE] ? &ret->judged[BARO_PRIOR_CODE] : NULL,
                       ret->has[BARO_PRIOR_DOCS] ? &ret->judged[BARO_PRIOR_DOCS] : NULL, ret->p);
  }
}

void baro_prior_mean_add(baro_prior_mean *mean, const baro_prior_opinion *opinion) {
  mean->known += opinion->is_known;
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    mean->sum[r] += opinion->p[r];
  }
}

bool baro_prior_mean_of(const baro_prior_mean *mean, double ret_p[BARO_PRIOR_RESOURCES]) {
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    ret_p[r] = mean->known == 0 ? 0 : mean->sum[r] / mean->known;
  }
  return mean->known > 0;
}

bool baro_prior_opinion_of_all(baro_prior *prior, const baro_prior_parts *parts,
                               uint32_t operator_id, double ret_p[BARO_PRIOR_RESOURCES]) {
  baro_prior_part_of items[BARO_PRIOR_PARTS_MAX];
  uint32_t count = baro_prior_parts_of(parts, operator_id, items);
  baro_view framework = baro_prior_framework(parts->profile, operator_id);
  baro_prior_mean mean = {0};
  for (uint32_t i = 0; i < count; i++) {
    baro_prior_opinion one;
    baro_prior_opinion_of(prior, framework, &items[i], &one);
    baro_prior_mean_add(&mean, &one);
  }
  return baro_prior_mean_of(&mean, ret_p);
}
