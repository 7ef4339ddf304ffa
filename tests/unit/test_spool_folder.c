/* The spool directory and the agent's place: wrong here means a command without an agent, with another PYTHONPATH than the
 * user gave it, or directories in memory that nobody removes. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/os_file.h"
#include "capture/agent/ring.h"
#include "capture/spool_folder.h"
#include "support/test_files.h"
#include "support/test_folder.h"

static int enter(void **state) {
  unsetenv("BAROGRAPH_SPOOL");
  unsetenv("BAROGRAPH_AGENT");
  return enter_test_folder(state);
}

static void make_folders(const char *path) {
  char command[256];
  snprintf(command, sizeof command, "mkdir -p %s", path);
  assert_int_equal(system(command), 0);
}

/* --- where the agent is --- */

static void the_agent_is_found_where_it_is_installed(void **state) {
  (void)state;
  static const struct {
    const char *program;
    const char *package;
    const char *startup;
  } layouts[] = {
      {"env/bin", "env/lib/python3.12/site-packages/barograph",
       "env/lib/python3.12/site-packages/barograph/_startup"},
      {"deb/bin", "deb/lib/python3/dist-packages/barograph",
       "deb/lib/python3/dist-packages/barograph/_startup"},
      {"target/bin", "target/barograph", "target/barograph/_startup"},
      {"source/build/gcc", "source/build/gcc/python/barograph", "source/python/barograph/_startup"},
  };
  for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
    char path[256];
    char whole[512];
    baro_agent_place place;
    baro_error err = {0};
    make_folders(layouts[i].program);
    make_folders(layouts[i].package);
    make_folders(layouts[i].startup);
    snprintf(whole, sizeof whole, "%s/%s", test_folder_path, layouts[i].program);
    assert_int_equal(baro_agent_find_from(whole, NULL, &place, &err), BARO_NOT_FOUND);
    assert_non_null(strstr(err.message, "needs the Python package"));
    snprintf(path, sizeof path, "%s/_agent.abi3.so", layouts[i].package);
    put_text(path, "");
    assert_int_equal(baro_agent_find_from(whole, NULL, &place, &err), BARO_NOT_FOUND);
    assert_non_null(strstr(err.message, "no start-up hook"));
    char hook[256];
    snprintf(hook, sizeof hook, "%s/sitecustomize.py", layouts[i].startup);
    put_text(hook, "");
    assert_int_equal(baro_agent_find_from(whole, NULL, &place, &err), BARO_OK);
    snprintf(whole, sizeof whole, "%s/%s", test_folder_path, path);
    assert_string_equal(place.module, whole);
    snprintf(whole, sizeof whole, "%s/%s", test_folder_path, layouts[i].startup);
    assert_string_equal(place.hook, whole);
  }
}

static void a_named_agent_is_taken(void **state) {
  (void)state;
  baro_agent_place place;
  baro_error err = {0};
  make_folders("named/_startup");
  put_text("named/_agent.so", "");
  put_text("named/_startup/sitecustomize.py", "");
  assert_int_equal(baro_agent_find_from("/nowhere", "named/_agent.so", &place, &err), BARO_OK);
  char whole[256];
  snprintf(whole, sizeof whole, "%s/named/_agent.so", test_folder_path);
  assert_string_equal(place.module, whole); /* the target is somewhere else */
  assert_int_equal(baro_agent_find_from("/nowhere", "no-such.so", &place, &err), BARO_NOT_FOUND);
  assert_non_null(strstr(err.message, "no-such.so"));
}

/* --- the directory --- */

static const baro_agent_place PLACE = {.module = "/p/_agent.abi3.so", .hook = "/p/_startup"};

static void create(baro_spool_folder *spool, const char *patterns, bool children) {
  baro_spool_folder_options options = {.patterns = patterns, .children = children};
  baro_error err = {0};
  assert_int_equal(baro_spool_folder_create(&options, &PLACE, spool, &err), BARO_OK);
}

