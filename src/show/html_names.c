#include "show/html_names.h"

#include <stdlib.h>

#include "show/html_name_keys.h"
#include "show/html_renamed.h"

/* A function before it has its number. */
typedef struct named_function {
  uint32_t place; /* in order of appearance */
  uint32_t nodes; /* at which it stands */
} named_function;

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

baro_status baro_html_names_string(baro_html_names *names, baro_view text, uint32_t *ret_string,
                                   baro_error *err) {
  return baro_intern_put(&names->strings, text, ret_string, NULL) == BARO_OK ? BARO_OK
                                                                             : no_memory(err);
}

static baro_status row_of(baro_html_names *names, const baro_profile *profile, uint32_t function,
                          baro_html_function *ret_row, baro_error *err) {
  const baro_profile_function *row = &profile->functions.rows[function];
  const struct {
    uint32_t from;
    uint32_t *to;
  } strings[] = {{row->qualified_string, &ret_row->name_string},
                 {row->name_string, &ret_row->bare_string},
                 {row->file_string, &ret_row->file_string},
                 {row->module_string, &ret_row->module_string}};
  for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
    baro_status status = baro_html_names_string(
        names, baro_profile_string(profile, strings[i].from), strings[i].to, err);
    if (status != BARO_OK) {
      return status;
    }
  }
  ret_row->line = row->first_line;
  ret_row->origin = (uint8_t)row->origin;
  return BARO_OK;
}

/* Functions in order of appearance; used->place is the same. Of one on both sides the newer place is shown. */
static baro_status add_side(baro_html_names *names, const baro_profile *profile, unsigned side,
                            const baro_html_name_keys *given, baro_intern *keys,
                            named_function *used, baro_error *err) {
  baro_status status = BARO_OK;
  for (uint32_t f = 0; status == BARO_OK && f < profile->functions.count; f++) {
    baro_html_function row;
    uint32_t place;
    names->of_function[side][f] = BARO_NONE_ID;
    if (given->nodes[f] == 0) {
      continue;
    }
    status = row_of(names, profile, f, &row, err);
    baro_view bytes = {.data = (const uint8_t *)&given->rows[f], .length = sizeof(given->rows[f])};
    bool is_new = false;
    if (status == BARO_OK && baro_intern_put(keys, bytes, &place, &is_new) != BARO_OK) {
      status = no_memory(err);
    }
    if (status == BARO_OK) {
      names->functions[place] = row;
      used[place] = (named_function){.place = place,
                                     .nodes = given->nodes[f] + (is_new ? 0 : used[place].nodes)};
      names->of_function[side][f] = place;
      names->count = keys->count;
    }
  }
  return status;
}

static baro_status collect(baro_html_names *names, const baro_profile *const *profiles,
                           unsigned profile_count, named_function *used, baro_error *err) {
  baro_intern keys = {0};
  uint32_t programs[BARO_HTML_SIDES_MAX] = {BARO_NONE_ID, BARO_NONE_ID};
  baro_html_name_keys sides[BARO_HTML_SIDES_MAX] = {0};
  baro_status status = profile_count > 1 ? baro_html_renamed(profiles, programs, err) : BARO_OK;
  if (status == BARO_OK) {
    status = baro_html_name_keys_make(profiles, profile_count, programs, sides, err);
  }
  for (unsigned side = 0; status == BARO_OK && side < profile_count; side++) {
    if (programs[side] != BARO_NONE_ID) {
      names->programs[side] = baro_profile_string(profiles[side], programs[side]);
    }
    status = add_side(names, profiles[side], side, &sides[side], &keys, used, err);
  }
  baro_html_name_keys_release(sides, profile_count);
  baro_intern_release(&keys);
  return status;
}

static int more_nodes(const void *a_pointer, const void *b_pointer) {
  const named_function *a = a_pointer, *b = b_pointer;
  if (a->nodes != b->nodes) {
    return a->nodes > b->nodes ? -1 : 1;
  }
  return a->place < b->place ? -1 : a->place > b->place;
}

