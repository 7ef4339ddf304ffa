#include "predict/scenario.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/quantity.h"

/* Beyond them nothing that was recorded says anything. */
static const double FACTOR_MIN = 0.001;
static const double FACTOR_MAX = 1000;
static const double COUNT_MAX = 100000;
static const double BYTES_MAX = 1e15;

static const struct {
  const char *name;
  baro_scenario_form form;
  const char *words;
} keys[] = {
#define X(id, key_name, key_form, key_words)                                                       \
  {.name = (key_name), .form = BARO_SCENARIO_FORM_##key_form, .words = (key_words)},
    BARO_SCENARIO_LIST(X)
#undef X
};

const char *baro_scenario_name(baro_scenario_key key) {
  return keys[key].name;
}

const char *baro_scenario_words(baro_scenario_key key) {
  return keys[key].words;
}

baro_scenario_form baro_scenario_form_of(baro_scenario_key key) {
  return keys[key].form;
}

static void key_names(char ret_text[256]) {
  size_t used = 0;
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT; k++) {
    int wrote = snprintf(ret_text + used, 256 - used, "%s, ", keys[k].name);
    used += wrote > 0 ? (size_t)wrote : 0;
  }
  (void)snprintf(ret_text + used, 256 - used, "function:NAME");
}

/* --- values --- */

/* As Spark has them: powers of 1024. */
static double byte_unit(const char *unit) {
  static const struct {
    const char *text;
    double bytes;
  } units[] = {{"k", 0x1p10}, {"m", 0x1p20}, {"g", 0x1p30}, {"t", 0x1p40}};
  for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
    if ((unit[0] | 0x20) == units[u].text[0] &&
        (unit[1] == '\0' || ((unit[1] | 0x20) == 'b' && unit[2] == '\0'))) {
      return units[u].bytes;
    }
  }
  return 0;
}

double baro_scenario_bytes(const char *text) {
  size_t length = baro_quantity_digits(text);
  return length > 0 ? strtod(text, NULL) * byte_unit(text + length) : 0;
}

/* Of those that are factors. */
/* What an amount of a key is, and how one is given. */
static baro_quantity_kind quantity_of(baro_scenario_key key, const char **ret_example) {
  switch (key) {
  case BARO_SCENARIO_CPU_SPEED: *ret_example = "3.6GHz/2.4GHz"; return BARO_QUANTITY_FREQUENCY;
  case BARO_SCENARIO_GPU: *ret_example = "1.98GHz/1.41GHz"; return BARO_QUANTITY_FREQUENCY;
  case BARO_SCENARIO_DISK: *ret_example = "400MBps/100MBps"; return BARO_QUANTITY_SPEED;
  case BARO_SCENARIO_NETWORK: *ret_example = "10Gbps/1Gbps"; return BARO_QUANTITY_SPEED;
  case BARO_SCENARIO_INPUT: *ret_example = "200GB/50GB"; return BARO_QUANTITY_BYTES;
  case BARO_SCENARIO_CORES:
  case BARO_SCENARIO_NODES:
  case BARO_SCENARIO_MEMORY:
  case BARO_SCENARIO_PARTITIONS:
  case BARO_SCENARIO_KEY_COUNT: break;
  }
  *ret_example = "2x";
  return BARO_QUANTITY_NONE;
}

static baro_status refuse_value(baro_scenario_key key, const char *text, baro_error *err) {
  switch (keys[key].form) {
  case BARO_SCENARIO_FORM_COUNT:
    return baro_error_set(
        err, BARO_USAGE,
        "%s=%.100s: a factor such as 2x (0.001x to 1000x) or a whole number (1 to "
        "100000) is wanted",
        keys[key].name, text);
  case BARO_SCENARIO_FORM_BYTES:
    return baro_error_set(err, BARO_USAGE,
                          "%s=%.100s: a factor such as 2x (0.001x to 1000x) or bytes such as 4g "
                          "(k, m, g, t) are wanted",
                          keys[key].name, text);
  case BARO_SCENARIO_FORM_FACTOR: break;
  }
  const char *example;
  (void)quantity_of(key, &example);
  return baro_error_set(
      err, BARO_USAGE,
      "%s=%.100s: a factor such as 2x (0.001x to 1000x) is wanted, or what it is to "
      "be over what it was, such as %s: what it was is not in a recording",
      keys[key].name, text, example);
}

