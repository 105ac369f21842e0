/* What comes out: every member of a verdict, recipients, lists, configurations, log lines, questions, limits, chunks. */
#include "check.h"

static const char *corpus;
static int yara;

static void write_file(const char *folder, const char *name, const char *text) {
  char path[4096];
  FILE *file;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "w");
  CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void constants(void) {
  int i;
  CHECK(tamis_abi_version() == TAMIS_ABI_VERSION);
  CHECK(strchr(tamis_version(), '.') != NULL);
  for (i = TAMIS_OK; i <= TAMIS_RESOURCES; i++)
    CHECK(strcmp(tamis_status_text(i), tamis_status_text(-1)) != 0 && tamis_status_text(i)[0] != '\0');
  CHECK(strcmp(tamis_status_text(99), tamis_status_text(-1)) == 0);
  CHECK(strcmp(tamis_action_name(TAMIS_ACTION_NONE), "none") == 0);
  CHECK(strcmp(tamis_action_name(TAMIS_ACTION_ACCEPT), "accept") == 0);
  CHECK(strcmp(tamis_action_name(TAMIS_ACTION_TAG), "tag") == 0);
  CHECK(strcmp(tamis_action_name(TAMIS_ACTION_QUARANTINE), "quarantine") == 0);
  CHECK(strcmp(tamis_action_name(TAMIS_ACTION_REJECT), "reject") == 0);
  CHECK(strcmp(tamis_action_name(TAMIS_ACTION_DISCARD), "discard") == 0);
  CHECK(strcmp(tamis_action_name(TAMIS_ACTION_DEFER), "defer") == 0);
  CHECK(strcmp(tamis_action_name(1 << 30), "none") == 0);
}

/* Everything that a verdict says of a program in an archive. */
static void members(const tamis_engine *engine) {
  char path[4096];
  bytes message;
  tamis_verdict *verdict;
  tamis_reason reason;
  tamis_recipient recipient;
  double sum = 0, first;
  size_t i;
  const char *json;
  snprintf(path, sizeof path, "%s/small/files/program-in-archive.eml", corpus);
  message = slurp(path);
  verdict = judge(engine, message.data, message.len);
  free(message.data);
  CHECK(tamis_verdict_action(verdict) == TAMIS_ACTION_TAG);
  CHECK(tamis_verdict_score(verdict) > 5 && tamis_verdict_score(verdict) < 15);
  CHECK(tamis_verdict_spam_probability(verdict) > 0 && tamis_verdict_spam_probability(verdict) < 1);
  CHECK(isfinite(tamis_verdict_bayes_score(verdict)));
  CHECK(tamis_verdict_items(verdict) >= 3 && tamis_verdict_readings(verdict) == 1);
  CHECK(tamis_verdict_reasons(verdict) >= 2);
  CHECK(has_reason(verdict, "program-in-archive", &reason));
  CHECK(reason.score > 0 && reason.score_without < tamis_verdict_score(verdict));
  CHECK(reason.item > 0 && strstr(reason.path, ".zip") != NULL && reason.explanation[0] != '\0');
  CHECK(fabs(reason.score_without + reason.score - tamis_verdict_score(verdict)) < 1e-6);
  for (i = 0; i < tamis_verdict_reasons(verdict); i++) {
    reason.struct_size = sizeof reason;
    OK(tamis_verdict_reason(verdict, i, &reason));
    if (i == 0) first = reason.score;
    CHECK(reason.score <= first);
    sum += reason.score;
  }
  CHECK(fabs(sum - tamis_verdict_score(verdict)) < 1e-6);
  GIVES(TAMIS_ABSENT, tamis_verdict_reason(verdict, i, &reason));
  GIVES(TAMIS_ABSENT, tamis_verdict_reason(verdict, (size_t)-1, &reason));
  /* Nobody was named: one result, for all. */
  CHECK(tamis_verdict_recipients(verdict) == 1);
  recipient.struct_size = sizeof recipient;
  OK(tamis_verdict_recipient(verdict, 0, &recipient));
  CHECK(recipient.address[0] == '\0' && recipient.action == TAMIS_ACTION_TAG);
  CHECK(recipient.unmonitored == TAMIS_ACTION_NONE && fabs(recipient.score - sum) < 1e-6);
  GIVES(TAMIS_ABSENT, tamis_verdict_recipient(verdict, 1, &recipient));
  OK(tamis_verdict_json(verdict, &json, NULL));
  CHECK(strstr(json, "\"rule\":\"program-in-archive\"") && !strstr(json, "elapsed_us") && !strchr(json, '\n'));
  tamis_verdict_free(verdict);
}

