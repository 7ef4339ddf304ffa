/* secret_names: what a secret is called. If this failed, values that people hide would be stored, or plain ones hidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/agent/secret_names.h"

static bool is_secret(const char *name) {
  return baro_secret_name(name, strlen(name));
}

static void test_secrets_however_they_are_written(void **state) {
  (void)state;
  static const char *const names[] = {
      "password",
      "PASSWORD",
      "passwd",
      "pwd",
      "db_password",
      "dbPassword",
      "DBPassword",
      "password2",
      "userpassword",
      "pass-word_password",
      "secret",
      "clientSecret",
      "SECRET_KEY",
      "token",
      "tokens",
      "access_token",
      "AccessToken",
      "authtoken",
      "api_key",
      "apikey",
      "X-API-Key",
      "APIKey",
      "private_key",
      "PRIVATE-KEY",
      "auth",
      "Authorization",
      "basic_auth",
      "authentication",
      "credentials",
      "aws_credential",
      "cookie",
      "Set-Cookie",
      "cookies",
      "session",
      "sessionid",
      "session_id",
      "PHPSESSION_ID_session",
      "jwt",
      "passphrase",
      "csrf_token",
      "__token",
      "_C__password",
  };
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (!is_secret(names[i])) {
      fail_msg("not told: %s", names[i]);
    }
  }
}

static void test_plain_names(void **state) {
  (void)state;
  static const char *const names[] = {
      "",         "_",         "self",    "author",       "authors",   "tokenizer",
      "tokenize", "compass",   "pins",    "cookiecutter", "key",       "keys",
      "path",     "sessional", "passing", "bypass",       "user",      "monkey",
      "x",        "private",   "access",  "signing",      "obsession", "api",
  };
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (is_secret(names[i])) {
      fail_msg("hidden: %s", names[i]);
    }
  }
}

static void test_any_bytes(void **state) {
  (void)state;
  char name[1000];
  for (size_t i = 0; i < sizeof(name); i++) {
    name[i] = (char)(i % 2 == 0 ? 'a' : 'B'); /* as many words as letters */
  }
  assert_false(baro_secret_name(name, sizeof(name)));
  memset(name, 0xff, sizeof(name));
  assert_false(baro_secret_name(name, sizeof(name)));
  memcpy(name + 200, "_password", 9);
  assert_true(baro_secret_name(name, sizeof(name)));
  assert_true(baro_secret_name("pass\0password", 13));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_secrets_however_they_are_written),
      cmocka_unit_test(test_plain_names),
      cmocka_unit_test(test_any_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