/* From places to numbers. */
static baro_status number(baro_html_names *names, const baro_profile *const *profiles,
                          unsigned profile_count, named_function *used, baro_error *err) {
  uint32_t *number_of = malloc(((size_t)names->count + 1) * sizeof(*number_of));
  baro_html_function *rows = malloc(((size_t)names->count + 2) * sizeof(*rows));
  if (number_of == NULL || rows == NULL) {
    free(number_of);
    free(rows);
    return no_memory(err);
  }
  if (names->count > 1) {
    qsort(used, names->count, sizeof(*used), more_nodes);
  }
  for (uint32_t i = 0; i < names->count; i++) {
    rows[i] = names->functions[used[i].place];
    number_of[used[i].place] = i;
  }
  free(names->functions);
  names->functions = rows;
  for (unsigned side = 0; side < profile_count; side++) {
    uint32_t *of = names->of_function[side];
    for (uint32_t f = 0; f < profiles[side]->functions.count; f++) {
      of[f] = of[f] == BARO_NONE_ID ? BARO_NONE_ID : number_of[of[f]];
    }
  }
  free(number_of);
  return BARO_OK;
}

baro_status baro_html_names_init(baro_html_names *names, const baro_profile *const *profiles,
                                 unsigned profile_count, baro_error *err) {
  *names = (baro_html_names){0};
  size_t all = 1;
  uint32_t empty;
  for (unsigned side = 0; side < profile_count; side++) {
    all += profiles[side]->functions.count;
    names->of_function[side] =
        malloc(((size_t)profiles[side]->functions.count + 1) * sizeof(uint32_t));
    if (names->of_function[side] == NULL) {
      return no_memory(err);
    }
  }
  named_function *used = calloc(all, sizeof(*used));
  names->functions = calloc(all, sizeof(*names->functions));
  baro_status status = used == NULL || names->functions == NULL ? no_memory(err) : BARO_OK;
  if (status == BARO_OK) {
    status = baro_html_names_string(names, (baro_view){0}, &empty, err);
  }
  if (status == BARO_OK) {
    status = collect(names, profiles, profile_count, used, err);
  }
  if (status == BARO_OK) {
    status = number(names, profiles, profile_count, used, err);
  }
  free(used);
  return status;
}

void baro_html_names_release(baro_html_names *names) {
  free(names->functions);
  for (unsigned side = 0; side < BARO_HTML_SIDES_MAX; side++) {
    free(names->of_function[side]);
  }
  baro_intern_release(&names->strings);
  *names = (baro_html_names){0};
}

baro_status baro_html_names_add(baro_html_names *names, const char *name, uint32_t *ret_function,
                                baro_error *err) {
  baro_html_function *rows = realloc(names->functions, ((size_t)names->count + 1) * sizeof(*rows));
  if (rows == NULL) {
    return no_memory(err);
  }
  names->functions = rows;
  baro_html_function row = {.origin = BARO_ORIGIN_NONE};
  baro_status status = baro_html_names_string(names, baro_view_of(name), &row.name_string, err);
  if (status == BARO_OK) {
    row.bare_string = row.name_string;
    *ret_function = names->count;
    rows[names->count++] = row;
  }
  return status;
}

void baro_html_names_write(const baro_html_names *names, baro_html_sections *sections) {
  baro_html_begin(sections, "functions", false);
  baro_html_column *name = baro_html_column_begin(sections, "name", BARO_HTML_UNSIGNED);
  baro_html_column *bare = baro_html_column_begin(sections, "bare", BARO_HTML_UNSIGNED);
  baro_html_column *file = baro_html_column_begin(sections, "file", BARO_HTML_UNSIGNED);
  baro_html_column *module = baro_html_column_begin(sections, "module", BARO_HTML_UNSIGNED);
  baro_html_column *line = baro_html_column_begin(sections, "line", BARO_HTML_UNSIGNED);
  baro_html_column *origin = baro_html_column_begin(sections, "origin", BARO_HTML_BYTE);
  for (uint32_t f = 0; f < names->count; f++) {
    const baro_html_function *row = &names->functions[f];
    baro_html_put(name, row->name_string);
    baro_html_put(bare, row->bare_string);
    baro_html_put(file, row->file_string);
    baro_html_put(module, row->module_string);
    baro_html_put(line, row->line);
    baro_html_put(origin, row->origin);
  }
  baro_html_end(sections);
  baro_html_begin(sections, "strings", false);
  baro_html_column *text = baro_html_column_begin(sections, "text", BARO_HTML_STRING);
  for (uint32_t s = 0; s < names->strings.count; s++) {
    baro_html_put_string(text, names->strings.views[s]);
  }
  baro_html_end(sections);
}