static void defects(const tamis_engine *engine) {
  static const char text[] = "From: a@one.example\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\n<p>a\r\n";
  tamis_verdict *verdict = judge(engine, (const uint8_t *)text, sizeof text - 1);
  tamis_note note;
  size_t i, found = 0;
  CHECK(tamis_verdict_defects(verdict) > 0 && tamis_verdict_readings(verdict) > 0);
  for (i = 0; i < tamis_verdict_defects(verdict); i++) {
    memset(&note, 0, sizeof note);
    note.struct_size = sizeof note;
    OK(tamis_verdict_defect(verdict, i, &note));
    CHECK(note.name[0] && note.explanation && note.path && note.view[0]);
    found += strstr(note.name, "duplicate") != NULL;
  }
  CHECK(found > 0);
  GIVES(TAMIS_ABSENT, tamis_verdict_defect(verdict, i, &note));
  tamis_verdict_free(verdict);
}

/* One message, two recipients, two results; and who is monitored. */
static void recipients(void) {
  tamis_engine *engine = open_text(
      "[yara]\nenabled = false\n[[recipients]]\nname = 'desk'\nfor = ['desk@two.example']\ntag = 1000.0\nreject = false\n"
      "[[recipients]]\nname = 'watched'\nfor = ['@watched.example']\nreject = 6.0\nmonitor_only = true\n");
  char path[4096];
  bytes message;
  tamis_scan *scan;
  tamis_verdict *verdict;
  tamis_recipient one;
  static const struct {
    const char *given, *address;
    tamis_action action, unmonitored;
  } all[] = {{"<bob@two.example>", "bob@two.example", TAMIS_ACTION_TAG, TAMIS_ACTION_NONE},
             {"desk@two.example", "desk@two.example", TAMIS_ACTION_ACCEPT, TAMIS_ACTION_NONE},
             {"<eve@watched.example>", "eve@watched.example", TAMIS_ACTION_TAG, TAMIS_ACTION_REJECT}};
  size_t i;
  snprintf(path, sizeof path, "%s/small/files/program-in-archive.eml", corpus);
  message = slurp(path);
  OK(tamis_scan_new(engine, &scan));
  for (i = 0; i < 3; i++) OK(tamis_scan_add_recipient(scan, all[i].given));
  OK(tamis_scan_message(scan, message.data, message.len, &verdict));
  CHECK(tamis_verdict_recipients(verdict) == 3);
  for (i = 0; i < 3; i++) {
    one.struct_size = sizeof one;
    OK(tamis_verdict_recipient(verdict, i, &one));
    CHECK(strcmp(one.address, all[i].address) == 0);
    CHECK(one.action == all[i].action && one.unmonitored == all[i].unmonitored);
  }
  /* The strictest that is safe for all. */
  CHECK(tamis_verdict_action(verdict) == TAMIS_ACTION_ACCEPT);
  tamis_verdict_free(verdict);
  /* Forgotten by a reset. */
  OK(tamis_scan_reset(scan));
  OK(tamis_scan_message(scan, message.data, message.len, &verdict));
  CHECK(tamis_verdict_recipients(verdict) == 1 && tamis_verdict_action(verdict) == TAMIS_ACTION_TAG);
  tamis_verdict_free(verdict);
  tamis_scan_free(scan);
  tamis_engine_free(engine);
  free(message.data);
}

