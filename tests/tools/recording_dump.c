/* Prints recordings as JSON lines: recording_dump FILE...
 * For each file, a line ["file", NAME], its records, and a closing line ["damage", {...}] or
 * ["error", STATUS]. For tests that compare readers; the schema is recording_json.h's. */
#include <stdio.h>

#include "support/recording_json.h"

static void dump(const char *path) {
  baro_buffer text = {0};
  baro_visitor visitor = recording_json_visitor(&text);
  baro_damage damage;
  baro_error err = {0};
  baro_status status = baro_recording_read(path, &visitor, &damage, &err);
  if (status == BARO_OK) {
    recording_json_damage(&text, &damage);
  } else {
    baro_write_format(&text, "[\"error\", \"%s\"]\n", baro_status_text(status));
  }
  const char *reason = status == BARO_OK ? damage.reason : err.message;
  if (reason[0] != '\0') {
    fprintf(stderr, "recording_dump: %s: %s\n", path, reason);
  }
  printf("[\"file\", \"%s\"]\n", path);
  fwrite(text.data, 1, text.length, stdout);
  baro_buffer_release(&text);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    dump(argv[i]);
  }
  return ferror(stdout) || fflush(stdout) != 0 ? 1 : 0;
}
