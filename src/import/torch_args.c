#include "import/torch_events.h"

#include "recording/records.h"

const char *baro_torch_kind_text(baro_torch_kind kind) {
  static const char *const texts[] = {
#define X(name, text) text,
      BARO_TORCH_KIND_LIST(X)
#undef X
  };
  return texts[kind];
}

const char *baro_torch_amount_key(baro_torch_amount amount) {
  static const char *const keys[] = {
#define X(name, argument, key) key,
      BARO_TORCH_AMOUNT_LIST(X)
#undef X
  };
  return keys[amount];
}

/* --- kinds --- */

/* "nccl" and "rccl" in any case: their kernels have had both. */
static bool names_collective(baro_view name) {
  for (size_t at = 0; at + 4 <= name.length; at++) {
    if (((name.data[at] | 0x20) == 'n' || (name.data[at] | 0x20) == 'r') &&
        (name.data[at + 1] | 0x20) == 'c' && (name.data[at + 2] | 0x20) == 'c' &&
        (name.data[at + 3] | 0x20) == 'l') {
      return true;
    }
  }
  return false;
}

static bool is_collective_of_xla(baro_view name) {
  static const char *const names[] = {"all-reduce", "all-gather", "all-to-all", "reduce-scatter",
                                      "collective-permute"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (baro_view_starts_with(name, names[i])) {
      return true;
    }
  }
  return false;
}

baro_torch_kind baro_torch_kind_of(baro_view category, baro_view name) {
  static const struct {
    const char *category;
    baro_torch_kind kind;
  } kinds[] = {
      {"cpu_op", BARO_TORCH_OP},         {"Operator", BARO_TORCH_OP},
      {"kernel", BARO_TORCH_KERNEL},     {"Kernel", BARO_TORCH_KERNEL},
      {"gpu_memcpy", BARO_TORCH_COPY},   {"Memcpy", BARO_TORCH_COPY},
      {"gpu_memset", BARO_TORCH_MEMSET}, {"Memset", BARO_TORCH_MEMSET},
      {"cuda_sync", BARO_TORCH_SYNC},    {"Runtime", BARO_TORCH_RUNTIME},
      {"overhead", BARO_TORCH_OVERHEAD}, {"user_annotation", BARO_TORCH_ANNOTATION},
  };
  baro_torch_kind kind = BARO_TORCH_NONE;
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    if (baro_view_equal(category, baro_view_of(kinds[i].category))) {
      kind = kinds[i].kind;
    }
  }
  if (baro_view_ends_with(category, "_runtime") || baro_view_ends_with(category, "_driver")) {
    return BARO_TORCH_RUNTIME; /* of cuda, hip, xpu and others */
  }
  if (kind == BARO_TORCH_KERNEL && (names_collective(name) || is_collective_of_xla(name))) {
    return BARO_TORCH_COLLECTIVE;
  }
  if ((kind == BARO_TORCH_ANNOTATION || kind == BARO_TORCH_OP) &&
      baro_view_starts_with(name, "enumerate(DataLoader)")) {
    return BARO_TORCH_DATA;
  }
  /* What tf.data gives to a step: the name is "NODE:Op". */
  if (kind == BARO_TORCH_OP && baro_view_contains(name, ":IteratorGetNext")) {
    return BARO_TORCH_DATA;
  }
  /* In 2021 annotations were operators. */
  if (kind == BARO_TORCH_OP && baro_view_starts_with(name, "ProfilerStep#")) {
    return BARO_TORCH_ANNOTATION;
  }
  return kind;
}

bool baro_torch_is_repeated(baro_view category) {
  return baro_view_equal(category, baro_view_of("Trace")) ||
         baro_view_equal(category, baro_view_of("gpu_user_annotation"));
}

/* --- arguments --- */

enum { CORRELATION = BARO_TORCH_AMOUNT_COUNT, EXTERNAL_ID, DIMS, TYPES };

