/* Names of what must not be stored: parameters, keys and functions whose value is a secret by what it is called.
 * A name is taken apart into words, as people write them: db_password, dbPassword, DB-PASSWORD and Db.Password2 all have
 * the word password. Some words make a name secret wherever they stand in it, even without a boundary (userpassword); others
 * only as words of their own, for they begin others that mean something else (auth and author, token and tokenizer).
 * In doubt a name is secret: what is redacted wrongly can be read elsewhere, what is stored wrongly has leaked.
 * Pure: no Python, no allocation. */
#ifndef BARO_CAPTURE_AGENT_SECRET_NAMES_H
#define BARO_CAPTURE_AGENT_SECRET_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* name: UTF-8 or anything else. One that is longer than any sensible name is looked at as far as its first 256 bytes. */
bool baro_secret_name(const char *name, size_t length);

#endif
