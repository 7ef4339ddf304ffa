/* Time by resource: of each operator, of the path and of all; and how well the slots were used. Internal to src/explain. */
#ifndef BARO_EXPLAIN_OPERATOR_TIMES_H
#define BARO_EXPLAIN_OPERATOR_TIMES_H

#include "explain/explain.h"

/* No operator has a row yet: what asks for one finds BARO_NONE_ID, also where no task ran. BARO_NO_MEMORY. */
baro_status baro_operator_rows_init(baro_explanation *explanation) BARO_MUST_USE;

/* Fills operators, resources, slots and what stands beside them; needs the rows and the path. O(tasks log tasks). BARO_NO_MEMORY. */
baro_status baro_operator_times(baro_explanation *explanation) BARO_MUST_USE;

/* Fills resources, of operators and path. */
void baro_resource_times(baro_explanation *explanation);

/* Needs the path. O(tasks log tasks). BARO_NO_MEMORY. */
baro_status baro_device_use_of(const baro_explanation *explanation,
                               baro_device_use *ret_use) BARO_MUST_USE;

/* Forged tasks may be longer together than any time. */
static inline void baro_add_ns(uint64_t *sum_ns, uint64_t ns) {
  *sum_ns = ns > UINT64_MAX - *sum_ns ? UINT64_MAX : *sum_ns + ns;
}

#endif
