/* What column_shape.c shares with column.c alone. */
#ifndef BARO_PYEXT_COLUMN_SHAPE_H
#define BARO_PYEXT_COLUMN_SHAPE_H

#include "pyext/column.h"
#include "recording/records.h"

/* State of a struct's child: in the order of reports, unknown last. */
baro_state baro_column_child_state(size_t child);

#endif
