#include "support/test_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char test_folder_path[TEST_FOLDER_BYTES];

int enter_test_folder(void **state) {
  (void)state;
  strcpy(test_folder_path, "/tmp/barograph-test-XXXXXX");
  return mkdtemp(test_folder_path) == NULL || chdir(test_folder_path) != 0 ? -1 : 0;
}

int leave_test_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof(command), "rm -rf %s", test_folder_path);
  return system(command) == 0 ? 0 : -1;
}
