/* A folder of its own for a test program, which is also its current one: setup and teardown of a group of tests. */
#ifndef BARO_TESTS_TEST_FOLDER_H
#define BARO_TESTS_TEST_FOLDER_H

enum { TEST_FOLDER_BYTES = 64 };

extern char test_folder_path[TEST_FOLDER_BYTES]; /* absolute; "" before it is entered */

int enter_test_folder(void **state);
int leave_test_folder(void **state);

#endif
