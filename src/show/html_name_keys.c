#include "show/html_name_keys.h"

#include <stdlib.h>

#include "base/map.h"
#include "show/place.h"

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

/* How many nodes a function stands at; 1 where it was only called. */
static uint32_t *count_nodes(const baro_profile *profile) {
  uint32_t *nodes = calloc((size_t)profile->functions.count + 1, sizeof(*nodes));
  for (uint32_t n = 1; nodes != NULL && n < profile->nodes.count; n++) {
    nodes[baro_profile_node_function(profile, n)]++;
  }
  for (uint32_t f = 0; nodes != NULL && f < profile->functions.count; f++) {
    nodes[f] += nodes[f] == 0 && profile->call_sums.calls[f] != 0;
  }
  return nodes;
}

/* --- Ranks --- */

static int earlier_of_name(const void *a_pointer, const void *b_pointer) {
  const baro_html_name_key *a = *(baro_html_name_key *const *)a_pointer;
  const baro_html_name_key *b = *(baro_html_name_key *const *)b_pointer;
  if (a->name_string != b->name_string) {
    return a->name_string < b->name_string ? -1 : 1;
  }
  if (a->path != b->path) {
    return a->path < b->path ? -1 : 1;
  }
  return (a->rank > b->rank) - (a->rank < b->rank);
}

/* From lines to ranks. */
static bool rank_lines(const baro_html_name_keys *side, uint32_t count) {
  baro_html_name_key **order = malloc(((size_t)count + 1) * sizeof(*order));
  uint32_t used = 0;
  if (order == NULL) {
    return false;
  }
  for (uint32_t f = 0; f < count; f++) {
    if (side->nodes[f] != 0) {
      order[used++] = &side->rows[f];
    }
  }
  if (used > 1) {
    qsort(order, used, sizeof(*order), earlier_of_name);
  }
  uint32_t line = 0, rank = 0;
  for (uint32_t i = 0; i < used; i++) {
    baro_html_name_key *key = order[i];
    bool is_same =
        i > 0 && key->name_string == order[i - 1]->name_string && key->path == order[i - 1]->path;
    rank = !is_same ? 0 : key->rank == line ? rank : rank + 1;
    line = key->rank;
    key->rank = rank;
  }
  free(order);
  return true;
}

/* --- A side without qualified names --- */

/* A function by its bare name; the order of these is that of what they are compared by. */
typedef struct bare_name {
  uint32_t name_string;
  uint32_t path;
  uint32_t line;
  uint32_t function;
} bare_name;

typedef struct bare_names {
  bare_name *rows; /* owned, sorted */
  uint32_t count;
} bare_names;

static int compare_bare(const void *a_pointer, const void *b_pointer) {
  const bare_name *a = a_pointer, *b = b_pointer;
  if (a->name_string != b->name_string) {
    return a->name_string < b->name_string ? -1 : 1;
  }
  if (a->path != b->path) {
    return a->path < b->path ? -1 : 1;
  }
  if (a->line != b->line) {
    return a->line < b->line ? -1 : 1;
  }
  return (a->function > b->function) - (a->function < b->function);
}

static bool list_bare(const baro_profile *profile, const baro_html_name_keys *side,
                      baro_intern *texts, bare_names *ret) {
  bool good = true;
  *ret = (bare_names){.rows = malloc(((size_t)profile->functions.count + 1) * sizeof(*ret->rows))};
  for (uint32_t f = 0; ret->rows != NULL && good && f < profile->functions.count; f++) {
    const baro_profile_function *row = &profile->functions.rows[f];
    if (side->nodes[f] == 0) {
      continue;
    }
    bare_name *bare = &ret->rows[ret->count++];
    *bare = (bare_name){.path = side->rows[f].path, .line = row->first_line, .function = f};
    good = baro_intern_put(texts, baro_profile_string(profile, row->name_string),
                           &bare->name_string, NULL) == BARO_OK;
  }
  if (ret->rows != NULL && ret->count > 1) {
    qsort(ret->rows, ret->count, sizeof(*ret->rows), compare_bare);
  }
  return ret->rows != NULL && good;
}

static bool is_same_name(const bare_name *a, const bare_name *b) {
  return a->name_string == b->name_string && a->path == b->path;
}

/* One past the last of the name of rows[from]. */
static uint32_t end_of_name(const bare_names *names, uint32_t from) {
  uint32_t end = from + 1;
  while (end < names->count && is_same_name(&names->rows[end], &names->rows[from])) {
    end++;
  }
  return end;
}

/* Gives functions of one name and file, [from, end) of the side without, the keys of those of the other. */
static void pair_name(const bare_names *without, uint32_t from, uint32_t end,
                      const bare_names *with, uint32_t first, uint32_t last,
                      baro_html_name_keys *keys, const baro_html_name_keys *others) {
  bool is_only = end - from == 1 && last - first == 1;
  uint32_t k = first; /* both ascend by line */
  for (uint32_t i = from; i < end; i++) {
    uint32_t line = without->rows[i].line;
    while (k < last && !is_only && with->rows[k].line < line) {
      k++;
    }
    if (k < last && (is_only || with->rows[k].line == line)) {
      keys->rows[without->rows[i].function] = others->rows[with->rows[k].function];
    }
  }
}

