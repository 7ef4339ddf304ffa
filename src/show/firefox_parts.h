/* What the files of the Firefox export share; only firefox*.c include this. */
#ifndef BARO_SHOW_FIREFOX_PARTS_H
#define BARO_SHOW_FIREFOX_PARTS_H

#include "base/bytes.h"
#include "base/map.h"
#include "profile/profile.h"
#include "show/json_writer.h"

/* The file's table of strings. */
typedef struct baro_firefox_texts {
  baro_intern strings; /* owned: text -> index */
  baro_buffer scratch; /* owned */
  bool failed;         /* out of memory */
} baro_firefox_texts;

/* Index of a text, which may hold any bytes. */
uint32_t baro_firefox_text(baro_firefox_texts *texts, baro_view text);

/* ns as ms, without zeros at the end. */
void baro_firefox_ms(baro_stream *output, uint64_t ns);

/* The table "markers" of a thread: of a file of calls each of them from its beginning to its end, called as its function, with
 * its own time, how it ended if it did not return, and for how many calls it stands if not for itself only. Of samples none. */
void baro_firefox_markers(baro_json *json, const baro_profile *profile,
                          const baro_profile_thread *thread, bool of_calls,
                          baro_firefox_texts *texts);
/* The value of "markerSchema": what is shown of markers, and where. */
void baro_firefox_marker_schema(baro_json *json, bool of_calls);

#endif
