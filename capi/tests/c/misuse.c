/* NULL everywhere, calls in the wrong order, handles that were freed, freed twice, never made or of another kind. */
#include "check.h"

static void *handles[40];
static size_t count;

/* Every function with a handle that is none. */
static void refuse(void *bad) {
  tamis_engine *engine = (tamis_engine *)(uintptr_t)1;
  tamis_scan *scan = (tamis_scan *)(uintptr_t)1;
  tamis_verdict *verdict = (tamis_verdict *)(uintptr_t)1;
  tamis_examined *examined = (tamis_examined *)(uintptr_t)1;
  tamis_reason reason;
  tamis_recipient recipient;
  tamis_note note;
  const char *json = "";
  size_t len = 7;
  reason.struct_size = sizeof reason;
  recipient.struct_size = sizeof recipient;
  note.struct_size = sizeof note;

  if (bad != NULL) GIVES(TAMIS_HANDLE, tamis_engine_open_with((tamis_options *)bad, "", 0, &engine));
  CHECK(bad == NULL || engine == NULL);
  GIVES(TAMIS_HANDLE, tamis_engine_share((tamis_engine *)bad, &engine));
  CHECK(engine == NULL);
  CHECK(tamis_engine_rules_version((tamis_engine *)bad) == NULL);
  CHECK(tamis_engine_model_version((tamis_engine *)bad) == NULL);
  GIVES(TAMIS_HANDLE, tamis_options_set_base_dir((tamis_options *)bad, "/"));
  GIVES(TAMIS_HANDLE, tamis_options_set_yara((tamis_options *)bad, 0));
  GIVES(TAMIS_HANDLE, tamis_options_set_threads((tamis_options *)bad, 1));
  GIVES(TAMIS_HANDLE, tamis_options_set_log((tamis_options *)bad, NULL, NULL));
  GIVES(TAMIS_HANDLE, tamis_scan_new((tamis_engine *)bad, &scan));
  CHECK(scan == NULL);
  GIVES(TAMIS_HANDLE, tamis_scan_reset((tamis_scan *)bad));
  GIVES(TAMIS_HANDLE, tamis_scan_set_direction((tamis_scan *)bad, TAMIS_OUTBOUND));
  GIVES(TAMIS_HANDLE, tamis_scan_set_client((tamis_scan *)bad, "192.0.2.1", "a.example", "a"));
  GIVES(TAMIS_HANDLE, tamis_scan_set_mail_from((tamis_scan *)bad, ""));
  GIVES(TAMIS_HANDLE, tamis_scan_add_recipient((tamis_scan *)bad, "a@b.example"));
  GIVES(TAMIS_HANDLE, tamis_scan_set_auth_user((tamis_scan *)bad, "a"));
  GIVES(TAMIS_HANDLE, tamis_scan_set_tls((tamis_scan *)bad, 1));
  GIVES(TAMIS_HANDLE, tamis_scan_set_received_at((tamis_scan *)bad, 0));
  GIVES(TAMIS_HANDLE, tamis_scan_add_auth_result((tamis_scan *)bad, "spf", "pass", NULL));
  GIVES(TAMIS_HANDLE, tamis_scan_set_deadline((tamis_scan *)bad, 1));
  GIVES(TAMIS_HANDLE, tamis_scan_cancel((tamis_scan *)bad));
  GIVES(TAMIS_HANDLE, tamis_scan_feed((tamis_scan *)bad, hello(), 3));
  GIVES(TAMIS_HANDLE, tamis_scan_finish((tamis_scan *)bad, &verdict));
  CHECK(verdict == NULL);
  verdict = (tamis_verdict *)(uintptr_t)1;
  GIVES(TAMIS_HANDLE, tamis_scan_message((tamis_scan *)bad, hello(), 3, &verdict));
  CHECK(verdict == NULL);
  GIVES(TAMIS_HANDLE, tamis_scan_examine((tamis_scan *)bad, &examined));
  CHECK(examined == NULL);
  CHECK(tamis_examined_questions((tamis_examined *)bad) == 0);
  CHECK(tamis_examined_question_kind((tamis_examined *)bad, 0) == TAMIS_QUESTION_NONE);
  CHECK(tamis_examined_question_name((tamis_examined *)bad, 0) == NULL);
  GIVES(TAMIS_HANDLE, tamis_examined_answer((tamis_examined *)bad, 0, 1, "192.0.2.1"));
  verdict = (tamis_verdict *)(uintptr_t)1;
  GIVES(TAMIS_HANDLE, tamis_examined_judge((tamis_examined *)bad, &verdict));
  CHECK(verdict == NULL);
  CHECK(tamis_verdict_action((tamis_verdict *)bad) == TAMIS_ACTION_NONE);
  CHECK(isnan(tamis_verdict_score((tamis_verdict *)bad)));
  CHECK(isnan(tamis_verdict_spam_probability((tamis_verdict *)bad)));
  CHECK(isnan(tamis_verdict_bayes_score((tamis_verdict *)bad)));
  CHECK(tamis_verdict_items((tamis_verdict *)bad) == 0 && tamis_verdict_readings((tamis_verdict *)bad) == 0);
  CHECK(tamis_verdict_reasons((tamis_verdict *)bad) == 0 && tamis_verdict_recipients((tamis_verdict *)bad) == 0);
  CHECK(tamis_verdict_defects((tamis_verdict *)bad) == 0 && tamis_verdict_incompletes((tamis_verdict *)bad) == 0);
  GIVES(TAMIS_HANDLE, tamis_verdict_reason((tamis_verdict *)bad, 0, &reason));
  GIVES(TAMIS_HANDLE, tamis_verdict_recipient((tamis_verdict *)bad, 0, &recipient));
  GIVES(TAMIS_HANDLE, tamis_verdict_defect((tamis_verdict *)bad, 0, &note));
  GIVES(TAMIS_HANDLE, tamis_verdict_incomplete((tamis_verdict *)bad, 0, &note));
  GIVES(TAMIS_HANDLE, tamis_verdict_json((tamis_verdict *)bad, &json, &len));
  CHECK(json == NULL);
  tamis_engine_free((tamis_engine *)bad);
  tamis_options_free((tamis_options *)bad);
  tamis_scan_free((tamis_scan *)bad);
  tamis_verdict_free((tamis_verdict *)bad);
  tamis_examined_free((tamis_examined *)bad);
}

