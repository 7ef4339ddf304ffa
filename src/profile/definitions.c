/* Strings, functions, frames and stacks, merged where the recording defines equal ones. */
#include <stdlib.h>
#include <string.h>

#include "profile/build.h"

enum { STRINGS_MAX = 1 << 24 };

/* Flags that make a function stand for something else than its name. */
enum {
  KIND_FLAGS = BARO_FUNCTION_UNREADABLE | BARO_FUNCTION_DEPTH_CUT | BARO_FUNCTION_NO_PYTHON |
               BARO_FUNCTION_SHIM
};

/* What makes two function records one function. */
typedef struct function_key {
  uint32_t qualified_string;
  uint32_t file_string;
  uint32_t first_line;
  uint32_t kind_flags;
} function_key;

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

static baro_status push(baro_u32s *array, uint32_t value, baro_error *err) {
  return baro_u32s_push(array, value) == BARO_OK ? BARO_OK : no_memory(err);
}

static baro_status add_string(baro_profile_builder *builder, baro_view text, baro_error *err) {
  baro_profile *profile = builder->profile;
  void *items = builder->strings;
  baro_status status = baro_table_grow(&items, &builder->string_capacity, profile->string_count,
                                       sizeof(baro_view), STRINGS_MAX, "strings", err);
  builder->strings = items;
  if (status == BARO_OK) {
    status = baro_build_copy(builder, text, &builder->strings[profile->string_count], err);
  }
  if (status == BARO_OK) {
    profile->string_count++;
  }
  return status;
}

static baro_status on_string(void *context, uint32_t id, baro_view text, baro_error *err) {
  (void)id;
  return add_string(context, text, err);
}

/* What a function that is no plain Python function is called; its own name if it has one that helps. */
static uint32_t shown_name(const baro_profile_builder *builder, uint32_t qualified,
                           uint32_t flags) {
  if ((flags & BARO_FUNCTION_DEPTH_CUT) != 0) {
    return BARO_OWN_DEPTH_CUT;
  }
  if ((flags & BARO_FUNCTION_NO_PYTHON) != 0) {
    return BARO_OWN_NO_PYTHON;
  }
  if (builder->strings[qualified].length == 0) {
    return BARO_OWN_UNREADABLE;
  }
  return qualified;
}

/* Offset behind the first occurrence of part, or 0. */
static size_t after(baro_view text, const char *part) {
  const uint8_t *found =
      text.length == 0 ? NULL : memmem(text.data, text.length, part, strlen(part));
  return found == NULL ? 0 : (size_t)(found - text.data) + strlen(part);
}

/* Whether "/lib/python3.12/" or "/lib64/python3.12/" occurs: where every install keeps its library. */
static bool in_standard_library(baro_view file) {
  static const char *const markers[] = {"/lib/python", "/lib64/python"};
  for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
    size_t at = after(file, markers[i]);
    size_t digits = at;
    while (at != 0 && digits < file.length &&
           ((file.data[digits] >= '0' && file.data[digits] <= '9') || file.data[digits] == '.' ||
            file.data[digits] == 't')) {
      digits++;
    }
    if (at != 0 && digits > at && digits < file.length && file.data[digits] == '/') {
      return true;
    }
  }
  return after(file, "/python3") != 0 && after(file, ".zip/") != 0;
}

baro_origin baro_origin_of(baro_view file) {
  if (file.length == 0) {
    return BARO_ORIGIN_NONE;
  }
  /* Our start-up hook, also where it is run out of a checkout, is no more the user's. */
  if (after(file, "/site-packages/") != 0 || after(file, "/dist-packages/") != 0 ||
      after(file, "/barograph/_startup/") != 0) {
    return BARO_ORIGIN_PACKAGE;
  }
  if (baro_view_starts_with(file, "<frozen ") || in_standard_library(file)) {
    return BARO_ORIGIN_STANDARD;
  }
  return file.data[0] == '<' && !baro_is_typed(file) ? BARO_ORIGIN_PACKAGE : BARO_ORIGIN_USER;
}

