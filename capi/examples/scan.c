/* Judges messages: scan FILE...; exit 0 nothing found, 1 something found, 2 error.
 *   cc scan.c $(pkg-config --cflags --libs tamis) -o scan */
#include <stdio.h>
#include <tamis.h>

/* Feeds a file as it is read, as a mail server would; NULL where it cannot be read or judged. */
static tamis_verdict *judge(tamis_scan *scan, const char *path) {
  static uint8_t piece[65536];
  tamis_verdict *verdict = NULL;
  tamis_status status = TAMIS_OK;
  size_t length;
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    return NULL;
  }
  /* A message over the limit is told as TAMIS_TRUNCATED; its head is judged. */
  while (status == TAMIS_OK && (length = fread(piece, 1, sizeof piece, file)) > 0)
    status = tamis_scan_feed(scan, piece, length);
  if (ferror(file))
    perror(path);
  else if (status == TAMIS_OK || status == TAMIS_TRUNCATED)
    status = tamis_scan_finish(scan, &verdict);
  fclose(file);
  if (verdict == NULL) fprintf(stderr, "%s: not judged: %s\n", path, tamis_status_text(status));
  return verdict;
}

int main(int argc, char **argv) {
  tamis_engine *engine;
  tamis_scan *scan;
  int i, result = 0;
  if (tamis_engine_open("", 0, &engine) != TAMIS_OK || tamis_scan_new(engine, &scan) != TAMIS_OK) {
    fprintf(stderr, "%s\n", tamis_last_error());
    return 2;
  }
  for (i = 1; i < argc; i++) {
    tamis_verdict *verdict = judge(scan, argv[i]);
    tamis_action action = tamis_verdict_action(verdict);
    size_t n;
    if (verdict == NULL)
      result = 2;
    else
      printf("%s %.1f %s\n", tamis_action_name(action), tamis_verdict_score(verdict), argv[i]);
    if (action > TAMIS_ACTION_ACCEPT && result == 0) result = 1;
    for (n = 0; n < tamis_verdict_reasons(verdict); n++) {
      tamis_reason why = {.struct_size = sizeof why};
      if (tamis_verdict_reason(verdict, n, &why) == TAMIS_OK) printf("  %+.1f %s: %s\n", why.score, why.rule, why.explanation);
    }
    tamis_verdict_free(verdict);
    tamis_scan_reset(scan);
  }
  tamis_scan_free(scan);
  tamis_engine_free(engine);
  return result;
}
