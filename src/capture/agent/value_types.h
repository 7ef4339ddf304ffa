/* What type an object really is, and what may be asked of it.
 * Nothing here runs code of the program: names of types are read by the descriptors of `type` itself, whatever the
 * metaclass has put before them, and __class__ is not asked. A type of a library is taken for what it is called only if the
 * library has that very object under that name; then code of the library may run.
 * In a thread that has a thread state. Leaves no exception. */
#ifndef BARO_CAPTURE_AGENT_VALUE_TYPES_H
#define BARO_CAPTURE_AGENT_VALUE_TYPES_H

#include <Python.h>

#include <stdbool.h>

enum { BARO_TYPE_NAME_BYTES = 120 };

typedef struct baro_type_name {
  char module[BARO_TYPE_NAME_BYTES]; /* "" unknown; cut */
  char name[BARO_TYPE_NAME_BYTES];   /* qualified */
} baro_type_name;

void baro_type_name_of(PyTypeObject *type, baro_type_name *ret_name);

/* Attributes that tell what an object holds, cheaply and without looking at its elements. */
enum {
  BARO_ASK_SHAPE = 1,
  BARO_ASK_DTYPE = 2,
  BARO_ASK_NBYTES = 4,
  BARO_ASK_DEVICE = 8,
  BARO_ASK_LENGTH = 16,      /* len() */
  BARO_ASK_TYPE = 32,        /* .type, of Arrow arrays */
  BARO_ASK_REPR = 64,        /* short and code of the library or interpreter: all of it */
  BARO_ASK_SIZED_REPR = 128, /* likewise, if the object is small */
  BARO_ASK_ZONED_REPR = 256, /* likewise, if its time zone is none of the program's */
};

/* Which of them may be asked; 0: it is none of the types that are known. */
unsigned baro_type_asks(PyTypeObject *type, const baro_type_name *name);
/* Whether a type is of one of the libraries above, by its name: the str() of its objects is theirs. */
bool baro_type_is_of_library(PyTypeObject *type);

#endif