/* The merged function of a record whose strings are ours already. */
static baro_status merge_function(baro_profile_builder *builder,
                                  const baro_profile_function *function, uint32_t *ret_merged,
                                  baro_error *err) {
  function_key key = {
      .qualified_string = function->qualified_string,
      .file_string = function->file_string,
      .first_line = function->first_line,
      .kind_flags = function->flags & KIND_FLAGS,
  };
  bool is_new;
  uint32_t merged;
  baro_view bytes = {.data = (const uint8_t *)&key, .length = sizeof(key)};
  if (baro_intern_put(&builder->function_keys, bytes, &merged, &is_new) != BARO_OK) {
    return no_memory(err);
  }
  if (is_new) {
    void *items = builder->functions;
    baro_status status =
        baro_table_grow(&items, &builder->function_capacity, merged, sizeof(*builder->functions),
                        BARO_PROFILE_FRAMES_MAX, "functions", err);
    builder->functions = items;
    if (status != BARO_OK) {
      return status;
    }
    builder->functions[merged] = *function;
  } else {
    builder->functions[merged].flags |= function->flags;
    /* Only agents know modules: a sampler defined the function without. */
    if (builder->functions[merged].module_string == BARO_OWN_EMPTY) {
      builder->functions[merged].module_string = function->module_string;
    }
  }
  *ret_merged = merged;
  return BARO_OK;
}

static baro_status on_function(void *context, uint32_t id, const baro_function_record *record,
                               baro_error *err) {
  baro_profile_builder *builder = context;
  (void)id;
  baro_profile_function function = {
      .name_string = record->name_string + BARO_OWN_STRINGS,
      .file_string = record->file_string + BARO_OWN_STRINGS,
      .module_string = record->module_string == BARO_NONE_ID
                           ? BARO_OWN_EMPTY
                           : record->module_string + BARO_OWN_STRINGS,
      .first_line = record->first_line,
      .flags = record->flags,
  };
  function.qualified_string =
      shown_name(builder, record->qualified_string + BARO_OWN_STRINGS, record->flags);
  if (builder->strings[function.file_string].length == 0) {
    function.file_string = BARO_OWN_EMPTY; /* equal to that of our own functions */
  }
  if (function.qualified_string < BARO_OWN_STRINGS) {
    function.name_string = function.qualified_string;
  }
  if (function.qualified_string == BARO_OWN_UNREADABLE) {
    function.flags |= BARO_FUNCTION_UNREADABLE; /* a name of no bytes is one that was not read */
  }
  function.origin = function.qualified_string < BARO_OWN_STRINGS
                        ? BARO_ORIGIN_NONE
                        : baro_origin_of(builder->strings[function.file_string]);
  uint32_t merged;
  baro_status status = merge_function(builder, &function, &merged, err);
  return status == BARO_OK ? push(&builder->function_of_raw, merged, err) : status;
}

/* The merged frame of (function, line). */
static baro_status merge_frame(baro_profile_builder *builder, uint32_t function, uint32_t line,
                               uint32_t *ret_frame, baro_error *err) {
  uint64_t key = (uint64_t)function << 32 | line;
  uint64_t *found = baro_map_find(&builder->frame_by_key, key);
  if (found != NULL) {
    *ret_frame = (uint32_t)*found;
    return BARO_OK;
  }
  uint32_t frame = builder->frame_function.count;
  if (frame >= BARO_PROFILE_FRAMES_MAX) {
    return baro_error_set(err, BARO_LIMIT, "the recording has more than %u lines of functions",
                          BARO_PROFILE_FRAMES_MAX);
  }
  if (baro_map_set(&builder->frame_by_key, key, frame) != BARO_OK ||
      baro_u32s_push(&builder->frame_function, function) != BARO_OK ||
      baro_u32s_push(&builder->frame_line, line) != BARO_OK) {
    return no_memory(err);
  }
  *ret_frame = frame;
  return BARO_OK;
}

