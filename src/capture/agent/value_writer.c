#include "capture/agent/value_writer.h"

#include <string.h>

static const char dots[] = "...";
enum { DOTS = sizeof(dots) - 1 };

size_t baro_value_room(const baro_value_writer *writer) {
  size_t used = writer->length + DOTS; /* dots must fit at any moment */
  return writer->cut || used >= writer->end ? 0 : writer->end - used;
}

static void append(baro_value_writer *writer, const char *text, size_t length) {
  memcpy(writer->text + writer->length, text, length);
  writer->length += length;
}

void baro_value_cut(baro_value_writer *writer) {
  if (!writer->cut && writer->end - writer->length >= DOTS) {
    append(writer, dots, DOTS);
  }
  writer->cut = true;
}

void baro_value_put(baro_value_writer *writer, const char *text, size_t length) {
  if (writer->cut) {
    return;
  }
  size_t room = baro_value_room(writer);
  if (length <= room) {
    append(writer, text, length);
    return;
  }
  while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80) {
    room--;
  }
  append(writer, text, room);
  baro_value_cut(writer);
}

void baro_value_put_text(baro_value_writer *writer, const char *text) {
  baro_value_put(writer, text, strlen(text));
}

bool baro_value_keep(baro_value_writer *writer, size_t count) {
  if (baro_value_room(writer) < count) {
    return false;
  }
  writer->end -= count;
  return true;
}

void baro_value_put_kept(baro_value_writer *writer, const char *text, size_t count) {
  writer->end += count;
  append(writer, text, count);
}
