/* What all tests share. A test prints nothing where all is well: what is printed is a failure, of the test or of the
 * library, which has promised to print nothing. Every program takes: CORPUS yara|plain all|few FOLDER;
 * with few, which is for valgrind, there are few messages and no fault on purpose. FOLDER is an empty one to write to, but for `messages`, which names the corpus's messages, a path a line. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tamis.h>

#define CHECK(condition)                                                                                        \
  do {                                                                                                          \
    if (!(condition)) {                                                                                         \
      fprintf(stderr, "%s:%d: %s\n  last error: %s\n", __FILE__, __LINE__, #condition, tamis_last_error());     \
      exit(1);                                                                                                  \
    }                                                                                                           \
  } while (0)
/* The call gives the status, and where that is a failure, it has a text. */
#define GIVES(status, call)                                                                                     \
  do {                                                                                                          \
    int got_ = (int)(call);                                                                                     \
    if (got_ != (int)(status)) {                                                                                \
      fprintf(stderr, "%s:%d: %s\n  is %d (%s), not %s\n", __FILE__, __LINE__, #call, got_, tamis_last_error(), \
              #status);                                                                                         \
      exit(1);                                                                                                  \
    }                                                                                                           \
    CHECK(got_ == TAMIS_OK || tamis_last_error()[0] != '\0');                                                   \
  } while (0)
#define OK(call) GIVES(TAMIS_OK, call)

typedef struct bytes {
  uint8_t *data;
  size_t len;
} bytes;

static const char HELLO[] =
    "From: Ann <ann@one.example>\r\nTo: bob@two.example\r\nSubject: Monday\r\n"
    "Date: Tue, 2 Mar 2021 10:00:00 +0000\r\nMessage-ID: <1@one.example>\r\n\r\nHello Bob, see you on Monday.\r\n";

static inline const uint8_t *hello(void) { return (const uint8_t *)HELLO; }
static inline size_t hello_len(void) { return sizeof HELLO - 1; }

static inline bytes slurp(const char *path) {
  bytes all = {NULL, 0};
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  CHECK(fseek(file, 0, SEEK_END) == 0);
  all.len = (size_t)ftell(file);
  rewind(file);
  all.data = (uint8_t *)malloc(all.len + 1);
  CHECK(all.data != NULL && fread(all.data, 1, all.len, file) == all.len);
  fclose(file);
  return all;
}

/* The messages that LIST names, a path a line; calls `each` with every one, or with one of twenty. */
static inline void each_message(const char *list, int few, void (*each)(bytes message, void *data), void *data) {
  char path[4096];
  int number = 0;
  FILE *file = fopen(list, "r");
  CHECK(file != NULL);
  while (fgets(path, sizeof path, file)) {
    bytes message;
    path[strcspn(path, "\n")] = '\0';
    if (few && number++ % 20 != 0) continue;
    message = slurp(path);
    each(message, data);
    free(message.data);
  }
  fclose(file);
}

static inline tamis_engine *open_text(const char *config) {
  tamis_engine *engine = NULL;
  OK(tamis_engine_open(config, strlen(config), &engine));
  CHECK(engine != NULL);
  return engine;
}

static inline tamis_verdict *judge(const tamis_engine *engine, const uint8_t *data, size_t len) {
  tamis_scan *scan = NULL;
  tamis_verdict *verdict = NULL;
  OK(tamis_scan_new(engine, &scan));
  OK(tamis_scan_message(scan, data, len, &verdict));
  CHECK(verdict != NULL);
  tamis_scan_free(scan);
  return verdict;
}

/* The JSON of a verdict, which is freed; to be freed. */
static inline char *json_of(tamis_verdict *verdict) {
  const char *json = NULL;
  char *copy;
  size_t len = 0;
  OK(tamis_verdict_json(verdict, &json, &len));
  CHECK(json != NULL && strlen(json) == len && json[0] == '{');
  copy = (char *)malloc(len + 1);
  CHECK(copy != NULL);
  memcpy(copy, json, len + 1);
  tamis_verdict_free(verdict);
  return copy;
}

/* Whether the verdict names this as not looked at. */
static inline int lacks(const tamis_verdict *verdict, const char *limit) {
  size_t i;
  for (i = 0; i < tamis_verdict_incompletes(verdict); i++) {
    tamis_note note;
    note.struct_size = sizeof note;
    OK(tamis_verdict_incomplete(verdict, i, &note));
    if (strcmp(note.name, limit) == 0) return 1;
  }
  return 0;
}

/* Whether the verdict has this reason; its place and texts are there. */
static inline int has_reason(const tamis_verdict *verdict, const char *rule, tamis_reason *out) {
  size_t i;
  for (i = 0; i < tamis_verdict_reasons(verdict); i++) {
    out->struct_size = sizeof *out;
    OK(tamis_verdict_reason(verdict, i, out));
    CHECK(out->rule && out->explanation && out->evidence && out->group && out->path && out->view);
    if (strcmp(out->rule, rule) == 0) return 1;
  }
  return 0;
}

/* A message that takes a second to judge: HTML with very many tags. To be freed. */
static inline bytes slow_message(void) {
  static const char head[] = "From: a@one.example\nMIME-Version: 1.0\nContent-Type: text/html\n\n";
  static const char row[] = "<p><b>a</b> <i>b</i> <a href='http://a.example/b'>c</a></p>\n";
  bytes all;
  size_t at = sizeof head - 1;
  all.len = (size_t)24 << 20;
  all.data = (uint8_t *)malloc(all.len);
  CHECK(all.data != NULL);
  memcpy(all.data, head, at);
  for (; at + sizeof row - 1 <= all.len; at += sizeof row - 1) memcpy(all.data + at, row, sizeof row - 1);
  all.len = at;
  return all;
}

#endif
