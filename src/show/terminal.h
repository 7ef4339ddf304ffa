/* What the output can show: columns, colour, Unicode; and the few styles that we use.
 * Colours are the terminal's own sixteen, so that they fit its light or dark theme; nothing is told
 * by colour alone. Flow: cli -> here -> reports. */
#ifndef BARO_SHOW_TERMINAL_H
#define BARO_SHOW_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "recording/records.h"

/* In the order of "auto|always|never". */
typedef enum baro_color_choice {
  BARO_COLOR_AUTO,
  BARO_COLOR_ALWAYS,
  BARO_COLOR_NEVER,
} baro_color_choice;

typedef struct baro_terminal {
  uint32_t columns; /* BARO_COLUMNS_MIN .. BARO_COLUMNS_MAX */
  bool is_terminal;
  bool color;
  bool unicode; /* else ASCII only */
} baro_terminal;

enum { BARO_COLUMNS_MIN = 40, BARO_COLUMNS_MAX = 1000, BARO_COLUMNS_PIPED = 100 };

/* What decides; environment values are NULL when unset. */
typedef struct baro_terminal_facts {
  bool is_terminal;
  uint32_t window_columns; /* as the terminal says, also the one behind a pipe; 0 = unknown */
  const char *columns;     /* COLUMNS: a person's choice, so it comes first */
  const char *no_color;    /* NO_COLOR: set and not empty = no colour, see no-color.org */
  const char *term;
  const char *locale;  /* LC_ALL, else LC_CTYPE, else LANG: the first that is not empty */
  const char *charset; /* of that locale, as the C library has it; NULL: it is not installed */
} baro_terminal_facts;

/* --color comes before NO_COLOR, NO_COLOR before what the terminal can. Unicode where the locale's charset is UTF-8, by
 * its name ("C.UTF-8", also when it is not installed) or by the C library; also where nobody chose a locale at all, as in
 * a bare container. Who chooses C or POSIX gets ASCII. The same on a terminal and piped, so that what is piped into
 * a pager or a mail looks as it did. */
baro_terminal baro_terminal_decide(const baro_terminal_facts *facts, baro_color_choice choice);
/* The same with the facts of descriptor fd and of this process. */
baro_terminal baro_terminal_of(int fd, baro_color_choice choice);

typedef enum baro_style {
  BARO_STYLE_PLAIN,
  BARO_STYLE_STRONG, /* headings, the sentence */
  BARO_STYLE_FAINT,  /* what may be skipped: errors, places */
  BARO_STYLE_WARN,   /* what a reader must not miss */
} baro_style;

/* Escape sequences; nothing without colour. */
void baro_style_begin(baro_buffer *out, const baro_terminal *terminal, baro_style style);
void baro_style_end(baro_buffer *out, const baro_terminal *terminal, baro_style style);

/* The letter of a state in bars and legends: 'd' for disk. */
char baro_state_letter(baro_state state);
/* The state in a list: "running", "disk". */
const char *baro_state_short(baro_state state);

/* Appends `cells` columns of a bar in that state. Running: full blocks, '#' without Unicode. Else, in colour, a filled
 * run that begins with the letter of the state; without colour, the letter repeated. */
void baro_write_bar(baro_buffer *out, const baro_terminal *terminal, baro_state state,
                    uint32_t cells);

#endif
