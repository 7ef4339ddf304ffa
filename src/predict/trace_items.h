/* What a replay of a trace is made of; private to trace_links.c and trace_replay.c. */
#ifndef BARO_PREDICT_TRACE_ITEMS_H
#define BARO_PREDICT_TRACE_ITEMS_H

#include "predict/trace_replay.h"

/* Of tasks in the order of their start; all they wait for stands before them, but for what a wait of a host waits for. */
typedef struct baro_trace_item {
  double length_ns;
  double gap_ns;       /* behind the one before on its track, or behind the begin of the run */
  double after_lag_ns; /* behind the end of `after` */
  double
      launch_call_ns; /* behind the start of `launch`: within that call, which goes with the host's speed, */
  double launch_lag_ns; /* and then */
  uint32_t before;      /* on its track; BARO_NONE_ID: none, as of the next two */
  uint32_t after;       /* of another track; of a wait: what it waits for */
  uint32_t launch;
  uint32_t
      first_other; /* of a wait for a whole device: what its other streams ended last, in `others` */
  uint8_t other_count;
  uint8_t use;
  bool on_device;
  bool keeps_gap; /* the gap is its own time, and not waiting */
} baro_trace_item;

struct baro_trace_replay {
  baro_trace_item *items;
  uint32_t count;
  uint32_t *others;  /* items */
  double closing_ns; /* behind the last task */
};

#endif
