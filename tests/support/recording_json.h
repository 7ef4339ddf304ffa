/* A recording as JSON lines, one array a record, in order: for comparing readers and for expected
 * results of tests. Bytes of names are shown as the characters of the same number (Latin-1), so that
 * any name is valid JSON. Not a format for users. */
#ifndef BARO_TESTS_RECORDING_JSON_H
#define BARO_TESTS_RECORDING_JSON_H

#include "base/bytes.h"
#include "recording/reader.h"

/* Visitor that appends to *text, which must outlive it. */
baro_visitor recording_json_visitor(baro_buffer *text);
/* The closing line: what was wrong with the recording, without the reason's words. */
void recording_json_damage(baro_buffer *text, const baro_damage *damage);

#endif