/* The envelope reaches the rules: one rule for each setter, which hits with it and not without. */
static void envelope(const char *folder) {
  static const char *const when[] = {
      "direction == 'outbound'",
      "client.ip == '2001:db8::1'",
      "client.name == 'mail.one.example'",
      "envelope.helo == 'hello.one.example'",
      "envelope.from.address == 'ann@one.example'",
      "envelope.recipients.exists(r, r == 'bob@two.example')",
      "envelope.auth_user == 'ann'",
      "envelope.tls",
      "received.time == timestamp('2021-03-02T10:00:00Z')",
      "auth.exists(a, a.method == 'spf' && a.result == 'fail' && a.domain == 'one.example')",
  };
  enum { RULES = sizeof when / sizeof *when };
  char rules[8000] = "", scores[2000], config[12000], name[40];
  tamis_engine *engine;
  tamis_options *options;
  tamis_scan *scan;
  tamis_verdict *verdict;
  tamis_reason reason;
  size_t i;
  int told;
  strcpy(scores, "[rules.scores]\n");
  for (i = 0; i < RULES; i++) {
    sprintf(rules + strlen(rules), "[rule.env-%d]\nwhat = 'a'\nwhy = 'b'\nwhen = \"%s\"\n", (int)i, when[i]);
    sprintf(scores + strlen(scores), "env-%d = 1.0\n", (int)i);
  }
  write_file(folder, "envelope.toml", rules);
  sprintf(config, "[yara]\nenabled = false\n[rules]\npaths = ['envelope.toml']\n%s", scores);
  OK(tamis_options_new(&options));
  OK(tamis_options_set_base_dir(options, folder));
  OK(tamis_engine_open_with(options, config, strlen(config), &engine));
  tamis_options_free(options);
  OK(tamis_scan_new(engine, &scan));
  for (told = 1; told >= 0; told--) {
    if (told) {
      OK(tamis_scan_set_direction(scan, TAMIS_OUTBOUND));
      OK(tamis_scan_set_client(scan, "IPv6:2001:db8::1", "mail.one.example", "hello.one.example"));
      OK(tamis_scan_set_mail_from(scan, "<ann@one.example>"));
      OK(tamis_scan_add_recipient(scan, "<bob@two.example>"));
      OK(tamis_scan_set_auth_user(scan, "ann"));
      OK(tamis_scan_set_tls(scan, 1));
      OK(tamis_scan_set_received_at(scan, 1614679200));
      OK(tamis_scan_add_auth_result(scan, "spf", "fail", "one.example"));
    }
    OK(tamis_scan_message(scan, hello(), hello_len(), &verdict));
    for (i = 0; i < RULES; i++) {
      sprintf(name, "env-%d", (int)i);
      if (has_reason(verdict, name, &reason) != told) fprintf(stderr, "%s\n", when[i]);
      CHECK(has_reason(verdict, name, &reason) == told);
    }
    tamis_verdict_free(verdict);
    /* A reset forgets it all. */
    OK(tamis_scan_reset(scan));
  }
  tamis_scan_free(scan);
  tamis_engine_free(engine);
}

/* Files by base_dir, none without; an entry of a list that ends. */
static void lists(const char *folder) {
  static const char config[] =
      "[yara]\nenabled = false\n[lists.blocked]\nkind = 'domains'\neffect = 'block'\npath = 'blocked.txt'\n";
  tamis_engine *engine = (tamis_engine *)(uintptr_t)1;
  tamis_options *options;
  static const struct {
    int64_t at;
    tamis_action action;
  } times[] = {{4070908799, TAMIS_ACTION_REJECT}, {4070995201, TAMIS_ACTION_ACCEPT}};
  size_t i;
  write_file(folder, "blocked.txt", "one.example until=2098-12-31 # ticket 7\n");
  GIVES(TAMIS_CONFIG, tamis_engine_open(config, sizeof config - 1, &engine));
  CHECK(engine == NULL && strstr(tamis_last_error(), "blocked.txt is a relative path"));
  CHECK(strstr(tamis_last_error(), "tamis_options_set_base_dir"));
  OK(tamis_options_new(&options));
  OK(tamis_options_set_base_dir(options, folder));
  OK(tamis_engine_open_with(options, config, sizeof config - 1, &engine));
  for (i = 0; i < 2; i++) {
    tamis_scan *scan;
    tamis_verdict *verdict;
    tamis_reason reason;
    OK(tamis_scan_new(engine, &scan));
    OK(tamis_scan_set_mail_from(scan, "ann@one.example"));
    OK(tamis_scan_set_received_at(scan, times[i].at));
    OK(tamis_scan_message(scan, hello(), hello_len(), &verdict));
    CHECK(tamis_verdict_action(verdict) == times[i].action);
    CHECK(has_reason(verdict, "list-blocked", &reason) == (times[i].action == TAMIS_ACTION_REJECT));
    if (i == 0) CHECK(strstr(reason.explanation, "ticket 7") || strstr(reason.evidence, "ticket 7"));
    tamis_verdict_free(verdict);
    tamis_scan_free(scan);
  }
  tamis_engine_free(engine);
  /* A list with mistakes: told with its line. */
  write_file(folder, "blocked.txt", "one.example\nnot a domain\n");
  GIVES(TAMIS_CONFIG, tamis_engine_open_with(options, config, sizeof config - 1, &engine));
  CHECK(engine == NULL && strstr(tamis_last_error(), "blocked.txt:2"));
  tamis_options_free(options);
}

