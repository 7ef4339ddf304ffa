/* Text of bounded length: what a value of the program is told as.
 * Flow: value_summary.c writes, captured_values.c takes the text. Each value has an end within the whole; what does not fit
 * is cut between characters, three dots take its place, and nothing more is written up to that end. Brackets are closed
 * in any case: their room is kept from the beginning.
 * Invariant: the text is whole UTF-8 if what is written is. No allocation, no Python. */
#ifndef BARO_CAPTURE_AGENT_VALUE_WRITER_H
#define BARO_CAPTURE_AGENT_VALUE_WRITER_H

#include <stdbool.h>
#include <stddef.h>

enum {
  BARO_VALUE_BYTES = 200,       /* of one value */
  BARO_VALUE_CALL_BYTES = 1000, /* of all arguments of a call */
  BARO_VALUE_DEPTH = 2,         /* containers within each other whose items are shown */
  BARO_VALUE_ITEMS = 8,         /* of a container */
};

typedef struct baro_value_writer {
  char *text; /* borrowed */
  size_t length;
  size_t end; /* of the value in hand, at most the size of the text */
  bool cut;   /* something did not fit */
} baro_value_writer;

/* Bytes that plain text may still take. */
size_t baro_value_room(const baro_value_writer *writer);
void baro_value_put(baro_value_writer *writer, const char *text, size_t length);
void baro_value_put_text(baro_value_writer *writer, const char *text);
/* Puts three dots, and is done with the value. */
void baro_value_cut(baro_value_writer *writer);
/* Keeps room for `count` bytes that are put later, whatever comes between. False: there is not so much, and nothing is kept. */
bool baro_value_keep(baro_value_writer *writer, size_t count);
/* Gives it back, and puts that many bytes into it. */
void baro_value_put_kept(baro_value_writer *writer, const char *text, size_t count);

#endif
