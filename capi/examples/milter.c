/* A milter for Postfix and Sendmail through the C interface alone:
 *
 *   cc milter.c $(pkg-config --cflags --libs tamis) -lmilter -lpthread -o tamis-milter
 *   tamis-milter unix:/run/tamis/milter.sock [CONFIGURATION]
 *   main.cf: smtpd_milters = unix:/run/tamis/milter.sock, milter_default_action = tempfail
 *
 * No mail is lost: where anything fails, the client is asked to come again. X-Spam-* of the sender's are removed before
 * ours are added. One line a message goes to standard error. It is an example: `tamis serve` is the daemon. */
#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <tamis.h>
#include <time.h>

/* Postfix waits 300 seconds for the end of a message. */
#define DEADLINE_MS 60000

static tamis_engine *engine;
static char *const OURS[] = {"X-Spam-Flag", "X-Spam-Score", "X-Spam-Status"};
enum { FIELDS = sizeof OURS / sizeof *OURS };

/* One connection, and the message on its way in. */
struct session {
  tamis_scan *scan;
  char address[INET6_ADDRSTRLEN], *name, *helo;
  int forged[FIELDS];
  int failed;
};

static struct session *of(SMFICTX *ctx) { return smfi_getpriv(ctx); }

/* What the client said in other bytes than UTF-8 is unknown, of a message over the limit the head is judged; every other
 * failure is one. */
