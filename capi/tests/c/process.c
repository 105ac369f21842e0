/* What belongs to the host: signal handlers, environment, children. With YARA, handlers of four signals change, which hand
 * on; without, none does. */
#define _DEFAULT_SOURCE
#include <signal.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define SIGNALS 65

extern char **environ;

static int asked, watching, few;
static const char *but_for[2] = {"", ""};

/* In front of libc's: who asks for a variable is counted, but for two. */
char *getenv(const char *name) {
  char **entry;
  size_t length = strlen(name);
  if (watching && strcmp(name, but_for[0]) != 0 && strcmp(name, but_for[1]) != 0) {
    asked++;
    fprintf(stderr, "asks for the environment variable %s\n", name);
  }
  for (entry = environ; entry && *entry; entry++)
    if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') return *entry + length + 1;
  return NULL;
}

static void handlers(struct sigaction *all) {
  int i;
  memset(all, 0, SIGNALS * sizeof *all);
  for (i = 1; i < SIGNALS; i++) (void)sigaction(i, NULL, &all[i]);
}

/* Signals whose handler is another one now. */
static int changed(const struct sigaction *before, int *which) {
  struct sigaction now[SIGNALS];
  int i, found = 0;
  handlers(now);
  for (i = 1; i < SIGNALS; i++)
    if (before[i].sa_handler != now[i].sa_handler || before[i].sa_flags != now[i].sa_flags) which[found++] = i;
  return found;
}

static sigjmp_buf back;
static volatile sig_atomic_t seen;

static void on_fault(int number) {
  seen = number;
  siglongjmp(back, 1);
}

/* A fault of the host's own reaches the host's own handler. */
static void fault(void) {
  volatile char *page;
  if (few) return;
  page = (volatile char *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);
  seen = 0;
  if (sigsetjmp(back, 1) == 0) page[0] = 1;
  CHECK(seen == SIGSEGV);
  CHECK(munmap((void *)page, 4096) == 0);
}

/* What `work` says in a child, by its exit. */
static int in_child(int (*work)(void *), void *data) {
  int status = 0;
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) _exit(work(data));
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  return WEXITSTATUS(status);
}

struct had {
  tamis_engine *engine;
  tamis_scan *scan;
  tamis_examined *examined;
  const char *config;
  char *json;
};

/* What is the parent's may be freed in the child. */
static void leave(struct had *had) {
  tamis_scan_free(had->scan);
  tamis_examined_free(had->examined);
  tamis_engine_free(had->engine);
  tamis_thread_release();
  free(had->json);
}

/* In the child the parent's engine is told to be the parent's, and one of its own judges the same. */
static int child(void *data) {
  struct had *had = (struct had *)data;
  tamis_engine *engine = NULL;
  tamis_scan *scan = NULL;
  tamis_verdict *verdict = NULL;
  char *json;
  GIVES(TAMIS_FORKED, tamis_scan_new(had->engine, &scan));
  GIVES(TAMIS_FORKED, tamis_engine_share(had->engine, &engine));
  GIVES(TAMIS_FORKED, tamis_scan_message(had->scan, hello(), hello_len(), &verdict));
  GIVES(TAMIS_FORKED, tamis_scan_finish(had->scan, &verdict));
  GIVES(TAMIS_FORKED, tamis_examined_judge(had->examined, &verdict));
  CHECK(verdict == NULL && tamis_engine_rules_version(had->engine) != NULL);
  engine = open_text(had->config);
  OK(tamis_scan_new(engine, &scan));
  OK(tamis_scan_set_deadline(scan, 60000));
  OK(tamis_scan_message(scan, hello(), hello_len(), &verdict));
  json = json_of(verdict);
  CHECK(strcmp(json, had->json) == 0);
  free(json);
  tamis_scan_free(scan);
  tamis_engine_free(engine);
  leave(had);
  return 7;
}

