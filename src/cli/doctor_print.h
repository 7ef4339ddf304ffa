/* The findings of doctor as text and as JSON.
 * Flow: cmd_doctor (checks, interpreter) -> here -> stdout. Does not find anything out itself. */
#ifndef BARO_CLI_DOCTOR_PRINT_H
#define BARO_CLI_DOCTOR_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "capture/cpython/interpreter.h"
#include "capture/sampler/permission.h"
#include "show/stream.h"
#include "show/terminal.h"

enum { BARO_DOCTOR_CHECK_LIMIT = BARO_CHECK_LIMIT + 2 };

typedef struct baro_doctor {
  const char *kernel;      /* release; "" when unknown */
  uint32_t pid;            /* 0: the machine alone */
  const char *command;     /* of the target; "" when unknown */
  uint32_t thread_count;   /* of the target; 0 unknown */
  bool has_interpreter;    /* located: interpreter is filled */
  bool interpreter_agrees; /* and its self-check held */
  baro_interpreter interpreter;
  baro_check checks[BARO_DOCTOR_CHECK_LIMIT];
  uint32_t check_count;
} baro_doctor;

/* The worst level of all checks. */
baro_check_level baro_doctor_level(const baro_doctor *doctor);
void baro_doctor_print_text(const baro_doctor *doctor, const baro_terminal *terminal,
                            baro_buffer *out);
/* Schema barograph.doctor/1. */
void baro_doctor_print_json(const baro_doctor *doctor, baro_stream *stream);

#endif
