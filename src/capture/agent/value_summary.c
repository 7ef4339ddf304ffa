#include "capture/agent/value_summary.h"

#include <string.h>

#include "base/clock.h"
#include "capture/agent/held_items.h"
#include "capture/agent/secret_names.h"
#include "capture/agent/value_parts.h"

enum {
  CPU_NS = 1000000, /* for the values of one call */
  /* Turns of other threads are longer, and a __repr__ that sleeps, too. */
  SHORTEST_WAIT_NS = 100000,
  NAME_BYTES = 256,
};

static void put_value(baro_value_summary *summary, PyObject *value, int depth);

void baro_value_start(baro_value_summary *summary) {
  summary->since_ns = baro_clock_now_ns();
  summary->since_cpu_ns = baro_clock_thread_cpu_ns();
}

uint64_t baro_value_wait_ns(const baro_value_summary *summary) {
  uint64_t passed_ns = baro_clock_now_ns() - summary->since_ns;
  if (passed_ns < SHORTEST_WAIT_NS) {
    return 0;
  }
  uint64_t spent_ns = baro_clock_thread_cpu_ns() - summary->since_cpu_ns;
  return passed_ns > spent_ns ? passed_ns - spent_ns : 0;
}

/* CPU time never passes faster: the kernel need not be asked (0.3 us) for every value. */
static bool time_is_over(const baro_value_summary *summary) {
  return baro_clock_now_ns() - summary->since_ns > CPU_NS &&
         baro_clock_thread_cpu_ns() - summary->since_cpu_ns > CPU_NS;
}

/* --- Secrets --- */

void baro_value_redact(baro_value_summary *summary) {
  baro_value_put_text(&summary->out, "<redacted>");
}

static bool is_secret_name(PyObject *key) {
  char name[NAME_BYTES];
  if (PyUnicode_Check(key)) {
    PyObject *start = PyUnicode_Substring(key, 0, NAME_BYTES);
    PyObject *bytes = start == NULL ? NULL : PyUnicode_AsEncodedString(start, "utf-8", "replace");
    Py_XDECREF(start);
    if (bytes == NULL) {
      PyErr_Clear();
      return true; /* nobody knows */
    }
    bool is_secret = baro_secret_name(PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes));
    Py_DECREF(bytes);
    return is_secret;
  }
  if (!PyBytes_Check(key)) {
    return false;
  }
  size_t length = (size_t)PyBytes_Size(key);
  length = length < sizeof(name) ? length : sizeof(name);
  memcpy(name, PyBytes_AsString(key), length);
  return baro_secret_name(name, length);
}

/* (name, value), as headers often are: nothing of it is shown but the name. */
static bool is_secret_pair(PyObject *value) {
  if (PyTuple_CheckExact(value)) {
    return PyTuple_Size(value) == 2 && is_secret_name(PyTuple_GetItem(value, 0));
  }
  if (!PyList_CheckExact(value) || PyList_Size(value) != 2) {
    return false;
  }
  PyObject *name = baro_list_item(value, 0);
  bool is_secret = name != NULL && is_secret_name(name);
  Py_XDECREF(name);
  PyErr_Clear();
  return is_secret;
}

/* --- Containers --- */

typedef struct container_state {
  baro_value_summary *summary;
  char close[48]; /* what ends it; its room is kept */
  size_t close_bytes;
  Py_ssize_t count;
  Py_ssize_t shown; /* so many items at most */
  Py_ssize_t done;
  int depth;
} container_state;

/* False: there is nothing to be shown of its items, and all of it has been put. */
static bool open_container(container_state *container, const char *open, const char *close) {
  baro_value_writer *out = &container->summary->out;
  container->shown = container->count < BARO_VALUE_ITEMS ? container->count : BARO_VALUE_ITEMS;
  if (container->depth >= BARO_VALUE_DEPTH) {
    container->shown = 0;
  }
  if (container->shown == container->count) {
    (void)snprintf(container->close, sizeof(container->close), "%s", close);
  } else {
    (void)snprintf(container->close, sizeof(container->close), "%s... %zd item%s%s",
                   container->shown == 0 ? "" : ", ", container->count,
                   container->count == 1 ? "" : "s", close);
  }
  container->close_bytes = strlen(container->close);
  baro_value_put_text(out, open);
  if (!baro_value_keep(out, container->close_bytes)) {
    baro_value_cut(out);
    return false;
  }
  return true;
}

/* Whether another item is to be put; puts what stands in front of it. */
static bool next_item(container_state *container) {
  baro_value_writer *out = &container->summary->out;
  if (container->done >= container->shown || out->cut) {
    return false;
  }
  if (container->done++ > 0) {
    baro_value_put_text(out, ", ");
  }
  return !out->cut;
}

static void close_container(container_state *container) {
  baro_value_put_kept(&container->summary->out, container->close, container->close_bytes);
}

static void put_tuple(container_state *container, PyObject *value) {
  bool is_pair = is_secret_pair(value);
  if (!open_container(container, "(", container->count == 1 ? ",)" : ")")) {
    return;
  }
  for (Py_ssize_t i = 0; next_item(container); i++) {
    if (is_pair && i > 0) {
      baro_value_redact(container->summary);
    } else {
      put_value(container->summary, PyTuple_GetItem(value, i), container->depth + 1);
    }
  }
  close_container(container);
}