struct log {
  int lines[4];
  char last[1000];
};

static void take(void *user_data, int level, const char *message) {
  struct log *log = (struct log *)user_data;
  CHECK(level >= TAMIS_LOG_ERROR && level <= TAMIS_LOG_NOTE && !strchr(message, '\n'));
  log->lines[level]++;
  snprintf(log->last, sizeof log->last, "%s", message);
}

static void configurations(const char *folder) {
  static const char unknown[] = "[scan]\nmessage_bytse = 5\nparts = 'many'\n";
  static const char list[] =
      "[yara]\nenabled = false\n[lists.old]\nkind = 'domains'\neffect = 'block'\npath = 'old.txt'\n";
  tamis_engine *engine;
  tamis_options *options;
  struct log log;
  memset(&log, 0, sizeof log);
  OK(tamis_options_new(&options));
  OK(tamis_options_set_log(options, take, &log));
  GIVES(TAMIS_CONFIG, tamis_engine_open_with(options, unknown, sizeof unknown - 1, &engine));
  /* All mistakes, each with its line, and what to write. */
  CHECK(strstr(tamis_last_error(), ":2") && strstr(tamis_last_error(), "message_bytes"));
  CHECK(strstr(tamis_last_error(), ":3") && strstr(tamis_last_error(), "parts"));
  CHECK(log.lines[TAMIS_LOG_ERROR] == 1 && strstr(log.last, "message_bytse"));
  GIVES(TAMIS_CONFIG, tamis_engine_open("\xff", 1, &engine));
  GIVES(TAMIS_CONFIG, tamis_engine_open("[scan", 5, &engine));
  GIVES(TAMIS_CONFIG, tamis_engine_open("a\0b", 3, &engine));
  /* A list of which everything has ended is worth a note. */
  write_file(folder, "old.txt", "one.example until=2001-01-01\n");
  OK(tamis_options_set_base_dir(options, folder));
  OK(tamis_engine_open_with(options, list, sizeof list - 1, &engine));
  CHECK(log.lines[TAMIS_LOG_NOTE] == 1 && strstr(log.last, "old"));
  tamis_engine_free(engine);
  OK(tamis_options_set_log(options, NULL, NULL));
  GIVES(TAMIS_CONFIG, tamis_engine_open_with(options, unknown, sizeof unknown - 1, &engine));
  CHECK(log.lines[TAMIS_LOG_ERROR] == 1);
  tamis_options_free(options);
}

static void versions(void) {
  tamis_engine *one = open_text("[yara]\nenabled = false\n"), *two = NULL, *other;
  char rules[100];
  OK(tamis_engine_share(one, &two));
  CHECK(two != NULL && two != one);
  CHECK(strcmp(tamis_engine_rules_version(one), tamis_engine_rules_version(two)) == 0);
  CHECK(strlen(tamis_engine_model_version(one)) > 0);
  snprintf(rules, sizeof rules, "%s", tamis_engine_rules_version(one));
  other = open_text("[yara]\nenabled = false\n[bayes]\nmodel = false\n[rules]\ndisable = ['no-message-id']\n");
  CHECK(strcmp(rules, tamis_engine_rules_version(other)) != 0 && tamis_engine_model_version(other)[0] == '\0');
  tamis_engine_free(other);
  tamis_engine_free(one);
  /* The other handle is still one. */
  CHECK(strcmp(tamis_engine_rules_version(two), rules) == 0);
  tamis_verdict_free(judge(two, hello(), hello_len()));
  tamis_engine_free(two);
}

