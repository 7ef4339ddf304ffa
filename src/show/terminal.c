#include "show/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS_UNKNOWN_TERMINAL = 80 };

static uint32_t columns_of(const baro_terminal_facts *facts) {
  unsigned long columns = 0;
  if (facts->columns != NULL && facts->columns[0] != '\0' &&
      facts->columns[strspn(facts->columns, "0123456789")] == '\0')
    columns = strtoul(facts->columns, NULL, 10);
  if (columns == 0)
    columns = facts->window_columns;
  if (columns == 0)
    columns = facts->is_terminal ? COLUMNS_UNKNOWN_TERMINAL : BARO_COLUMNS_PIPED;
  if (columns < BARO_COLUMNS_MIN)
    return BARO_COLUMNS_MIN;
  return columns > BARO_COLUMNS_MAX ? BARO_COLUMNS_MAX : (uint32_t)columns;
}

static bool is_utf8(const char *charset) {
  return strncasecmp(charset, "utf8", 4) == 0 || strncasecmp(charset, "utf-8", 5) == 0;
}

static bool is_unicode(const char *locale, const char *charset) {
  if (locale == NULL || locale[0] == '\0')
    return true;
  const char *named = strchr(locale, '.');
  if (named != NULL)
    return is_utf8(named + 1);
  if (strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
    return false;
  return charset == NULL || is_utf8(charset);
}

baro_terminal baro_terminal_decide(const baro_terminal_facts *facts, baro_color_choice choice) {
  bool dumb = facts->term == NULL || facts->term[0] == '\0' || strcmp(facts->term, "dumb") == 0;
  bool refused = facts->no_color != NULL && facts->no_color[0] != '\0';
  bool color = choice == BARO_COLOR_ALWAYS ||
               (choice == BARO_COLOR_AUTO && facts->is_terminal && !dumb && !refused);
  return (baro_terminal){.columns = columns_of(facts),
                         .is_terminal = facts->is_terminal,
                         .color = color,
                         .unicode = is_unicode(facts->locale, facts->charset)};
}

static const char *locale_of_environment(void) {
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    const char *value = getenv(names[i]);
    if (value != NULL && value[0] != '\0')
      return value;
  }
  return NULL;
}

/* Of the locale of the environment, into text. The process keeps its own locale: numbers in JSON have a point. */
static const char *charset_of_environment(char *text, size_t size) {
  locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
  if (locale == (locale_t)0)
    return NULL;
  (void)snprintf(text, size, "%s", nl_langinfo_l(CODESET, locale));
  freelocale(locale);
  return text;
}

/* 0: nobody knows. What is piped goes to a pager on the terminal that errors go to, more often than anywhere else. */
static uint32_t window_columns_of(int fd, bool is_terminal) {
  struct winsize size = {0};
  struct stat info;
  bool is_piped = !is_terminal && fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode);
  int asked = is_piped ? STDERR_FILENO : fd;
  if ((is_terminal || is_piped) && ioctl(asked, TIOCGWINSZ, &size) != 0)
    return 0;
  return size.ws_col;
}

baro_terminal baro_terminal_of(int fd, baro_color_choice choice) {
  char charset[64];
  bool is_terminal = isatty(fd) == 1;
  baro_terminal_facts facts = {.is_terminal = is_terminal,
                               .window_columns = window_columns_of(fd, is_terminal),
                               .columns = getenv("COLUMNS"),
                               .no_color = getenv("NO_COLOR"),
                               .term = getenv("TERM"),
                               .locale = locale_of_environment(),
                               .charset = charset_of_environment(charset, sizeof(charset))};
  return baro_terminal_decide(&facts, choice);
}

void baro_style_begin(baro_buffer *out, const baro_terminal *terminal, baro_style style) {
  static const char *const codes[] = {"", "\033[1m", "\033[2m", "\033[1;31m"};
  if (terminal->color)
    baro_write_text(out, codes[style]);
}

void baro_style_end(baro_buffer *out, const baro_terminal *terminal, baro_style style) {
  if (terminal->color && style != BARO_STYLE_PLAIN)
    baro_write_text(out, "\033[0m");
}

/* Letter, short word and colour of each state: black or white on one of the terminal's sixteen;
 * unknown is inverse. Running is painted in its colour, by blocks that stay when the text is copied. */
static const struct {
  char letter;
  const char *word;
  const char *code;
} state_looks[BARO_STATE_COUNT] = {
    [BARO_STATE_UNKNOWN] = {'?', "unknown", "\033[7m"},
    [BARO_STATE_CPU] = {'r', "running", "\033[32m"},
    [BARO_STATE_RUNNABLE] = {'w', "no free CPU", "\033[30;43m"},
    [BARO_STATE_GIL] = {'g', "GIL", "\033[97;41m"},
    [BARO_STATE_LOCK] = {'l', "lock", "\033[97;45m"},
    [BARO_STATE_DISK] = {'d', "disk", "\033[97;44m"},
    [BARO_STATE_NETWORK] = {'n', "network", "\033[30;46m"},
    [BARO_STATE_PIPE] = {'p', "pipe", "\033[30;106m"},
    [BARO_STATE_CHILD] = {'c', "child", "\033[30;104m"},
    [BARO_STATE_SLEEP] = {'s', "sleep", "\033[30;47m"},
    [BARO_STATE_IDLE] = {'i', "idle", "\033[97;100m"},
    [BARO_STATE_COLLECTOR] = {'m', "collector", "\033[30;103m"},
    [BARO_STATE_GPU] = {'u', "GPU", "\033[97;42m"},
    [BARO_STATE_COPY] = {'y', "copy", "\033[30;105m"},
};

char baro_state_letter(baro_state state) {
  return (unsigned)state < BARO_STATE_COUNT ? state_looks[state].letter : '?';
}

const char *baro_state_short(baro_state state) {
  return state_looks[(unsigned)state < BARO_STATE_COUNT ? state : BARO_STATE_UNKNOWN].word;
}

void baro_write_bar(baro_buffer *out, const baro_terminal *terminal, baro_state state,
                    uint32_t cells) {
  if (cells == 0)
    return;
  if (terminal->color)
    baro_write_text(out, state_looks[(unsigned)state < BARO_STATE_COUNT ? state : 0].code);
  for (uint32_t i = 0; i < cells; i++) {
    if (state == BARO_STATE_CPU)
      baro_write_text(out, terminal->unicode ? "\xe2\x96\x88" : "#");
    else
      baro_write_u8(out, terminal->color && i > 0 ? ' ' : (uint8_t)baro_state_letter(state));
  }
  if (terminal->color)
    baro_write_text(out, "\033[0m");
}
