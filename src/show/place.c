#include "show/place.h"

#include <string.h>

/* Offset behind the last occurrence of needle, or 0. */
static size_t behind_last(baro_view text, const char *needle) {
  size_t length = strlen(needle);
  for (size_t at = text.length; at >= length && length > 0; at--) {
    if (memcmp(text.data + at - length, needle, length) == 0)
      return at;
  }
  return 0;
}

/* Offset behind ".../lib/python3.12/" or ".../python312.zip/", the folder of the standard library,
 * or 0. */
static size_t behind_library(baro_view text) {
  static const char *const markers[] = {"/lib/python3", "/lib64/python3", "/python3"};
  for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
    size_t length = strlen(markers[i]);
    const uint8_t *found =
        text.length == 0 ? NULL : memmem(text.data, text.length, markers[i], length);
    size_t end = found != NULL ? (size_t)(found - text.data) + length : text.length;
    while (end < text.length && text.data[end] != '/')
      end++;
    if (end + 1 < text.length)
      return end + 1;
  }
  return 0;
}

/* Length of the prefix that is the folder `directory` with its slash, or 0. */
static size_t below(baro_view text, const char *directory) {
  size_t length = directory != NULL ? strlen(directory) : 0;
  while (length > 0 && directory[length - 1] == '/')
    length--;
  if (length == 0 || text.length <= length + 1 || text.data[length] != '/' ||
      memcmp(text.data, directory, length) != 0)
    return 0;
  return length + 1;
}

static void write_rest(baro_buffer *out, const char *lead, baro_view file, size_t from) {
  baro_write_text(out, lead);
  baro_write_bytes(out, file.data + from, file.length - from);
}

void baro_write_short_path(baro_buffer *out, baro_view file, baro_origin origin,
                           const char *directory, const char *home) {
  size_t from;
  if (origin == BARO_ORIGIN_STANDARD && (from = behind_library(file)) > 0) {
    write_rest(out, "<stdlib>/", file, from);
    return;
  }
  if (origin == BARO_ORIGIN_PACKAGE) {
    if ((from = behind_last(file, "/site-packages/")) > 0) {
      write_rest(out, "site-packages/", file, from);
      return;
    }
    if ((from = behind_last(file, "/dist-packages/")) > 0) {
      write_rest(out, "dist-packages/", file, from);
      return;
    }
  }
  if ((from = below(file, directory)) > 0)
    write_rest(out, "", file, from);
  else if ((from = below(file, home)) > 0)
    write_rest(out, "~/", file, from);
  else if (file.length > 2 && memcmp(file.data, "./", 2) == 0)
    write_rest(out, "", file, 2);
  else
    write_rest(out, "", file, 0);
}

void baro_write_place(baro_buffer *out, baro_view file, uint32_t line, baro_origin origin,
                      const char *directory, const char *home) {
  if (file.length == 0)
    return;
  baro_write_short_path(out, file, origin, directory, home);
  if (line > 0)
    baro_write_format(out, ":%u", line);
}

/* Bytes up to the last slash within the first `length`, without it. */
static size_t folder_length(const uint8_t *path, size_t length) {
  while (length > 0 && path[length - 1] != '/')
    length--;
  return length > 0 ? length - 1 : 0;
}

const char *baro_common_folder(const baro_profile *profile, baro_arena *keep) {
  baro_view common = {0};
  for (uint32_t i = 0; i < profile->functions.count; i++) {
    const baro_profile_function *function = &profile->functions.rows[i];
    baro_view file = baro_profile_string(profile, function->file_string);
    if (function->origin != BARO_ORIGIN_USER || file.length == 0 || file.data[0] != '/')
      continue;
    if (common.data == NULL) {
      common = (baro_view){file.data, folder_length(file.data, file.length)};
      continue;
    }
    size_t same = 0;
    while (same < common.length && same < file.length && common.data[same] == file.data[same])
      same++;
    if (same < common.length || same >= file.length || file.data[same] != '/')
      common.length = folder_length(common.data, same);
  }
  return baro_arena_copy(keep, common.data, common.length);
}