/* Over the limit: told, the head judged, the gap named. */
static void too_large(void) {
  tamis_engine *engine = open_text("[yara]\nenabled = false\n[scan]\nmessage_bytes = 1024\n");
  tamis_scan *scan;
  tamis_verdict *verdict;
  static uint8_t more[100000];
  char *fed;
  memset(more, 'a', sizeof more);
  memcpy(more, HELLO, hello_len());
  OK(tamis_scan_new(engine, &scan));
  OK(tamis_scan_feed(scan, more, 1000));
  OK(tamis_scan_feed(scan, more + 1000, 24));
  GIVES(TAMIS_TRUNCATED, tamis_scan_feed(scan, more + 1024, 1));
  GIVES(TAMIS_TRUNCATED, tamis_scan_feed(scan, more + 1025, sizeof more - 1025));
  CHECK(strstr(tamis_last_error(), "1024"));
  OK(tamis_scan_finish(scan, &verdict));
  CHECK(lacks(verdict, "message-size"));
  fed = json_of(verdict);
  OK(tamis_scan_reset(scan));
  OK(tamis_scan_message(scan, more, sizeof more, &verdict));
  CHECK(lacks(verdict, "message-size"));
  {
    char *whole = json_of(verdict);
    CHECK(strcmp(fed, whole) == 0);
    free(whole);
  }
  free(fed);
  OK(tamis_scan_reset(scan));
  OK(tamis_scan_feed(scan, more, 1024));
  OK(tamis_scan_finish(scan, &verdict));
  CHECK(!lacks(verdict, "message-size"));
  tamis_verdict_free(verdict);
  tamis_scan_free(scan);
  tamis_engine_free(engine);
}

/* Any pieces are the same as one. */
static void chunks(bytes message, void *data) {
  static const size_t sizes[] = {1, 7, 1000, 65536};
  tamis_engine *engine = (tamis_engine *)data;
  char *whole = json_of(judge(engine, message.data, message.len)), *pieces;
  tamis_verdict *verdict;
  tamis_examined *examined;
  tamis_scan *scan;
  size_t i, at;
  OK(tamis_scan_new(engine, &scan));
  for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (at = 0; at < message.len; at += sizes[i])
      OK(tamis_scan_feed(scan, message.data + at, message.len - at < sizes[i] ? message.len - at : sizes[i]));
    OK(tamis_scan_finish(scan, &verdict));
    pieces = json_of(verdict);
    CHECK(strcmp(whole, pieces) == 0);
    free(pieces);
    OK(tamis_scan_reset(scan));
  }
  /* And so are looking and judging apart. */
  OK(tamis_scan_feed(scan, message.data, message.len));
  OK(tamis_scan_examine(scan, &examined));
  tamis_scan_free(scan);
  CHECK(tamis_examined_questions(examined) == 0);
  CHECK(tamis_examined_question_kind(examined, 0) == TAMIS_QUESTION_NONE);
  CHECK(tamis_examined_question_name(examined, 0) == NULL);
  OK(tamis_examined_judge(examined, &verdict));
  GIVES(TAMIS_HANDLE, tamis_examined_judge(examined, &(tamis_verdict *){NULL}));
  tamis_examined_free(examined);
  pieces = json_of(verdict);
  CHECK(strcmp(whole, pieces) == 0);
  free(pieces);
  free(whole);
}

int main(int argc, char **argv) {
  tamis_engine *engine;
  char path[4096];
  CHECK(argc == 5);
  corpus = argv[1];
  yara = strcmp(argv[2], "yara") == 0;
  engine = open_text("");
  constants();
  members(engine);
  defects(engine);
  recipients();
  envelope(argv[4]);
  lists(argv[4]);
  configurations(argv[4]);
  versions();
  too_large();
  {
    /* With YARA its rules find what they look for; without, nothing. */
    bytes message;
    tamis_verdict *verdict;
    tamis_reason reason;
    size_t i, found = 0;
    snprintf(path, sizeof path, "%s/small/yara/smuggling-html.eml", corpus);
    message = slurp(path);
    verdict = judge(engine, message.data, message.len);
    for (i = 0; i < tamis_verdict_reasons(verdict); i++) {
      reason.struct_size = sizeof reason;
      OK(tamis_verdict_reason(verdict, i, &reason));
      found += strcmp(reason.group, "yara") == 0;
    }
    CHECK((found > 0) == yara);
    tamis_verdict_free(verdict);
    free(message.data);
  }
  snprintf(path, sizeof path, "%s/messages", argv[4]);
  each_message(path, strcmp(argv[3], "few") == 0, chunks, engine);
  tamis_engine_free(engine);
  tamis_thread_release();
  return 0;
}