static baro_status on_frame(void *context, uint32_t id, const baro_frame_record *record,
                            baro_error *err) {
  baro_profile_builder *builder = context;
  (void)id;
  uint32_t frame;
  uint32_t function = builder->function_of_raw.items[record->function];
  baro_status status = merge_frame(builder, function, record->line, &frame, err);
  return status == BARO_OK ? push(&builder->frame_of_raw, frame, err) : status;
}

static baro_status on_stack(void *context, uint32_t id, const baro_stack_record *record,
                            baro_error *err) {
  baro_profile_builder *builder = context;
  (void)id;
  uint32_t parent =
      record->parent == BARO_NONE_ID ? 0 : builder->node_of_stack.items[record->parent];
  uint32_t frame = builder->frame_of_raw.items[record->frame];
  const baro_profile_function *function = &builder->functions[builder->frame_function.items[frame]];
  uint32_t node = parent;
  if ((function->flags & BARO_FUNCTION_SHIM) == 0) {
    baro_status status = baro_raw_tree_child(&builder->tree, parent, frame, &node, err);
    if (status != BARO_OK) {
      return status;
    }
  }
  if (builder->node_of_stack.count >= BARO_PROFILE_STACKS_MAX) {
    return baro_error_set(err, BARO_LIMIT, "the recording has more than %u stacks",
                          BARO_PROFILE_STACKS_MAX);
  }
  return push(&builder->node_of_stack, node, err);
}

/* A node below the root for what has no Python stack. */
static baro_status own_node(baro_profile_builder *builder, uint32_t name, uint32_t flags,
                            uint32_t *ret_node, baro_error *err) {
  baro_profile_function function = {
      .name_string = name,
      .qualified_string = name,
      .file_string = BARO_OWN_EMPTY,
      .module_string = BARO_OWN_EMPTY,
      .flags = flags,
      .origin = BARO_ORIGIN_NONE,
  };
  uint32_t merged;
  baro_status status = merge_function(builder, &function, &merged, err);
  uint32_t frame = 0;
  if (status == BARO_OK) {
    status = merge_frame(builder, merged, 0, &frame, err);
  }
  return status == BARO_OK ? baro_raw_tree_child(&builder->tree, 0, frame, ret_node, err) : status;
}

baro_status baro_build_definitions(baro_profile_builder *builder, baro_error *err) {
  static const char *const own[BARO_OWN_STRINGS] = {
      [BARO_OWN_EMPTY] = "",
      [BARO_OWN_UNREADABLE] = "(unreadable)",
      [BARO_OWN_NO_PYTHON] = "(no Python frame)",
      [BARO_OWN_DEPTH_CUT] = "(deeper frames cut)",
  };
  builder->visitor.string = on_string;
  builder->visitor.function = on_function;
  builder->visitor.frame = on_frame;
  builder->visitor.stack = on_stack;
  baro_status status = baro_raw_tree_init(&builder->tree) == BARO_OK ? BARO_OK : no_memory(err);
  for (size_t i = 0; i < BARO_OWN_STRINGS && status == BARO_OK; i++) {
    status = add_string(builder, baro_view_of(own[i]), err);
  }
  if (status == BARO_OK) {
    status = own_node(builder, BARO_OWN_UNREADABLE, BARO_FUNCTION_UNREADABLE,
                      &builder->unreadable_node, err);
  }
  if (status == BARO_OK) {
    status = own_node(builder, BARO_OWN_NO_PYTHON, BARO_FUNCTION_NO_PYTHON,
                      &builder->no_python_node, err);
  }
  return status;
}

void baro_build_definitions_release(baro_profile_builder *builder) {
  free(builder->strings);
  baro_intern_release(&builder->function_keys);
  free(builder->functions);
  free(builder->function_of_raw.items);
  baro_map_release(&builder->frame_by_key);
  free(builder->frame_function.items);
  free(builder->frame_line.items);
  free(builder->frame_of_raw.items);
  baro_raw_tree_release(&builder->tree);
  free(builder->node_of_stack.items);
}