static void put_list(container_state *container, PyObject *value) {
  bool is_pair = is_secret_pair(value);
  if (!open_container(container, "[", "]")) {
    return;
  }
  /* It may become shorter while code of a library runs. */
  for (Py_ssize_t i = 0; i < PyList_Size(value) && next_item(container); i++) {
    PyObject *item = baro_list_item(value, i);
    if (item == NULL) {
      PyErr_Clear();
      break;
    }
    if (is_pair && i > 0) {
      baro_value_redact(container->summary);
    } else {
      put_value(container->summary, item, container->depth + 1);
    }
    Py_DECREF(item);
  }
  close_container(container);
}

static void put_set(container_state *container, PyObject *value, const char *open,
                    const char *close) {
  if (!open_container(container, open, close)) {
    return;
  }
  PyObject *items = container->shown == 0 ? NULL : PyObject_GetIter(value);
  while (items != NULL && next_item(container)) {
    PyObject *item = PyIter_Next(items);
    if (item == NULL) {
      PyErr_Clear(); /* it became another meanwhile */
      break;
    }
    put_value(container->summary, item, container->depth + 1);
    Py_DECREF(item);
  }
  Py_XDECREF(items);
  PyErr_Clear();
  close_container(container);
}

typedef struct dict_items {
  PyObject *keys[BARO_VALUE_ITEMS]; /* owned, as the values */
  PyObject *values[BARO_VALUE_ITEMS];
  Py_ssize_t count;
} dict_items;

/* The first `count` items, as they are at one moment: what shows them may run code of a library, or other threads. */
static void hold_items(PyObject *dict, Py_ssize_t count, dict_items *ret_items) {
  Py_ssize_t position = 0;
  ret_items->count = 0;
  BARO_HOLD_STILL(dict);
  for (Py_ssize_t i = 0;
       i < count && PyDict_Next(dict, &position, &ret_items->keys[i], &ret_items->values[i]); i++) {
    Py_INCREF(ret_items->keys[i]);
    Py_INCREF(ret_items->values[i]);
    ret_items->count = i + 1;
  }
  BARO_LET_MOVE();
}

static void put_item(container_state *container, PyObject *key, PyObject *value) {
  put_value(container->summary, key, container->depth + 1);
  baro_value_put_text(&container->summary->out, ": ");
  if (is_secret_name(key)) {
    baro_value_redact(container->summary);
  } else {
    put_value(container->summary, value, container->depth + 1);
  }
}

static void put_dict(container_state *container, PyObject *value) {
  if (!open_container(container, "{", "}")) {
    return;
  }
  dict_items items;
  hold_items(value, container->shown, &items);
  for (Py_ssize_t i = 0; i < items.count; i++) {
    if (next_item(container)) {
      put_item(container, items.keys[i], items.values[i]);
    }
    Py_DECREF(items.values[i]);
    Py_DECREF(items.keys[i]);
  }
  close_container(container);
}

static bool put_container(baro_value_summary *summary, PyObject *value, int depth) {
  container_state container = {.summary = summary, .depth = depth};
  if (PyTuple_CheckExact(value)) {
    container.count = PyTuple_Size(value);
    put_tuple(&container, value);
  } else if (PyList_CheckExact(value)) {
    container.count = PyList_Size(value);
    put_list(&container, value);
  } else if (PyDict_CheckExact(value)) {
    container.count = PyDict_Size(value);
    put_dict(&container, value);
  } else if (Py_TYPE(value) == &PySet_Type || Py_TYPE(value) == &PyFrozenSet_Type) {
    bool frozen = Py_TYPE(value) == &PyFrozenSet_Type;
    container.count = PySet_Size(value);
    if (container.count == 0) {
      baro_value_put_text(&summary->out, frozen ? "frozenset()" : "set()");
    } else {
      put_set(&container, value, frozen ? "frozenset({" : "{", frozen ? "})" : "}");
    }
  } else {
    return false;
  }
  return true;
}

/* --- All --- */

static void put_by_repr(baro_value_summary *summary, PyObject *value) {
  PyObject *text = PyObject_Repr(value);
  if (text != NULL && PyUnicode_CheckExact(text)) {
    baro_value_put_text_object(summary, text);
    return;
  }
  Py_XDECREF(text);
  baro_value_fail(summary);
  baro_value_put_type(summary, value);
}

static void put_value(baro_value_summary *summary, PyObject *value, int depth) {
  if (value == NULL) {
    PyErr_Clear();
    baro_value_put_text(&summary->out, "<unknown>");
    return;
  }
  if (summary->out.cut || baro_value_put_scalar(summary, value, depth)) {
    return;
  }
  if (time_is_over(summary)) {
    baro_value_cut(&summary->out);
    return;
  }
  if (!put_container(summary, value, depth) && !baro_value_put_known(summary, value)) {
    if (summary->may_repr) {
      put_by_repr(summary, value);
    } else {
      baro_value_put_type(summary, value);
    }
  }
}

/* Gives the value its end within the whole. */
static size_t begin(baro_value_summary *summary) {
  baro_value_writer *out = &summary->out;
  size_t whole = out->end;
  if (out->length < whole && whole - out->length > BARO_VALUE_BYTES) {
    out->end = out->length + BARO_VALUE_BYTES;
  }
  return whole;
}

/* What did not fit into its own bytes is no reason to end the whole. */
static void end(baro_value_summary *summary, size_t whole) {
  if (summary->out.end < whole) {
    summary->out.cut = false;
  }
  summary->out.end = whole;
}

void baro_value_summarize(baro_value_summary *summary, PyObject *value) {
  size_t whole = begin(summary);
  put_value(summary, value, 0);
  end(summary, whole);
  PyErr_Clear();
}

void baro_value_summarize_type(baro_value_summary *summary, PyObject *value) {
  size_t whole = begin(summary);
  baro_value_put_type(summary, value);
  end(summary, whole);
}