static void the_config_says_what_is_asked_for(void **state) {
  (void)state;
  static baro_spool_folder spool;
  char path[BARO_SPOOL_FOLDER_BYTES + 16];
  struct stat info;
  unsetenv("PYTHONPATH");
  create(&spool, "", true);
  assert_int_equal(stat(spool.path, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0700);
  snprintf(path, sizeof path, "%s/config", spool.path);
  expect_text(path, "agent=/p/_agent.abi3.so\nformat=1\n");
  baro_spool_folder_remove(&spool);
  assert_int_not_equal(stat(path, &info), 0);
  setenv("PYTHONPATH", "a:b c", 1);
  create(&spool, "mypkg.*,json", false);
  snprintf(path, sizeof path, "%s/config", spool.path);
  expect_text(path, "calls=mypkg.*,json\npython_path=a:b c\nagent=/p/_agent.abi3.so\nformat=1\n"
                    "children=no\n");
  baro_spool_folder_remove(&spool);
  baro_spool_folder_options options = {.patterns = "a\nagent=/tmp/evil.so", .children = true};
  baro_error err = {0};
  assert_int_equal(baro_spool_folder_create(&options, &PLACE, &spool, &err), BARO_USAGE);
  baro_spool_folder_remove(&spool);
  unsetenv("PYTHONPATH");
}

/* Those of recorders that were killed take memory until somebody removes them; those in use are left alone. */
static void abandoned_ones_are_removed(void **state) {
  (void)state;
  static baro_spool_folder ours;
  static baro_spool_folder killed;
  static baro_spool_folder next;
  create(&ours, "", true);
  create(&killed, "", true);
  assert_int_equal(close(killed.config), 0); /* as its process' end does */
  create(&next, "", true);
  assert_int_equal(access(ours.path, F_OK), 0);
  assert_int_not_equal(access(killed.path, F_OK), 0);
  baro_spool_folder_remove(&ours);
  baro_spool_folder_remove(&next);
}

static void the_environment_is_the_commands_only(void **state) {
  (void)state;
  static baro_spool_folder spool;
  baro_error err = {0};
  static const char *const before[] = {NULL, "", "mine:yours"};
  static const char *const inside[] = {"/p/_startup", "/p/_startup", "/p/_startup:mine:yours"};
  for (size_t i = 0; i < 3; i++) {
    if (before[i] == NULL)
      unsetenv("PYTHONPATH");
    else
      setenv("PYTHONPATH", before[i], 1);
    create(&spool, "", true);
    assert_int_equal(baro_spool_folder_enter(&spool, &PLACE, &err), BARO_OK);
    assert_string_equal(getenv("PYTHONPATH"), inside[i]);
    assert_string_equal(getenv(BARO_SPOOL_VARIABLE), spool.path);
    baro_spool_folder_leave(&spool);
    assert_null(getenv(BARO_SPOOL_VARIABLE));
    if (before[i] == NULL)
      assert_null(getenv("PYTHONPATH"));
    else
      assert_string_equal(getenv("PYTHONPATH"), before[i]);
    baro_spool_folder_remove(&spool);
  }
  unsetenv("PYTHONPATH");
}

/* A recorder in a program that is recorded: one hook, and the user's path as it was. */
static void a_hook_is_not_doubled(void **state) {
  (void)state;
  static baro_spool_folder spool;
  baro_error err = {0};
  char path[BARO_SPOOL_FOLDER_BYTES + 16];
  static const char *const outer[] = {"/p/_startup:mine", "/p/_startup", "/p/_startup:"};
  static const char *const inside[] = {"/p/_startup:mine", "/p/_startup", "/p/_startup"};
  static const char *const config[] = {"python_path=mine\nagent=/p/_agent.abi3.so\nformat=1\n",
                                       "agent=/p/_agent.abi3.so\nformat=1\n",
                                       "python_path=\nagent=/p/_agent.abi3.so\nformat=1\n"};
  for (size_t i = 0; i < 3; i++) {
    setenv("PYTHONPATH", outer[i], 1);
    create(&spool, "", true);
    snprintf(path, sizeof path, "%s/config", spool.path);
    expect_text(path, config[i]);
    assert_int_equal(baro_spool_folder_enter(&spool, &PLACE, &err), BARO_OK);
    assert_string_equal(getenv("PYTHONPATH"), inside[i]);
    baro_spool_folder_remove(&spool);
    assert_string_equal(getenv("PYTHONPATH"), outer[i]);
  }
  unsetenv("PYTHONPATH");
}

static void a_hook_may_say_why_not(void **state) {
  (void)state;
  static baro_spool_folder spool;
  char path[BARO_SPOOL_FOLDER_BYTES + 16];
  char reason[32];
  create(&spool, "", true);
  assert_false(baro_spool_folder_reason(&spool, reason, sizeof reason));
  snprintf(path, sizeof path, "%s/77.why", spool.path);
  put_text(path, "PyPy 7.3\nand more");
  assert_true(baro_spool_folder_reason(&spool, reason, sizeof reason));
  assert_string_equal(reason, "PyPy 7.3");
  put_text(path, "a reason that is longer than the room for it");
  assert_true(baro_spool_folder_reason(&spool, reason, sizeof reason));
  assert_int_equal(strlen(reason), sizeof reason - 1);
  baro_spool_folder_remove(&spool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_agent_is_found_where_it_is_installed),
      cmocka_unit_test(a_named_agent_is_taken),
      cmocka_unit_test(the_config_says_what_is_asked_for),
      cmocka_unit_test(abandoned_ones_are_removed),
      cmocka_unit_test(the_environment_is_the_commands_only),
      cmocka_unit_test(a_hook_is_not_doubled),
      cmocka_unit_test(a_hook_may_say_why_not),
  };
  return cmocka_run_group_tests_name("spool_folder", tests, enter, leave_test_folder);
}
