#include "predict/quantity.h"

#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  baro_quantity_kind kind;
  double times;
} units[] = {{"bps", BARO_QUANTITY_SPEED, 1},
             {"Bps", BARO_QUANTITY_SPEED, 8},
             {"B", BARO_QUANTITY_BYTES, 1},
             {"Hz", BARO_QUANTITY_FREQUENCY, 1}};

static const struct {
  char letter;
  double times;
} prefixes[] = {{'k', 1e3}, {'K', 1e3}, {'M', 1e6}, {'G', 1e9}, {'T', 1e12}};

size_t baro_quantity_digits(const char *text) {
  size_t digits = 0;
  size_t points = 0;
  size_t at = 0;
  for (; (text[at] >= '0' && text[at] <= '9') || text[at] == '.'; at++) {
    digits += text[at] != '.';
    points += text[at] == '.';
  }
  return digits > 0 && digits <= 15 && points <= 1 ? at : 0;
}

/* Up to the slash or the end of the text; *ret_end is where that is. */
static baro_quantity_kind read_amount(const char *text, double *ret_amount, const char **ret_end) {
  size_t digits = baro_quantity_digits(text);
  if (digits == 0) {
    return BARO_QUANTITY_NONE;
  }
  double amount = strtod(text, NULL);
  const char *unit = text + digits;
  for (size_t p = 0; p < sizeof(prefixes) / sizeof(prefixes[0]); p++) {
    if (unit[0] == prefixes[p].letter) {
      amount *= prefixes[p].times;
      unit++;
      break;
    }
  }
  size_t length = strcspn(unit, "/");
  for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
    if (strlen(units[u].name) == length && strncmp(unit, units[u].name, length) == 0) {
      *ret_amount = amount * units[u].times;
      *ret_end = unit + length;
      return units[u].kind;
    }
  }
  return BARO_QUANTITY_NONE;
}

double baro_quantity_ratio(const char *text, baro_quantity_kind kind) {
  double is = 0;
  double was = 0;
  const char *end = text;
  if (kind == BARO_QUANTITY_NONE || read_amount(text, &is, &end) != kind || *end != '/') {
    return 0;
  }
  return read_amount(end + 1, &was, &end) == kind && *end == '\0' && was > 0 ? is / was : 0;
}
