/* Modules that the program has imported already.
 * By sys.modules: PyImport_GetModule waits where another thread is about to import the module, and PyImport_GetModuleDict ends
 * the process at the end of the interpreter, when there is no dictionary any more but finalizers still run.
 * In a thread that has a thread state. Runs no code of the program; what is raised stays so. */
#ifndef BARO_CAPTURE_AGENT_LOADED_MODULE_H
#define BARO_CAPTURE_AGENT_LOADED_MODULE_H

#include <Python.h>

#include <stddef.h>

#include "capture/agent/held_items.h"

/* New reference; NULL: not imported. */
static inline PyObject *baro_loaded_module(const char *name) {
  PyObject *modules =
      PySys_GetObject("modules"); /* borrowed; the program may have put anything there */
  return modules != NULL && PyDict_CheckExact(modules) ? baro_dict_text_item(modules, name) : NULL;
}

#endif
