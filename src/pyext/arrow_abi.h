/* The structs of Arrow's C data and C stream interfaces, written from the specification
 * (arrow.apache.org/docs/format/CDataInterface.html, CStreamInterface.html), which freezes their layout: any
 * two libraries that know these structs share data without knowing each other.
 * The guards and the names of types and fields are the specification's own, so that a file may include
 * another library's copy as well. */
#ifndef BARO_PYEXT_ARROW_ABI_H
#define BARO_PYEXT_ARROW_ABI_H

#include <stdint.h>

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *); /* NULL: released, or moved away */
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *); /* NULL: released, or moved away */
  void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  /* Both give 0 or an errno. The end of the stream is an array that is released. */
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *); /* NULL: released, or moved away */
  void *private_data;
};

#endif

#endif
