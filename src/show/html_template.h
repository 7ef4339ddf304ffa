/* The viewer as it was built, viewer/dist/viewer.html, made part of the program by tools/embed_file.py: plain, and with its
 * program packed by tools/pack_page.py. The browser unpacks what is packed beside other work, which on a large page comes
 * after all data were read: those get the plain one. Views of operators and tasks are a script of their own,
 * viewer/dist/dataflow.js, and so are those of what changed between two logs, viewer/dist/comparison.js, and the view of
 * predictions, viewer/dist/what_if.js: pages that have use for them have them as sections. */
#ifndef BARO_SHOW_HTML_TEMPLATE_H
#define BARO_SHOW_HTML_TEMPLATE_H

#include <stddef.h>

extern const unsigned char baro_html_template_plain[];
extern const size_t baro_html_template_plain_bytes;
extern const unsigned char baro_html_template_packed[];
extern const size_t baro_html_template_packed_bytes;
extern const unsigned char baro_html_dataflow_views[];
extern const size_t baro_html_dataflow_views_bytes;
extern const unsigned char baro_html_comparison_views[];
extern const size_t baro_html_comparison_views_bytes;
extern const unsigned char baro_html_what_if_views[];
extern const size_t baro_html_what_if_views_bytes;

#endif