/* NULL for every pointer but the handle. */
static void null_arguments(tamis_engine *engine, tamis_options *options, tamis_scan *scan, tamis_verdict *verdict,
                           tamis_examined *examined) {
  tamis_engine *other = (tamis_engine *)(uintptr_t)1;
  GIVES(TAMIS_ARGUMENT, tamis_engine_open("", 0, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_engine_open_with(NULL, "", 0, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_engine_open(NULL, 5, &other));
  CHECK(other == NULL);
  GIVES(TAMIS_ARGUMENT, tamis_engine_share(engine, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_options_new(NULL));
  GIVES(TAMIS_ARGUMENT, tamis_options_set_base_dir(options, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_options_set_base_dir(options, "here/or/there"));
  GIVES(TAMIS_ARGUMENT, tamis_options_set_base_dir(options, "/\xff"));
  GIVES(TAMIS_ARGUMENT, tamis_options_set_threads(options, 65));
  GIVES(TAMIS_ARGUMENT, tamis_scan_new(engine, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_scan_set_direction(scan, 2));
  GIVES(TAMIS_ARGUMENT, tamis_scan_set_direction(scan, -1));
  GIVES(TAMIS_ARGUMENT, tamis_scan_set_client(scan, "nowhere", NULL, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_scan_set_client(scan, NULL, "\xc3(", NULL));
  OK(tamis_scan_set_client(scan, NULL, NULL, NULL));
  OK(tamis_scan_set_mail_from(scan, NULL));
  OK(tamis_scan_set_auth_user(scan, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_scan_add_recipient(scan, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_scan_add_auth_result(scan, NULL, "pass", NULL));
  GIVES(TAMIS_ARGUMENT, tamis_scan_add_auth_result(scan, "spf", NULL, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_scan_feed(scan, NULL, 1));
  GIVES(TAMIS_ARGUMENT, tamis_scan_feed(scan, hello(), (size_t)-1));
  OK(tamis_scan_feed(scan, NULL, 0));
  GIVES(TAMIS_ARGUMENT, tamis_scan_finish(scan, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_scan_message(scan, hello(), 3, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_scan_examine(scan, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_examined_judge(examined, NULL));
  GIVES(TAMIS_ABSENT, tamis_examined_answer(examined, 0, 1, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_verdict_reason(verdict, 0, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_verdict_recipient(verdict, 0, NULL));
  GIVES(TAMIS_ABSENT, tamis_verdict_defect(verdict, 99999, NULL));
  GIVES(TAMIS_ABSENT, tamis_verdict_incomplete(verdict, 99999, NULL));
  GIVES(TAMIS_ARGUMENT, tamis_verdict_json(verdict, NULL, NULL));
  tamis_engine_free(NULL);
  tamis_options_free(NULL);
  tamis_scan_free(NULL);
  tamis_verdict_free(NULL);
  tamis_examined_free(NULL);
}

/* A structure's size says what there is room for. */
static void sizes(const tamis_verdict *verdict) {
  struct {
    tamis_reason reason;
    unsigned char behind[64];
  } larger;
  size_t i;
  memset(&larger, 0x5a, sizeof larger);
  larger.reason.struct_size = 0;
  GIVES(TAMIS_ARGUMENT, tamis_verdict_reason(verdict, 0, &larger.reason));
  larger.reason.struct_size = sizeof larger.reason - 1;
  GIVES(TAMIS_ARGUMENT, tamis_verdict_reason(verdict, 0, &larger.reason));
  larger.reason.struct_size = sizeof larger;
  OK(tamis_verdict_reason(verdict, 0, &larger.reason));
  CHECK(larger.reason.struct_size == sizeof larger && larger.reason.rule[0] != '\0');
  for (i = 0; i < sizeof larger.behind; i++) CHECK(larger.behind[i] == 0x5a);
}

static void order(tamis_engine *engine) {
  tamis_scan *scan = NULL;
  tamis_verdict *verdict = NULL, *none = (tamis_verdict *)(uintptr_t)1;
  tamis_examined *examined = NULL;
  OK(tamis_scan_new(engine, &scan));
  OK(tamis_scan_feed(scan, hello(), 10));
  GIVES(TAMIS_ORDER, tamis_scan_message(scan, hello(), hello_len(), &none));
  CHECK(none == NULL);
  OK(tamis_scan_feed(scan, hello() + 10, hello_len() - 10));
  OK(tamis_scan_finish(scan, &verdict));
  GIVES(TAMIS_ORDER, tamis_scan_finish(scan, &none));
  GIVES(TAMIS_ORDER, tamis_scan_examine(scan, &examined));
  GIVES(TAMIS_ORDER, tamis_scan_feed(scan, hello(), 1));
  GIVES(TAMIS_ORDER, tamis_scan_message(scan, hello(), 1, &none));
  GIVES(TAMIS_ORDER, tamis_scan_set_direction(scan, 0));
  GIVES(TAMIS_ORDER, tamis_scan_set_client(scan, NULL, NULL, NULL));
  GIVES(TAMIS_ORDER, tamis_scan_set_mail_from(scan, ""));
  GIVES(TAMIS_ORDER, tamis_scan_add_recipient(scan, "a"));
  GIVES(TAMIS_ORDER, tamis_scan_set_auth_user(scan, "a"));
  GIVES(TAMIS_ORDER, tamis_scan_set_tls(scan, 1));
  GIVES(TAMIS_ORDER, tamis_scan_set_received_at(scan, 1));
  GIVES(TAMIS_ORDER, tamis_scan_add_auth_result(scan, "spf", "pass", NULL));
  GIVES(TAMIS_ORDER, tamis_scan_set_deadline(scan, 1));
  tamis_verdict_free(verdict);
  OK(tamis_scan_reset(scan));
  /* Nothing fed is an empty message, and that is one. */
  OK(tamis_scan_finish(scan, &verdict));
  tamis_verdict_free(verdict);
  OK(tamis_scan_reset(scan));
  OK(tamis_scan_message(scan, NULL, 0, &verdict));
  tamis_verdict_free(verdict);
  tamis_scan_free(scan);
}

int main(int argc, char **argv) {
  tamis_options *options = NULL;
  tamis_engine *engine = NULL;
  tamis_scan *scan = NULL;
  tamis_verdict *verdict;
  tamis_examined *examined = NULL;
  size_t i;
  CHECK(argc == 5 && argv[4] != NULL);
  CHECK(tamis_last_error()[0] == '\0');
  OK(tamis_options_new(&options));
  OK(tamis_options_set_yara(options, 0));
  OK(tamis_engine_open_with(options, NULL, 0, &engine));
  OK(tamis_scan_new(engine, &scan));
  OK(tamis_scan_examine(scan, &examined));
  OK(tamis_scan_reset(scan));
  verdict = judge(engine, hello(), hello_len());

  null_arguments(engine, options, scan, verdict, examined);
  sizes(verdict);
  order(engine);

  /* Handles of another kind, and numbers near to true ones. */
  refuse(NULL);
  for (i = 1; i != 0 && i < SIZE_MAX / 7; i = i * 7 + 3) refuse((void *)i);
  refuse((void *)SIZE_MAX);
  refuse((void *)&i);
  GIVES(TAMIS_HANDLE, tamis_scan_new((tamis_engine *)scan, &(tamis_scan *){NULL}));
  GIVES(TAMIS_HANDLE, tamis_scan_reset((tamis_scan *)engine));
  GIVES(TAMIS_HANDLE, tamis_scan_reset((tamis_scan *)verdict));
  GIVES(TAMIS_HANDLE, tamis_options_set_yara((tamis_options *)examined, 1));
  GIVES(TAMIS_HANDLE, tamis_examined_judge((tamis_examined *)options, &(tamis_verdict *){NULL}));
  CHECK(tamis_verdict_action((tamis_verdict *)examined) == TAMIS_ACTION_NONE);
  tamis_engine_free((tamis_engine *)scan);
  tamis_scan_free((tamis_scan *)verdict);
  tamis_verdict_free((tamis_verdict *)engine);
  /* They were not freed by that. */
  CHECK(tamis_engine_rules_version(engine) != NULL);
  OK(tamis_scan_reset(scan));
  CHECK(tamis_verdict_action(verdict) != TAMIS_ACTION_NONE);

  /* Freed, and freed again; new handles in between, so that numbers might be used again. */
  handles[count++] = engine;
  handles[count++] = options;
  handles[count++] = scan;
  handles[count++] = verdict;
  handles[count++] = examined;
  tamis_options_free(options);
  tamis_scan_free(scan);
  tamis_verdict_free(verdict);
  tamis_examined_free(examined);
  for (i = 0; i < 5; i++) {
    OK(tamis_options_new(&options));
    OK(tamis_scan_new(engine, &scan));
    verdict = judge(engine, hello(), hello_len());
    handles[count++] = options;
    handles[count++] = scan;
    handles[count++] = verdict;
    tamis_options_free(options);
    tamis_scan_free(scan);
    tamis_verdict_free(verdict);
  }
  tamis_engine_free(engine);
  for (i = 0; i < count; i++) refuse(handles[i]);
  /* The thread keeps an engine, to use it again: not a leak, but let whoever looks for leaks see none. */
  tamis_thread_release();
  tamis_thread_release();
  return 0;
}
