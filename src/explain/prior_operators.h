/* Operators of frameworks whose sources tools/train_prior.py has read: what both models say of the class behind each name.
 * Flow: prior_operators.txt (made by the tool, sorted, embedded) -> here -> prior_parts.c.
 * A log has the name of an operator and a line about it; its class has a page of code and a paragraph of documentation. The
 * models were given these when the table was made, so that the program needs no source of any framework, and what it says of
 * "Exchange" is of the same kind as what the models were tested on. */
#ifndef BARO_EXPLAIN_PRIOR_OPERATORS_H
#define BARO_EXPLAIN_PRIOR_OPERATORS_H

#include "explain/prior.h"

/* An operator as the table has it. */
typedef struct baro_prior_operator {
  baro_view source; /* the class or function; borrowed from the table */
  bool has[BARO_PRIOR_MODELS];
  baro_prior_judgement judged[BARO_PRIOR_MODELS];
} baro_prior_operator;

/* Of a framework ("spark"), by the name in its log, letters of either case: "Scan parquet db.orders" is found as "scan parquet db.orders",
 * else as "scan parquet", else as "scan"; what stands in brackets behind a name is none of it. False where the table does not have it. */
bool baro_prior_operator_find(const baro_prior *prior, baro_view framework, baro_view name,
                              baro_prior_operator *ret);

#endif
