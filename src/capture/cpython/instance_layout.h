/* Where instances of Python classes keep their attributes, by version: offsets as data, as layout.h has
 * them for what every sample needs. Private to this folder.
 *
 *   object --type--> type --ht_cached_keys--> keys: names of attributes that the instances share
 *     |                                        [head][index of the hash table][entry entry entry ...]
 *     |-- values: one word for each entry of these keys, or
 *     '-- a dict --ma_keys--> keys, with the values in the entries or (ma_values) in an array
 *
 * Offsets with "behind" are from the end of the object's head (layout.object.head_bytes). */
#ifndef BARO_CAPTURE_CPYTHON_INSTANCE_LAYOUT_H
#define BARO_CAPTURE_CPYTHON_INSTANCE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/* Where the values are, of a class whose instances have them without a dict. */
typedef enum baro_values_place {
  BARO_VALUES_NONE,   /* 3.9, 3.10: there is always a dict */
  BARO_VALUES_BEFORE, /* 3.11: their address is 4 words before the object, that of the dict 3 */
  BARO_VALUES_TAGGED, /* 3.12: 3 words before the object: the dict, or their address less 1 */
  BARO_VALUES_INSIDE  /* 3.13+: behind the object's basic size; the dict 3 words before the object,
                        1 word in free-threaded builds */
} baro_values_place;

typedef struct baro_instance_layout {
  uint8_t minor;
  uint8_t values_place;  /* baro_values_place */
  uint8_t values_head;   /* bytes before the first value in an array of values */
  bool keys_log2;        /* sizes in keys are bytes that hold logarithms (3.11+) */
  uint16_t frame_locals; /* of a heap frame: 3.9, 3.10; 0: layout.frame.localsplus */
  uint16_t basic_size;   /* behind, in a type */
  uint16_t flags;        /* behind, in a type */
  uint16_t dict_offset;  /* behind, in a type */
  uint16_t cached_keys;  /* behind, in a type made by a class statement */
  uint16_t dict_keys;    /* behind, in a dict */
  uint16_t dict_values;  /* behind, in a dict */
  uint16_t keys_count;   /* entries in use */
  uint16_t keys_index;   /* where the hash table's index begins */
} baro_instance_layout;

/* NULL: this version's are not known. Static storage. */
const baro_instance_layout *baro_instance_layout_for(unsigned minor);

#endif
