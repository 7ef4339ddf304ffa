/* Parts of the Trace Event Format that calls and samples share; private to chrome.c and chrome_samples.c. */
#ifndef BARO_SHOW_CHROME_PARTS_H
#define BARO_SHOW_CHROME_PARTS_H

#include "show/exporter.h"
#include "show/stacks.h"

/* Text of a slice's function, without the end of its args: ,"name":"parse","cat":"call","args":{"place":"app.py:12" */
void baro_chrome_function(baro_buffer *out, const baro_stack_function *function,
                          const char *category);
/* ,"pid":10,"tid":11 */
void baro_chrome_thread(baro_buffer *out, const baro_profile *profile,
                        const baro_profile_thread *thread);
/* name, and ns as microseconds with three decimals. */
void baro_chrome_us(baro_stream *output, const char *name, uint64_t ns);

/* The samples of all threads. any: whether an event stands before. */
baro_status baro_chrome_samples(const baro_profile *profile, const baro_export_options *options,
                                baro_stream *output, bool *any, baro_error *err) BARO_MUST_USE;

#endif
