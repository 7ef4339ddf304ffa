#include "capture/agent/agent_lock.h"

#include <Python.h>

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void baro_agent_lock(void) {
  while (pthread_mutex_trylock(&lock) != 0) {
    PyThreadState *state = PyEval_SaveThread();
    (void)pthread_mutex_lock(&lock);
    (void)pthread_mutex_unlock(&lock);
    PyEval_RestoreThread(state);
  }
}

void baro_agent_unlock(void) {
  (void)pthread_mutex_unlock(&lock);
}

void baro_agent_lock_forked(void) {
  lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}
