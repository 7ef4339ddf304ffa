#include "import/file_kinds.h"

#include <string.h>

#include "import/json_reader.h"

typedef struct kind {
  const char *start;
  size_t length;
  const char *words;
} kind;

#define KIND(start, words)                                                                         \
  { start, sizeof(start) - 1, words }

static const kind kinds[] = {
    KIND("BAROGRAPH\x1a", "a recording of barograph already: report, view and export read it"),
    KIND("PAR1", "a Parquet file"),
    KIND("PK\x03\x04", "a zip archive: unpack it first"),
    KIND("\x7f"
         "ELF",
         "a program"),
    KIND("SQLite format 3", "an SQLite database"),
    KIND("PERFILE2", "data of perf: write it as text with perf script, and fold that"),
    KIND("\x89PNG", "a picture"),
    KIND("%PDF", "a PDF document"),
    KIND("<!DOCTYPE", "an HTML page"),
    KIND("<!doctype", "an HTML page"),
    KIND("<html", "an HTML page"),
    KIND("<?xml", "XML"),
    KIND("{\x00\x00\x00", "data of marshal or pickle: cProfile's? Print it with pstats"),
    KIND("\x80\x04", "a pickle of Python"),
};

/* Members of objects that other tools write. */
static const char *json_kind(baro_view bytes) {
  static const struct {
    const char *name;
    const char *words;
  } members[] = {{"nodes", "JSON of a CPU profile of V8 (.cpuprofile)"},
                 {"meta", "JSON of the Firefox Profiler"},
                 {"resourceSpans", "traces of OpenTelemetry"},
                 {"spans", "JSON with spans"},
                 {"cells", "a notebook"},
                 {"traceEvents", "a Chrome trace, but no regular file with events in it"}};
  baro_view name;
  baro_json_reader reader = baro_json_reader_of(bytes);
  if (baro_json_peek(&reader) == '[') {
    return "JSON, an array";
  }
  if (baro_json_peek(&reader) != '{' || !baro_json_enter(&reader, '{')) {
    return NULL;
  }
  if (!baro_json_member(&reader, &name)) {
    return "JSON";
  }
  for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
    if (baro_view_equal(name, baro_view_of(members[i].name))) {
      return members[i].words;
    }
  }
  return "JSON of a kind that is not known here";
}

const char *baro_file_kind(baro_view bytes) {
  if (bytes.length == 0) {
    return "empty";
  }
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    if (bytes.length >= kinds[i].length &&
        memcmp(bytes.data, kinds[i].start, kinds[i].length) == 0) {
      return kinds[i].words;
    }
  }
  return json_kind(bytes);
}