static baro_status parse_value(baro_scenario_key key, const char *text,
                               baro_scenario_value *ret_value, baro_error *err) {
  size_t length = baro_quantity_digits(text);
  double number = length > 0 ? strtod(text, NULL) : 0;
  const char *unit = text + length;
  baro_scenario_value value = {.is_set = true, .value = number};
  bool is_good = false;
  if (length > 0 && (unit[0] | 0x20) == 'x' && unit[1] == '\0') {
    value.is_factor = true;
    is_good = number >= FACTOR_MIN && number <= FACTOR_MAX;
  } else if (length > 0 && keys[key].form == BARO_SCENARIO_FORM_COUNT) {
    is_good =
        unit[0] == '\0' && number >= 1 && number <= COUNT_MAX && memchr(text, '.', length) == NULL;
  } else if (keys[key].form == BARO_SCENARIO_FORM_FACTOR) {
    value.is_factor = true;
    const char *example;
    value.value = baro_quantity_ratio(text, quantity_of(key, &example));
    is_good = value.value >= FACTOR_MIN && value.value <= FACTOR_MAX;
  } else if (length > 0 && keys[key].form == BARO_SCENARIO_FORM_BYTES) {
    value.value = baro_scenario_bytes(text);
    is_good = value.value >= 1 && value.value <= BYTES_MAX;
  }
  if (!is_good) {
    return refuse_value(key, text, err);
  }
  *ret_value = value;
  return BARO_OK;
}

void baro_scenario_value_text(baro_scenario_key key, const baro_scenario_value *value,
                              char ret_text[32]) {
  if (value->is_factor) {
    (void)snprintf(ret_text, 32, "%.4gx", value->value);
  } else if (keys[key].form == BARO_SCENARIO_FORM_BYTES) {
    double megabytes = value->value / 0x1p20;
    (void)snprintf(ret_text, 32, megabytes < 1024 ? "%.4gm" : "%.4gg",
                   megabytes < 1024 ? megabytes : megabytes / 1024);
  } else {
    (void)snprintf(ret_text, 32, "%.0f", value->value);
  }
}

/* --- a scenario --- */

static baro_status find_key(const char *name, baro_scenario_key *ret_key, baro_error *err) {
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT; k++) {
    if (strcmp(name, keys[k].name) == 0) {
      *ret_key = (baro_scenario_key)k;
      return BARO_OK;
    }
  }
  char names[256];
  key_names(names);
  return baro_error_set(err, BARO_USAGE, "'%.100s' cannot be set; what can: %s", name, names);
}

static baro_status add_function(const char *name, const char *text, baro_scenario *scenario,
                                baro_error *err) {
  if (scenario->function_count == BARO_SCENARIO_FUNCTIONS_MAX) {
    return baro_error_set(err, BARO_USAGE, "more than %d functions", BARO_SCENARIO_FUNCTIONS_MAX);
  }
  size_t length = baro_quantity_digits(text);
  double factor = length > 0 ? strtod(text, NULL) : 0;
  if (length == 0 || (text[length] | 0x20) != 'x' || text[length + 1] != '\0' ||
      factor < FACTOR_MIN || factor > FACTOR_MAX) {
    return baro_error_set(err, BARO_USAGE,
                          "function:%.100s=%.100s: a factor such as 2x (0.001x to 1000x) is wanted",
                          name, text);
  }
  size_t bytes = strlen(name);
  if (bytes == 0 || bytes >= BARO_SCENARIO_NAME_BYTES) {
    return baro_error_set(err, BARO_USAGE,
                          "function: a name of at most %d bytes is wanted, as function:parse=2x",
                          BARO_SCENARIO_NAME_BYTES - 1);
  }
  baro_scenario_function *one = &scenario->functions[scenario->function_count];
  for (uint32_t f = 0; f < scenario->function_count; f++) {
    if (strcmp(scenario->functions[f].name, name) == 0) {
      return baro_error_set(err, BARO_USAGE, "function:%.100s is given twice", name);
    }
  }
  memcpy(one->name, name, bytes + 1);
  one->factor = factor;
  scenario->function_count++;
  return BARO_OK;
}