static void did(struct session *session, tamis_status status) {
  if (status != TAMIS_OK && status != TAMIS_ARGUMENT && status != TAMIS_TRUNCATED) session->failed = 1;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address) {
  struct session *session = calloc(1, sizeof *session);
  if (session == NULL || smfi_setpriv(ctx, session) != MI_SUCCESS) {
    free(session);
    return SMFIS_TEMPFAIL;
  }
  if (address != NULL && address->sa_family == AF_INET)
    inet_ntop(AF_INET, &((struct sockaddr_in *)address)->sin_addr, session->address, sizeof session->address);
  if (address != NULL && address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &((struct sockaddr_in6 *)address)->sin6_addr, session->address, sizeof session->address);
  /* Where the name is not known, it is the address in brackets, or `unknown`. */
  if (name != NULL && name[0] != '[' && strcmp(name, "unknown") != 0) session->name = strdup(name);
  return tamis_scan_new(engine, &session->scan) == TAMIS_OK ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static sfsistat on_helo(SMFICTX *ctx, char *helo) {
  struct session *session = of(ctx);
  if (session == NULL) return SMFIS_TEMPFAIL;
  free(session->helo);
  session->helo = strdup(helo);
  return SMFIS_CONTINUE;
}

/* Each message of the connection begins here. */
static sfsistat on_mail(SMFICTX *ctx, char **arguments) {
  struct session *session = of(ctx);
  const char *user = smfi_getsymval(ctx, "{auth_authen}");
  if (session == NULL) return SMFIS_TEMPFAIL;
  session->failed = 0;
  memset(session->forged, 0, sizeof session->forged);
  if (tamis_scan_reset(session->scan) != TAMIS_OK) return SMFIS_TEMPFAIL;
  did(session, tamis_scan_set_client(session->scan, session->address[0] ? session->address : NULL, session->name, session->helo));
  did(session, tamis_scan_set_mail_from(session->scan, arguments[0]));
  did(session, tamis_scan_set_tls(session->scan, smfi_getsymval(ctx, "{tls_version}") != NULL));
  did(session, tamis_scan_set_received_at(session->scan, (int64_t)time(NULL)));
  did(session, tamis_scan_set_deadline(session->scan, DEADLINE_MS));
  if (user != NULL && user[0] != '\0') {
    /* Whoever has logged in is one of ours, and this mail goes out. */
    did(session, tamis_scan_set_auth_user(session->scan, user));
    did(session, tamis_scan_set_direction(session->scan, TAMIS_OUTBOUND));
  }
  return SMFIS_CONTINUE;
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments) {
  struct session *session = of(ctx);
  if (session == NULL) return SMFIS_TEMPFAIL;
  did(session, tamis_scan_add_recipient(session->scan, arguments[0]));
  return SMFIS_CONTINUE;
}

static void feed(struct session *session, const char *data, size_t length) {
  did(session, tamis_scan_feed(session->scan, (const uint8_t *)data, length));
}

/* A field comes without its line end, and folded by LF; the body comes with CR LF. */
static sfsistat on_header(SMFICTX *ctx, char *name, char *value) {
  struct session *session = of(ctx);
  int i;
  if (session == NULL) return SMFIS_TEMPFAIL;
  for (i = 0; i < FIELDS; i++) session->forged[i] += strcasecmp(name, OURS[i]) == 0;
  feed(session, name, strlen(name));
  feed(session, ":", 1);
  while (*value != '\0') {
    size_t line = strcspn(value, "\n");
    feed(session, value, line);
    value += line;
    if (*value == '\n') {
      int has_cr = line > 0 && value[-1] == '\r';
      feed(session, "\r\n" + has_cr, (size_t)(2 - has_cr));
      value++;
    }
  }
  feed(session, "\r\n", 2);
  return SMFIS_CONTINUE;
}

static sfsistat on_header_end(SMFICTX *ctx) {
  struct session *session = of(ctx);
  if (session == NULL) return SMFIS_TEMPFAIL;
  feed(session, "\r\n", 2);
  return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t length) {
  struct session *session = of(ctx);
  if (session == NULL) return SMFIS_TEMPFAIL;
  feed(session, (const char *)data, length);
  return SMFIS_CONTINUE;
}

/* Replies and fields are one line of ASCII; rules may say anything. `%` is the reply's own. */
static void plain(char *text) {
  for (; *text != '\0'; text++)
    if (*text < ' ' || *text > '~' || *text == '%') *text = '?';
}

/* The names and scores of the weightiest reasons. */
static void reasons(const tamis_verdict *verdict, char *text, size_t room) {
  size_t i, used = 0;
  text[0] = '\0';
  for (i = 0; i < tamis_verdict_reasons(verdict) && i < 10 && used < room; i++) {
    tamis_reason why = {.struct_size = sizeof why};
    if (tamis_verdict_reason(verdict, i, &why) == TAMIS_OK)
      used += (size_t)snprintf(text + used, room - used, "%s%s=%.1f", i ? " " : "", why.rule, why.score);
  }
  plain(text);
}

/* Marks the message by its fields, ours alone. */
static int mark(SMFICTX *ctx, const struct session *session, tamis_action action, double score, const char *why) {
  char value[800];
  int i, n, done = MI_SUCCESS;
  for (i = 0; i < FIELDS; i++)
    for (n = session->forged[i]; n > 0 && done == MI_SUCCESS; n--) done = smfi_chgheader(ctx, OURS[i], n, NULL);
  if (done == MI_SUCCESS && action != TAMIS_ACTION_ACCEPT) done = smfi_addheader(ctx, OURS[0], "YES");
  snprintf(value, sizeof value, "%.1f", score);
  if (done == MI_SUCCESS) done = smfi_addheader(ctx, OURS[1], value);
  snprintf(value, sizeof value, "%s, %s", tamis_action_name(action), why[0] ? why : "nothing found");
  if (done == MI_SUCCESS) done = smfi_addheader(ctx, OURS[2], value);
  return done;
}

static sfsistat on_message_end(SMFICTX *ctx) {
  struct session *session = of(ctx);
  const char *id = smfi_getsymval(ctx, "i");
  tamis_verdict *verdict = NULL;
  tamis_action action;
  double score;
  char why[500], reply[100];
  if (session == NULL) return SMFIS_TEMPFAIL;
  if (id == NULL) id = "-";
  if (session->failed || tamis_scan_finish(session->scan, &verdict) != TAMIS_OK) {
    fprintf(stderr, "%s: not judged, deferred: %s\n", id, tamis_last_error());
    /* After a fault inside, a scan is of no more use. */
    tamis_scan_free(session->scan);
    session->scan = NULL;
    (void)tamis_scan_new(engine, &session->scan);
    return SMFIS_TEMPFAIL;
  }
  action = tamis_verdict_action(verdict);
  score = tamis_verdict_score(verdict);
  reasons(verdict, why, sizeof why);
  tamis_verdict_free(verdict);
  fprintf(stderr, "%s: %s %.1f %s\n", id, tamis_action_name(action), score, why);
  /* The reply leads to that line. */
  snprintf(reply, sizeof reply, "Refused by the content filter, reference %s", id);
  plain(reply);
  switch (action) {
    case TAMIS_ACTION_ACCEPT:
    case TAMIS_ACTION_TAG: return mark(ctx, session, action, score, why) == MI_SUCCESS ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
    case TAMIS_ACTION_QUARANTINE:
      if (mark(ctx, session, action, score, why) != MI_SUCCESS) return SMFIS_TEMPFAIL;
      return smfi_quarantine(ctx, why[0] ? why : "quarantine") == MI_SUCCESS ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
    case TAMIS_ACTION_REJECT: smfi_setreply(ctx, "550", "5.7.1", reply); return SMFIS_REJECT;
    case TAMIS_ACTION_DISCARD: return SMFIS_DISCARD;
    /* `defer`, and what a later version may add. */
    default: return SMFIS_TEMPFAIL;
  }
}

static sfsistat on_close(SMFICTX *ctx) {
  struct session *session = of(ctx);
  if (session == NULL) return SMFIS_CONTINUE;
  tamis_scan_free(session->scan);
  free(session->name);
  free(session->helo);
  free(session);
  smfi_setpriv(ctx, NULL);
  return SMFIS_CONTINUE;
}

/* Header values as they are, with the blank in front, where the server can; every other option as it is. */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long a, unsigned long b,
                             unsigned long *want, unsigned long *skip, unsigned long *c, unsigned long *d) {
  (void)ctx, (void)a, (void)b;
  *want = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE);
  *skip = steps & (SMFIP_HDR_LEADSPC | SMFIP_NOUNKNOWN | SMFIP_NODATA);
  *c = *d = 0;
  return SMFIS_CONTINUE;
}

int main(int argc, char **argv) {
  static char config[1 << 20];
  size_t length = 0;
  FILE *file = argc > 2 ? fopen(argv[2], "rb") : NULL;
  struct smfiDesc filter = {"tamis", SMFI_VERSION, SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE, on_connect, on_helo,
                            on_mail, on_recipient, on_header, on_header_end, on_body, on_message_end, NULL, on_close,
                            NULL, NULL, on_negotiate};
  if (argc < 2 || argc > 3 || (argc == 3 && file == NULL)) {
    fprintf(stderr, "usage: tamis-milter unix:PATH|inet:PORT@HOST [CONFIGURATION]\n");
    return 2;
  }
  if (file != NULL) {
    length = fread(config, 1, sizeof config, file);
    fclose(file);
  }
  if (tamis_engine_open(config, length, &engine) != TAMIS_OK) {
    fprintf(stderr, "%s\n", tamis_last_error());
    return 2;
  }
  if (smfi_setconn(argv[1]) != MI_SUCCESS || smfi_register(filter) != MI_SUCCESS || smfi_main() != MI_SUCCESS) return 2;
  tamis_engine_free(engine);
  return 0;
}
