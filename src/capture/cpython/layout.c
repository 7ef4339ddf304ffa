#include "capture/cpython/layout.h"

#include "capture/cpython/layout_tables.h"

static const baro_layout *const tables[] = {
    &baro_layout_3_9,
    &baro_layout_3_10,
    &baro_layout_3_11,
    &baro_layout_3_12,
};

const baro_layout *baro_layout_for(unsigned major, unsigned minor) {
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    if (tables[i]->major == major && tables[i]->minor == minor)
      return tables[i];
  }
  return NULL;
}
