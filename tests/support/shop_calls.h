/* Recorded calls of a small shop, and what a text says of them. Needs cmocka. */
#ifndef BARO_TESTS_SHOP_CALLS_H
#define BARO_TESTS_SHOP_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "support/profile_fixture.h"

/* main calls parse 200 times for 1 ms, once for 101 ms, and load once, which raises; fib calls itself. Times in us. */
typedef struct shop {
  given made;
  uint32_t thread;
  uint32_t functions[4];
  uint64_t now_ns;
} shop;

enum { MAIN, PARSE, LOAD, FIB };

static inline void put(shop *made, uint64_t us, baro_call_event_kind kind, uint32_t value) {
  made->now_ns += us * 1000;
  baro_call_event event = {.time_ns = made->now_ns, .kind = kind};
  if (kind == BARO_CALL_RAISE) {
    event.exception_string = value;
  } else {
    event.function = value;
  }
  given_events(&made->made, made->thread, &event, 1);
}

static inline shop begin_shop(void) {
  static const char *const names[] = {"main", "parse", "Store.load", "fib"};
  shop made = {.made = given_begin(), .now_ns = 5 * MS};
  uint32_t process = given_process(&made.made, 10, BARO_NONE_ID);
  made.thread = given_thread(&made.made, process, 10, "main", true);
  for (uint32_t i = 0; i < 4; i++) {
    made.functions[i] = given_function(&made.made, names[i], "/srv/app.py", 10 * i + 1, 0);
  }
  return made;
}

static inline void play_shop(shop *made) {
  uint32_t key_error = given_string(&made->made, baro_view_of("KeyError"));
  put(made, 0, BARO_CALL_ENTER, made->functions[MAIN]);
  for (int i = 0; i < 200; i++) {
    put(made, 0, BARO_CALL_ENTER, made->functions[PARSE]);
    put(made, i == 7 ? 101000 : 1000, BARO_CALL_RETURN, 0);
  }
  put(made, 0, BARO_CALL_ENTER, made->functions[LOAD]);
  put(made, 90000, BARO_CALL_RAISE, key_error);
  for (int i = 0; i < 3; i++) {
    put(made, 1000, BARO_CALL_ENTER, made->functions[FIB]);
  }
  for (int i = 0; i < 3; i++) {
    put(made, 1000, BARO_CALL_RETURN, 0);
  }
  put(made, 4000, BARO_CALL_RETURN, 0);
}

static inline baro_profile *shop_profile(void) {
  shop made = begin_shop();
  play_shop(&made);
  return given_profile(&made.made);
}

/* The text has `part` when runs of blanks are one. */
static inline void expect(const baro_buffer *text, const char *part) {
  char *plain = malloc(text->length);
  assert_non_null(plain);
  size_t used = 0;
  for (size_t i = 0; i < text->length; i++) {
    if (text->data[i] != ' ' || (used > 0 && plain[used - 1] != ' ')) {
      plain[used++] = (char)text->data[i];
    }
  }
  if (strstr(plain, part) == NULL) {
    fail_msg("no '%s' in\n%s", part, (const char *)text->data);
  }
  free(plain);
}

static inline void expect_none(const baro_buffer *text, const char *part) {
  if (strstr((const char *)text->data, part) != NULL) {
    fail_msg("'%s' in\n%s", part, (const char *)text->data);
  }
}

#endif