static void pair_all(const bare_names *without, const bare_names *with, baro_html_name_keys *keys,
                     const baro_html_name_keys *others) {
  uint32_t k = 0;
  for (uint32_t i = 0; i < without->count;) {
    uint32_t end = end_of_name(without, i);
    bare_name first = without->rows[i];
    first.line = first.function = 0;
    while (k < with->count && compare_bare(&with->rows[k], &first) < 0) {
      k++;
    }
    if (k < with->count && is_same_name(&with->rows[k], &first)) {
      pair_name(without, i, end, with, k, end_of_name(with, k), keys, others);
    }
    i = end;
  }
}

static bool has_qualified(const baro_profile *profile, const baro_html_name_keys *side) {
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    const baro_profile_function *row = &profile->functions.rows[f];
    if (side->nodes[f] != 0 && !baro_view_equal(baro_profile_string(profile, row->qualified_string),
                                                baro_profile_string(profile, row->name_string))) {
      return true;
    }
  }
  return false;
}

static bool pair_sides(const baro_profile *const *profiles, baro_html_name_keys *sides,
                       baro_intern *texts) {
  bool has[] = {has_qualified(profiles[0], &sides[0]), has_qualified(profiles[1], &sides[1])};
  if (has[0] == has[1]) {
    return true;
  }
  unsigned without = has[0] ? 1 : 0;
  bare_names names[2] = {0};
  bool good = list_bare(profiles[0], &sides[0], texts, &names[0]) &&
              list_bare(profiles[1], &sides[1], texts, &names[1]);
  if (good) {
    pair_all(&names[without], &names[1 - without], &sides[without], &sides[1 - without]);
  }
  free(names[0].rows);
  free(names[1].rows);
  return good;
}

/* --- Keys --- */

/* In place of a path: of the program's own file where it has another name on each side. No path is it. */
static const baro_view program_path = {.data = (const uint8_t *)"\0program", .length = 8};

/* Names and, where there are two sides, paths below what the files of this one share. */
static bool make_side(const baro_profile *profile, bool is_one_of_two, uint32_t program,
                      baro_intern *texts, baro_html_name_keys *side) {
  baro_arena keep = {0};
  baro_buffer path = {0};
  const char *folder = is_one_of_two ? baro_common_folder(profile, &keep) : "";
  bool good = folder != NULL;
  for (uint32_t f = 0; good && f < profile->functions.count; f++) {
    const baro_profile_function *row = &profile->functions.rows[f];
    baro_view file = baro_profile_string(profile, row->file_string);
    baro_html_name_key *key = &side->rows[f];
    if (side->nodes[f] == 0) {
      continue;
    }
    baro_buffer_clear(&path);
    if (is_one_of_two) {
      baro_write_short_path(&path, file, row->origin, folder, NULL);
      file = (baro_view){.data = path.data, .length = path.length};
    }
    file = row->file_string == program ? program_path : file;
    key->rank = row->first_line;
    good = !path.failed &&
           baro_intern_put(texts, baro_profile_string(profile, row->qualified_string),
                           &key->name_string, NULL) == BARO_OK &&
           baro_intern_put(texts, file, &key->path, NULL) == BARO_OK;
  }
  good = good && (!is_one_of_two || rank_lines(side, profile->functions.count));
  baro_buffer_release(&path);
  baro_arena_release(&keep);
  return good;
}

baro_status baro_html_name_keys_make(const baro_profile *const *profiles, unsigned profile_count,
                                     const uint32_t *programs, baro_html_name_keys *ret_sides,
                                     baro_error *err) {
  baro_intern texts = {0};
  bool good = true;
  for (unsigned side = 0; side < profile_count; side++) {
    const baro_profile *profile = profiles[side];
    ret_sides[side] = (baro_html_name_keys){
        .nodes = count_nodes(profile),
        .rows = calloc((size_t)profile->functions.count + 1, sizeof(*ret_sides[side].rows))};
    good = good && ret_sides[side].nodes != NULL && ret_sides[side].rows != NULL &&
           make_side(profile, profile_count > 1, programs[side], &texts, &ret_sides[side]);
  }
  good = good && (profile_count < 2 || pair_sides(profiles, ret_sides, &texts));
  baro_intern_release(&texts);
  return good ? BARO_OK : no_memory(err);
}

void baro_html_name_keys_release(baro_html_name_keys *sides, unsigned count) {
  for (unsigned side = 0; side < count; side++) {
    free(sides[side].nodes);
    free(sides[side].rows);
    sides[side] = (baro_html_name_keys){0};
  }
}
