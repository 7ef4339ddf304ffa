/* The tables of layouts that are compiled in, one file each. Private to this folder: others ask
 * baro_layout_for. */
#ifndef BARO_CAPTURE_CPYTHON_LAYOUT_TABLES_H
#define BARO_CAPTURE_CPYTHON_LAYOUT_TABLES_H

#include "capture/cpython/layout.h"

extern const baro_layout baro_layout_3_9;
extern const baro_layout baro_layout_3_10;
extern const baro_layout baro_layout_3_11;
extern const baro_layout baro_layout_3_12;

#endif
