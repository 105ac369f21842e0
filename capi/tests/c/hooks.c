/* What only a library with the feature test-hooks can show: a fault inside, and questions of a DNS list. */
#include "check.h"

static const char FAULT[] = "X-Tamis-Test: panic\r\n\r\nhello\r\n";

static void fault(const tamis_engine *engine) {
  tamis_scan *scan, *other;
  tamis_verdict *verdict = (tamis_verdict *)(uintptr_t)1;
  tamis_examined *examined = (tamis_examined *)(uintptr_t)1;
  OK(tamis_scan_new(engine, &scan));
  OK(tamis_scan_new(engine, &other));
  GIVES(TAMIS_PANIC, tamis_scan_message(scan, (const uint8_t *)FAULT, sizeof FAULT - 1, &verdict));
  CHECK(verdict == NULL && strstr(tamis_last_error(), "asked for by the message"));
  GIVES(TAMIS_POISONED, tamis_scan_message(scan, hello(), hello_len(), &verdict));
  GIVES(TAMIS_POISONED, tamis_scan_feed(scan, hello(), hello_len()));
  GIVES(TAMIS_POISONED, tamis_scan_finish(scan, &verdict));
  GIVES(TAMIS_POISONED, tamis_scan_reset(scan));
  GIVES(TAMIS_POISONED, tamis_scan_set_tls(scan, 1));
  OK(tamis_scan_cancel(scan));
  tamis_scan_free(scan);
  GIVES(TAMIS_HANDLE, tamis_scan_reset(scan));
  /* By way of the pieces, and of looking only. */
  OK(tamis_scan_feed(other, (const uint8_t *)FAULT, sizeof FAULT - 1));
  GIVES(TAMIS_PANIC, tamis_scan_examine(other, &examined));
  CHECK(examined == NULL);
  GIVES(TAMIS_POISONED, tamis_scan_finish(other, &verdict));
  tamis_scan_free(other);
  /* Everything else goes on. */
  verdict = judge(engine, hello(), hello_len());
  CHECK(tamis_verdict_action(verdict) == TAMIS_ACTION_ACCEPT);
  tamis_verdict_free(verdict);
}

static tamis_examined *ask(const tamis_engine *engine) {
  tamis_scan *scan;
  tamis_examined *examined;
  OK(tamis_scan_new(engine, &scan));
  OK(tamis_scan_set_client(scan, "192.0.2.7", NULL, NULL));
  OK(tamis_scan_feed(scan, hello(), hello_len()));
  OK(tamis_scan_examine(scan, &examined));
  tamis_scan_free(scan);
  CHECK(tamis_examined_questions(examined) == 1);
  CHECK(tamis_examined_question_kind(examined, 0) == TAMIS_QUESTION_DNS_A);
  CHECK(strcmp(tamis_examined_question_name(examined, 0), "7.2.0.192.bl.example") == 0);
  return examined;
}

static void questions(void) {
  tamis_engine *engine = open_text("# test-hooks: dns\n[rules.scores]\ndns-bl = 3.0\n");
  tamis_examined *examined = ask(engine);
  tamis_verdict *verdict;
  tamis_reason reason;
  int i;
  /* Open: neutral. */
  OK(tamis_examined_judge(examined, &verdict));
  CHECK(!has_reason(verdict, "dns-bl", &reason));
  tamis_verdict_free(verdict);
  /* Not there: neutral. */
  examined = ask(engine);
  OK(tamis_examined_answer(examined, 0, 0, NULL));
  OK(tamis_examined_judge(examined, &verdict));
  CHECK(!has_reason(verdict, "dns-bl", &reason));
  tamis_verdict_free(verdict);
  /* There. */
  examined = ask(engine);
  GIVES(TAMIS_ARGUMENT, tamis_examined_answer(examined, 0, 1, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_examined_answer(examined, 0, 1, "127.0.0"));
  GIVES(TAMIS_ABSENT, tamis_examined_answer(examined, 1, 1, "127.0.0.2"));
  for (i = 0; i < 200; i++) OK(tamis_examined_answer(examined, 0, 1, "127.0.0.2"));
  /* Of the engine it needs nothing any more from the host. */
  tamis_engine_free(engine);
  OK(tamis_examined_judge(examined, &verdict));
  CHECK(has_reason(verdict, "dns-bl", &reason) && reason.score == 3.0 && strstr(reason.explanation, "192.0.2.7"));
  tamis_verdict_free(verdict);
  GIVES(TAMIS_HANDLE, tamis_examined_answer(examined, 0, 1, "127.0.0.2"));
}

int main(int argc, char **argv) {
  tamis_engine *engine = open_text("");
  CHECK(argc == 5 && argv[4]);
  fault(engine);
  tamis_engine_free(engine);
  questions();
  tamis_thread_release();
  return 0;
}
