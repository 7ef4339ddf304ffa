/* Sections "errors" of a page: what standard errors of functions need beside the effective number of samples.
 * Samples stand for times of different lengths, and those of one function may be longer than those of another. How much the
 * squares of a function's samples exceed what its share of the time alone would give is one number, near 1, for self and for total
 * in each measure; with it a reader has the error of baro_profile_ratio_error, and of a part of the function's time the same
 * estimate. Flow: html_page.c -> here -> sections. */
#ifndef BARO_SHOW_HTML_ERRORS_H
#define BARO_SHOW_HTML_ERRORS_H

#include "show/html_parts.h"

/* Of each side that has samples whose errors are known. BARO_NO_MEMORY. */
baro_status baro_html_write_errors(baro_html_page *page, baro_error *err) BARO_MUST_USE;

/* (sum w)^2 / sum w^2 of the samples that are not idle: how many equal ones would have the same errors. 0: not known. */
double baro_html_effective_samples(const baro_profile *profile, baro_measure measure);

#endif
