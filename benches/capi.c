/* What a scan through C costs: judges every file that a list names, a path a line, through libtamis, and prints CPU seconds
 * of the scans alone, and what opening cost. benches/capi.py compiles and runs it.
 *   capi LIST [CONFIGURATION] */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <tamis.h>
#include <time.h>

/* CPU seconds of this thread, as Linux counts them: the same that the other program reads. */
static double cpu_seconds(void) {
  unsigned long long nanoseconds = 0;
  FILE *file = fopen("/proc/thread-self/schedstat", "r");
  if (file == NULL || fscanf(file, "%llu", &nanoseconds) != 1) exit(2);
  fclose(file);
  return (double)nanoseconds / 1e9;
}

static double wall_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  const char *config = argc > 2 ? argv[2] : "";
  tamis_engine *engine;
  tamis_scan *scan;
  struct rusage usage;
  static char path[4096];
  static uint8_t message[16 << 20];
  double started = wall_seconds(), opened, before;
  size_t count = 0, actions[8] = {0};
  FILE *list;
  if (tamis_engine_open(config, strlen(config), &engine) != TAMIS_OK || tamis_scan_new(engine, &scan) != TAMIS_OK) {
    fprintf(stderr, "%s\n", tamis_last_error());
    return 2;
  }
  opened = wall_seconds() - started;
  getrusage(RUSAGE_SELF, &usage);
  printf("\"open_seconds\": %.4f, \"open_mb\": %.1f, ", opened, (double)usage.ru_maxrss / 1024);
  list = argc > 1 ? fopen(argv[1], "r") : NULL;
  before = cpu_seconds();
  while (list != NULL && fgets(path, sizeof path, list)) {
    tamis_verdict *verdict;
    size_t length;
    FILE *file;
    path[strcspn(path, "\n")] = '\0';
    if ((file = fopen(path, "rb")) == NULL) return 2;
    length = fread(message, 1, sizeof message, file);
    fclose(file);
    if (tamis_scan_message(scan, message, length, &verdict) != TAMIS_OK) return 2;
    actions[tamis_verdict_action(verdict)]++;
    tamis_verdict_free(verdict);
    tamis_scan_reset(scan);
    count++;
  }
  printf("\"messages\": %zu, \"cpu\": %.4f, \"accepted\": %zu\n", count, cpu_seconds() - before, actions[TAMIS_ACTION_ACCEPT]);
  return 0;
}