/* The deadline's clock is started anew in a child. */
static int late(void *data) {
  struct had *had = (struct had *)data;
  bytes slow = slow_message();
  tamis_engine *engine = open_text(had->config);
  tamis_scan *scan;
  tamis_verdict *verdict;
  leave(had);
  OK(tamis_scan_new(engine, &scan));
  OK(tamis_scan_set_deadline(scan, 1));
  OK(tamis_scan_message(scan, slow.data, slow.len, &verdict));
  CHECK(lacks(verdict, "deadline"));
  tamis_verdict_free(verdict);
  tamis_scan_free(scan);
  tamis_engine_free(engine);
  tamis_thread_release();
  free(slow.data);
  return 7;
}

static int opens(void *data) {
  tamis_engine *engine = open_text((const char *)data);
  tamis_verdict_free(judge(engine, hello(), hello_len()));
  tamis_engine_free(engine);
  tamis_thread_release();
  return 7;
}

static void forks(const char *config) {
  struct had had;
  tamis_verdict *verdict;
  had.config = config;
  had.engine = open_text(config);
  OK(tamis_scan_new(had.engine, &had.scan));
  /* Starts the clock, whose thread is gone in the child, and with it what its stack held: to valgrind a leak. */
  if (!few) OK(tamis_scan_set_deadline(had.scan, 60000));
  OK(tamis_scan_examine(had.scan, &had.examined));
  OK(tamis_scan_reset(had.scan));
  had.json = json_of(judge(had.engine, hello(), hello_len()));
  CHECK(in_child(child, &had) == 7);
  CHECK(in_child(late, &had) == 7);
  /* Nothing of it has changed the parent. */
  OK(tamis_scan_message(had.scan, hello(), hello_len(), &verdict));
  tamis_verdict_free(verdict);
  OK(tamis_examined_judge(had.examined, &verdict));
  tamis_verdict_free(verdict);
  tamis_scan_free(had.scan);
  tamis_engine_free(had.engine);
  free(had.json);
}

int main(int argc, char **argv) {
  static char plain[] = "[yara]\nenabled = false\n", whole[] = "";
  struct sigaction before[SIGNALS], mine;
  int which[SIGNALS], n, i, yara;
  tamis_engine *engine;
  tamis_options *options;
  CHECK(argc == 5);
  yara = strcmp(argv[2], "yara") == 0;
  few = strcmp(argv[3], "few") == 0;
  memset(&mine, 0, sizeof mine);
  mine.sa_handler = on_fault;
  CHECK(sigemptyset(&mine.sa_mask) == 0 && sigaction(SIGSEGV, &mine, NULL) == 0);
  handlers(before);
  fault();

  /* Fork before any use. */
  CHECK(in_child(opens, plain) == 7);
  CHECK(in_child(opens, whole) == 7);

  watching = 1;
  engine = open_text(plain);
  tamis_verdict_free(judge(engine, hello(), hello_len()));
  watching = 0;
  CHECK(asked == 0);
  tamis_engine_free(engine);
  CHECK(changed(before, which) == 0);
  forks(plain);
  CHECK(changed(before, which) == 0);
  /* The option does what the key does. */
  OK(tamis_options_new(&options));
  OK(tamis_options_set_yara(options, 0));
  OK(tamis_engine_open_with(options, whole, 0, &engine));
  tamis_options_free(options);
  tamis_verdict_free(judge(engine, hello(), hello_len()));
  tamis_engine_free(engine);
  CHECK(changed(before, which) == 0);

  if (yara) {
    but_for[0] = "WASMTIME_BACKTRACE_DETAILS";
    but_for[1] = "RUST_MIN_STACK";
  }
  watching = 1;
  engine = open_text(whole);
  tamis_verdict_free(judge(engine, hello(), hello_len()));
  watching = 0;
  CHECK(asked == 0);
  n = changed(before, which);
  CHECK((n > 0) == yara);
  for (i = 0; i < n; i++)
    CHECK(which[i] == SIGSEGV || which[i] == SIGILL || which[i] == SIGFPE || which[i] == SIGBUS);
  fault();
  tamis_engine_free(engine);
  forks(whole);
  fault();
  tamis_thread_release();
  return 0;
}
