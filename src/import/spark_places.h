/* Where in the user's program something of a Spark log was asked for: Spark's call sites, "collect at app.py:25".
 * Of texts only; no memory of its own. What comes from a JVM's gateway is Spark's line and not the user's. */
#ifndef BARO_IMPORT_SPARK_PLACES_H
#define BARO_IMPORT_SPARK_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* "collect at app.py:25" is a name and a place; without " at " the place is empty. Parts of text. */
void baro_spark_split_name(baro_view text, baro_view *ret_name, baro_view *ret_place);
/* The line behind the last colon, 0 without one; *ret_file the text before it. */
uint32_t baro_spark_split_place(baro_view place, baro_view *ret_file);
/* A line of a Python program, as PySpark tells it. */
bool baro_spark_is_python_place(baro_view place);
/* Nothing, or the gateway that Python's calls come through. */
bool baro_spark_is_no_place(baro_view place);
/* The first frame of a driver's stack that is neither Spark's nor a library's of the JVM: "App.scala:25"; empty: none. */
baro_view baro_spark_stack_place(baro_view stack);

#endif
