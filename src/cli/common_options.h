/* Option rows that several commands have: one meaning, one help, also in every shell's completion.
 * Each is an initializer of a baro_option; `at` is the offset of the value in the command's struct. */
#ifndef BARO_CLI_COMMON_OPTIONS_H
#define BARO_CLI_COMMON_OPTIONS_H

#include "cli/options.h"
#include "show/terminal.h" /* baro_color_choice, in the order of the choices */

enum { BARO_PID_LIMIT = 1 << 22 }; /* PID_MAX_LIMIT of 64-bit kernels */

/* A bool. schema: a literal, "report/1". */
#define BARO_OPTION_ROW_JSON(at, schema)                                                           \
  {                                                                                                \
    .name = "json", .offset = (at),                                                                \
    .help = "print JSON (schema barograph." schema ") instead of text"                             \
  }

/* An int: a baro_color_choice. */
#define BARO_OPTION_ROW_COLOR(at)                                                                  \
  {                                                                                                \
    .name = "color", .kind = BARO_OPTION_CHOICE, .value = "WHEN", .choices = "auto|always|never",  \
    .offset = (at),                                                                                \
    .help = "use colours: on a terminal unless NO_COLOR is set (auto, the default), always, never" \
  }

enum { BARO_TOP_LIMIT = 1000000, BARO_TOP_AUTO = BARO_TOP_LIMIT + 1 };

/* A uint64_t, with BARO_TOP_AUTO as its default. shown: how many of what, and how many without it. */
#define BARO_OPTION_ROW_TOP(at, shown)                                                             \
  {                                                                                                \
    .name = "top", .letter = 'n', .kind = BARO_OPTION_COUNT, .value = "N",                         \
    .maximum = BARO_TOP_LIMIT, .offset = (at), .help = (shown)                                     \
  }

/* Rows to show, 0 = all. Without --top as many as text has by default, which fits a screen, but all of JSON, which programs
 * search. */
static inline uint32_t baro_top_rows(uint64_t top, bool json, uint32_t text_default) {
  if (top != BARO_TOP_AUTO)
    return (uint32_t)top;
  return json ? 0 : text_default;
}

/* A uint64_t: 0 when it is not given. why: what the process is for. */
#define BARO_OPTION_ROW_PID(at, why)                                                               \
  {                                                                                                \
    .name = "pid", .letter = 'p', .kind = BARO_OPTION_COUNT, .value = "PID", .minimum = 1,         \
    .maximum = BARO_PID_LIMIT, .offset = (at), .completion = BARO_COMPLETE_PID, .help = (why)      \
  }

#endif
