/* Threads: eight on one engine, an engine replaced while scans run, cancel, deadline, a scan that another thread uses. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "check.h"

#define THREADS 8
#define MOST 400

static bytes messages[MOST];
static char *expected[MOST];
static size_t count;
static tamis_engine *current;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int swaps;

static void keep(bytes message, void *data) {
  (void)data;
  CHECK(count < MOST);
  messages[count].len = message.len;
  messages[count].data = (uint8_t *)malloc(message.len + 1);
  CHECK(messages[count].data != NULL);
  memcpy(messages[count++].data, message.data, message.len);
}

/* Threads of this process, by Linux. */
static int running(void) {
  DIR *tasks = opendir("/proc/self/task");
  struct dirent *entry;
  int found = 0;
  if (tasks == NULL) return -1;
  while ((entry = readdir(tasks))) found += entry->d_name[0] != '.';
  closedir(tasks);
  return found;
}

/* Each thread judges all messages, from another one on, with one scan that it uses again. */
static void *work(void *data) {
  size_t first = (size_t)(uintptr_t)data * 31, i;
  for (i = 0; i < count; i++) {
    size_t n = (first + i) % count;
    tamis_engine *mine = NULL;
    tamis_scan *scan = NULL;
    tamis_verdict *verdict = NULL;
    char *json;
    pthread_mutex_lock(&lock);
    OK(tamis_engine_share(current, &mine));
    pthread_mutex_unlock(&lock);
    OK(tamis_scan_new(mine, &scan));
    tamis_engine_free(mine);
    OK(tamis_scan_feed(scan, messages[n].data, messages[n].len));
    OK(tamis_scan_finish(scan, &verdict));
    tamis_scan_free(scan);
    json = json_of(verdict);
    CHECK(strcmp(json, expected[n]) == 0);
    free(json);
  }
  return NULL;
}

static void *replace(void *config) {
  int i;
  for (i = 0; i < 3; i++) {
    tamis_engine *next = open_text((const char *)config), *old;
    pthread_mutex_lock(&lock);
    old = current;
    current = next;
    swaps++;
    pthread_mutex_unlock(&lock);
    tamis_engine_free(old);
  }
  return NULL;
}

static void together(const char *config) {
  pthread_t threads[THREADS], replacer;
  size_t i;
  current = open_text(config);
  for (i = 0; i < count; i++) expected[i] = json_of(judge(current, messages[i].data, messages[i].len));
  for (i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) == 0);
  CHECK(pthread_create(&replacer, NULL, replace, (void *)(uintptr_t)config) == 0);
  for (i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(pthread_join(replacer, NULL) == 0 && swaps == 3);
  tamis_engine_free(current);
  for (i = 0; i < count; i++) free(expected[i]);
}

struct shared {
  tamis_scan *scan;
  int busy;
};

/* Waits until the other thread is judging, which this one is told by TAMIS_BUSY, and ends that. */
static void *cancel(void *data) {
  struct shared *shared = (struct shared *)data;
  tamis_status status;
  do {
    status = tamis_scan_set_tls(shared->scan, 1);
    sched_yield();
  } while (status == TAMIS_OK);
  shared->busy = status == TAMIS_BUSY;
  OK(tamis_scan_cancel(shared->scan));
  /* May be freed meanwhile: the one who judges keeps it. */
  tamis_scan_free(shared->scan);
  return NULL;
}

static void ended(const tamis_engine *engine) {
  bytes slow = slow_message();
  tamis_verdict *verdict;
  struct shared shared;
  pthread_t canceller;
  tamis_scan *scan;
  int before = running();
  /* By another thread, while it runs. */
  OK(tamis_scan_new(engine, &shared.scan));
  shared.busy = 0;
  scan = shared.scan;
  CHECK(pthread_create(&canceller, NULL, cancel, &shared) == 0);
  {
    /* A call that the other thread made in between makes this one busy. */
    tamis_status status;
    do status = tamis_scan_message(scan, slow.data, slow.len, &verdict);
    while (status == TAMIS_BUSY);
    OK(status);
  }
  CHECK(pthread_join(canceller, NULL) == 0 && shared.busy);
  CHECK(lacks(verdict, "deadline"));
  tamis_verdict_free(verdict);
  CHECK(running() == before);
  /* Before it began; a reset forgets that. */
  OK(tamis_scan_new(engine, &scan));
  OK(tamis_scan_cancel(scan));
  OK(tamis_scan_message(scan, hello(), hello_len(), &verdict));
  CHECK(lacks(verdict, "deadline"));
  tamis_verdict_free(verdict);
  OK(tamis_scan_reset(scan));
  OK(tamis_scan_message(scan, hello(), hello_len(), &verdict));
  CHECK(!lacks(verdict, "deadline"));
  tamis_verdict_free(verdict);
  /* By the clock, which is the thread that was asked for; a reset forgets the deadline. */
  OK(tamis_scan_reset(scan));
  OK(tamis_scan_set_deadline(scan, 1));
  OK(tamis_scan_message(scan, slow.data, slow.len, &verdict));
  CHECK(lacks(verdict, "deadline"));
  tamis_verdict_free(verdict);
  CHECK(before < 0 || running() == before + 1);
  OK(tamis_scan_reset(scan));
  OK(tamis_scan_set_deadline(scan, 3600000));
  OK(tamis_scan_message(scan, hello(), hello_len(), &verdict));
  CHECK(!lacks(verdict, "deadline"));
  tamis_verdict_free(verdict);
  CHECK(before < 0 || running() == before + 1);
  tamis_scan_free(scan);
  free(slow.data);
}

/* Threads of the engine's own, where they were asked for, change no verdict. */
static void own_threads(const char *config) {
  tamis_options *options;
  tamis_engine *alone = open_text(config), *helped;
  bytes slow = slow_message();
  char *one = json_of(judge(alone, slow.data, slow.len)), *two;
  OK(tamis_options_new(&options));
  OK(tamis_options_set_threads(options, 3));
  OK(tamis_engine_open_with(options, config, strlen(config), &helped));
  tamis_options_free(options);
  two = json_of(judge(helped, slow.data, slow.len));
  CHECK(strcmp(one, two) == 0);
  free(one);
  free(two);
  free(slow.data);
  tamis_engine_free(alone);
  tamis_engine_free(helped);
}

int main(int argc, char **argv) {
  static const char plain[] = "[yara]\nenabled = false\n";
  char path[4096];
  tamis_engine *engine;
  int yara;
  CHECK(argc == 5);
  yara = strcmp(argv[2], "yara") == 0;
  snprintf(path, sizeof path, "%s/messages", argv[4]);
  each_message(path, strcmp(argv[3], "few") == 0, keep, NULL);
  CHECK(count > 5);
  /* No thread that was not asked for. */
  CHECK(running() <= 1);
  engine = open_text(plain);
  tamis_verdict_free(judge(engine, hello(), hello_len()));
  CHECK(running() <= 1);
  ended(engine);
  tamis_engine_free(engine);
  together(plain);
  if (yara) {
    swaps = 0;
    together("");
  }
  own_threads(plain);
  while (count > 0) free(messages[--count].data);
  tamis_thread_release();
  return 0;
}
