/* The viewer as it was built: viewer/dist/viewer.html, made part of the program by tools/embed_file.py. */
#ifndef BARO_SHOW_HTML_TEMPLATE_H
#define BARO_SHOW_HTML_TEMPLATE_H

#include <stddef.h>

extern const unsigned char baro_html_template[];
extern const size_t baro_html_template_bytes;

#endif