typedef struct argument {
  const char *name;
  int what;
} argument;

static const argument known[] = {
#define X(name, argument, key) {argument, BARO_TORCH_AMOUNT_##name},
    BARO_TORCH_AMOUNT_LIST(X)
#undef X
        {"correlation", CORRELATION},
    {"External id", EXTERNAL_ID},
    {"external id", EXTERNAL_ID},
    {"Input Dims", DIMS},
    {"Input dims", DIMS},
    {"Input type", TYPES},
};

static int what_is(baro_view name) {
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && name.length != 0; i++) {
    if (baro_view_equal(name, baro_view_of(known[i].name))) {
      return known[i].what;
    }
  }
  return -1;
}

/* A number, also in quotes; of [x, y, z] the product. */
static bool take_amount(baro_json_walk *walk, double *ret_value) {
  baro_view text;
  uint8_t first = baro_json_walk_peek(walk);
  if (first == '"') {
    baro_json_walk inner;
    if (!baro_json_walk_text(walk, &text) || text.length == 0) {
      return false;
    }
    inner = baro_json_walk_of(text);
    return baro_json_walk_number(&inner, ret_value) && baro_json_walk_finish(&inner);
  }
  if (first != '[') {
    return baro_json_walk_number(walk, ret_value);
  }
  bool is_good = true;
  *ret_value = 1;
  (void)baro_json_walk_enter(walk, '[');
  while (baro_json_walk_element(walk)) {
    double side = 0;
    is_good &= baro_json_walk_number(walk, &side);
    *ret_value *= side;
  }
  return is_good;
}

static baro_status take_argument(baro_trace_model *model, int what, baro_json_walk *walk,
                                 baro_trace_extra *extra) {
  baro_view value;
  double amount;
  if (what == CORRELATION) {
    (void)baro_json_walk_integer(walk, &extra->correlation);
  } else if (what == EXTERNAL_ID) {
    (void)baro_json_walk_integer(walk, &extra->external_id);
  } else if (what == DIMS || what == TYPES) {
    if (!baro_json_walk_value(walk, &value)) {
      return BARO_OK;
    }
    return baro_trace_text_put(model, value, what == DIMS ? &extra->dims : &extra->types);
  } else if (take_amount(walk, &amount) && amount > -1e18 && amount < 1e18 && amount != 0) {
    bool is_freed = what == BARO_TORCH_AMOUNT_MEMORY && amount < 0;
    if (amount > 0 || is_freed) {
      extra->value_count++;
      return baro_trace_value_add(model, (uint32_t)(is_freed ? BARO_TORCH_AMOUNT_FREED : what),
                                  (uint64_t)(is_freed ? -amount : amount));
    }
  }
  return BARO_OK;
}

baro_status baro_torch_args(baro_trace_model *model, uint32_t category, baro_view args,
                            uint32_t *ret_extra) {
  baro_trace_extra extra = {
      .dims = BARO_NONE_ID, .types = BARO_NONE_ID, .first_value = model->value_count};
  baro_view name;
  *ret_extra = BARO_NONE_ID;
  baro_json_walk walk = baro_json_walk_of(args);
  if (args.length == 0 || args.data[0] != '{' ||
      baro_trace_text_is(model, category, "python_function") || !baro_json_walk_enter(&walk, '{')) {
    return BARO_OK;
  }
  baro_status status = BARO_OK;
  while (status == BARO_OK && baro_json_walk_member(&walk, &name)) {
    int what = what_is(name);
    if (what < 0) {
      baro_json_walk_skip(&walk);
    } else {
      status = take_argument(model, what, &walk, &extra);
    }
  }
  bool is_any = extra.correlation != 0 || extra.external_id != 0 || extra.dims != BARO_NONE_ID ||
                extra.types != BARO_NONE_ID || extra.value_count != 0;
  return status == BARO_OK && is_any ? baro_trace_extra_add(model, &extra, ret_extra) : status;
}
