/* What the importers of TensorFlow's files share: a model of slices that one of them reads, and a recording of it, with calls, and
 * operators with tasks beside them.
 * Flow: xplane_input.c, run_metadata_input.c -> trace_model.h -> here -> trace_output.h, torch_output.h. */
#ifndef BARO_IMPORT_TENSORFLOW_IMPORT_H
#define BARO_IMPORT_TENSORFLOW_IMPORT_H

#include "import/import_output.h"
#include "import/trace_model.h"

/* A file's format, and what is read of a file of it. */
typedef struct baro_tensorflow_file {
  void *context;           /* borrowed; what read and note are told */
  baro_trace_model *model; /* borrowed; read fills it: it is empty, and of TensorFlow */
  baro_status (*read)(void *context, baro_view bytes, baro_error *err);
  void (*note)(const void *context, baro_writer *writer); /* what was odd, but of the model */
} baro_tensorflow_file;

/* BARO_INVALID where read says so or there is no slice; BARO_NO_MEMORY. The model is released. */
baro_status baro_tensorflow_import(const baro_tensorflow_file *file, baro_view bytes,
                                   baro_import_output *output, baro_error *err) BARO_MUST_USE;

#endif