/* One "key=value", which is written over. */
static baro_status parse_part(char *part, baro_scenario *scenario, baro_error *err) {
  static const char FUNCTION[] = "function:";
  char *equals = strrchr(part, '=');
  if (equals == NULL || equals == part || equals[1] == '\0') {
    char names[256];
    key_names(names);
    return baro_error_set(err, BARO_USAGE, "'%.100s': key=value is wanted, with a key of: %s", part,
                          names);
  }
  *equals = '\0';
  if (strncmp(part, FUNCTION, sizeof(FUNCTION) - 1) == 0) {
    return add_function(part + sizeof(FUNCTION) - 1, equals + 1, scenario, err);
  }
  baro_scenario_key key;
  baro_status status = find_key(part, &key, err);
  if (status != BARO_OK) {
    return status;
  }
  if (scenario->values[key].is_set) {
    return baro_error_set(err, BARO_USAGE, "%s is given twice", keys[key].name);
  }
  return parse_value(key, equals + 1, &scenario->values[key], err);
}

baro_status baro_scenario_parse(const char *text, baro_scenario *ret_scenario, baro_error *err) {
  baro_scenario scenario = {0};
  if (text != NULL && text[0] != '\0') {
    char *copy = strdup(text);
    if (copy == NULL) {
      return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
    }
    baro_status status = BARO_OK;
    char *part = copy;
    while (part != NULL && status == BARO_OK) {
      char *comma = strchr(part, ',');
      if (comma != NULL) {
        *comma = '\0';
      }
      status = parse_part(part, &scenario, err);
      part = comma != NULL ? comma + 1 : NULL;
    }
    free(copy);
    if (status != BARO_OK) {
      return status;
    }
  }
  *ret_scenario = scenario;
  return BARO_OK;
}

/* --- a sweep --- */

/* Each number up to 12 of them, else doubling, as factors always do: of whole numbers doubled ones are whole. */
static void sweep_counts(double from, double to, bool is_factor, baro_scenario_sweep *sweep) {
  bool is_each = !is_factor && to - from < 12;
  baro_scenario_value value = {.is_set = true, .is_factor = is_factor, .value = from};
  while (value.value < to && sweep->count < BARO_SCENARIO_SWEEP_MAX - 1) {
    sweep->points[sweep->count++] = value;
    value.value = is_each ? value.value + 1 : value.value * 2;
  }
  value.value = to;
  sweep->points[sweep->count++] = value;
}

/* Steps of the square root of 2, the last one as long as is left. Amounts of bytes may be further apart than factors may be: then
 * the steps are longer. */
static void sweep_ratios(double from, double to, bool is_factor, baro_scenario_sweep *sweep) {
  double steps = ceil(2 * log2(to / from) - 1e-9);
  double longest = BARO_SCENARIO_SWEEP_MAX - 1;
  double octaves = steps > longest ? log2(to / from) / longest : 0.5;
  steps = steps > longest ? longest : steps;
  for (double step = 0; step <= steps; step++) {
    double at = step < steps ? from * pow(2, step * octaves) : to;
    sweep->points[sweep->count++] =
        (baro_scenario_value){.is_set = true, .is_factor = is_factor, .value = at};
  }
}

baro_status baro_scenario_sweep_parse(const char *text, baro_scenario_sweep *ret_sweep,
                                      baro_error *err) {
  char copy[128];
  size_t length = strlen(text);
  const char *equals = strchr(text, '=');
  const char *dots = equals != NULL ? strstr(equals, "..") : NULL;
  if (dots == NULL || length >= sizeof(copy)) {
    return baro_error_set(
        err, BARO_USAGE, "'%.100s': key=from..to is wanted, as cores=1..64 or disk=0.5x..4x", text);
  }
  memcpy(copy, text, length + 1);
  copy[equals - text] = '\0';
  copy[dots - text] = '\0';
  baro_scenario_sweep sweep = {0};
  baro_scenario_value from;
  baro_scenario_value to;
  baro_status status = find_key(copy, &sweep.key, err);
  if (status == BARO_OK) {
    status = parse_value(sweep.key, copy + (equals - text) + 1, &from, err);
  }
  if (status == BARO_OK) {
    status = parse_value(sweep.key, copy + (dots - text) + 2, &to, err);
  }
  if (status != BARO_OK) {
    return status;
  }
  if (from.is_factor != to.is_factor || !(from.value < to.value)) {
    return baro_error_set(
        err, BARO_USAGE,
        "%.100s: the second must be greater than the first, and both factors or neither", text);
  }
  if (keys[sweep.key].form == BARO_SCENARIO_FORM_COUNT) {
    sweep_counts(from.value, to.value, from.is_factor, &sweep);
  } else {
    sweep_ratios(from.value, to.value, from.is_factor, &sweep);
  }
  *ret_sweep = sweep;
  return BARO_OK;
}
