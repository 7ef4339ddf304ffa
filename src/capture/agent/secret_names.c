#include "capture/agent/secret_names.h"

#include <string.h>

enum { LOOKED_AT = 256 };

/* Between underscores: each stands for one or more words that follow each other. */
static const char *const words[] = {
    "_access_key_",
    "_accesskey_",
    "_auth_",
    "_authentication_",
    "_bearer_",
    "_cookie_",
    "_cookies_",
    "_csrf_",
    "_cvc_",
    "_cvv_",
    "_jwt_",
    "_otp_",
    "_pass_",
    "_pin_code_",
    "_private_key_",
    "_privatekey_",
    "_pwd_",
    "_session_",
    "_session_id_",
    "_sessionid_",
    "_sessions_",
    "_signing_key_",
    "_encryption_key_",
    "_ssn_",
    "_token_",
    "_tokens_",
    "_xsrf_",
};

/* Wherever they stand. */
static const char *const anywhere[] = {
    "api_key",  "apikey", "authorization", "credential",   "passphrase", "passwd",
    "password", "secret", "auth_token",    "access_token", "authtoken",  "accesstoken",
};

static bool is_upper(unsigned char c) {
  return c >= 'A' && c <= 'Z';
}

/* Bytes of other scripts count as letters that have no case. */
static bool is_lower(unsigned char c) {
  return (c >= 'a' && c <= 'z') || c >= 0x80;
}

static bool begins_a_word(const unsigned char *name, size_t at, size_t length) {
  if (at == 0 || !is_upper(name[at])) {
    return false;
  }
  /* dbPassword, and the K of APIKey. */
  return is_lower(name[at - 1]) ||
         (is_upper(name[at - 1]) && at + 1 < length && is_lower(name[at + 1]));
}

/* As lower-case words with an underscore before, between and behind them; digits and all else are boundaries. */
static void take_apart(const unsigned char *name, size_t length, char *text) {
  size_t out = 0;
  text[out++] = '_';
  for (size_t i = 0; i < length; i++) {
    unsigned char c = name[i];
    bool is_letter = is_upper(c) || is_lower(c);
    if ((!is_letter || begins_a_word(name, i, length)) && text[out - 1] != '_') {
      text[out++] = '_';
    }
    if (is_letter) {
      text[out++] = (char)(is_upper(c) ? c - 'A' + 'a' : c);
    }
  }
  if (text[out - 1] != '_') {
    text[out++] = '_';
  }
  text[out] = '\0';
}

static bool has_any(const char *text, const char *const *parts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strstr(text, parts[i]) != NULL) {
      return true;
    }
  }
  return false;
}

bool baro_secret_name(const char *name, size_t length) {
  char text[2 * LOOKED_AT + 3]; /* every letter may begin a word */
  take_apart((const unsigned char *)name, length < LOOKED_AT ? length : LOOKED_AT, text);
  return has_any(text, words, sizeof(words) / sizeof(words[0])) ||
         has_any(text, anywhere, sizeof(anywhere) / sizeof(anywhere[0]));
}
