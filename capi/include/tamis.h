/*
 * tamis.h - libtamis, the content filter for mail. This header is the manual; docs/c-api.md leads through it.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * WHAT EVERY FUNCTION PROMISES
 *
 * - It never crashes its host on anything that a message, a configuration or a handle holds. Handles are numbers that are
 *   looked up and never followed: one that was freed, freed twice, never made or of another kind gives TAMIS_HANDLE.
 *   A fault inside Tamis is caught and becomes TAMIS_PANIC; the scan is poisoned, and everything else goes on.
 * - The status of a call is never the verdict about a message.
 * - It prints nothing, reads no environment variable, changes no signal and no locale, calls neither exit nor fork, and
 *   speaks to no network. It reads the files that the configuration names, when an engine is opened, and no others.
 *   What YARA needs beyond that stands below.
 * - It starts no thread unless asked: tamis_scan_set_deadline() starts one for the process, tamis_options_set_threads()
 *   as many as it says, and YARA one; see below.
 * - Time and memory are bounded: the configuration's [scan] says how (docs/limits.md). What was not looked at is in the
 *   verdict.
 *
 * WHAT THE CALLER PROMISES
 *
 * - A string ends with NUL, and pointer and length belong together. Strings and bytes are UTF-8 where it says so, stay as
 *   they are during the call, and are not kept.
 * - What stands behind an `out` pointer can hold the result. `*out` is NULL after a call that failed.
 * - Pointers that Tamis hands out are read, never written or freed, and only as long as it says.
 *
 * THREADS
 *
 * - Any thread may call. An engine and a verdict may be used by any number of threads at once. Options, a scan and an
 *   examined message belong to one thread at a time, and may wander; one that is used by two at once gives TAMIS_BUSY.
 * - Each thread keeps what scanning needs (buffers, YARA scanners; 1 to 20 MB) of the engine that it used last, until it
 *   ends, scans with another engine, or calls tamis_thread_release().
 * - A new engine is opened beside the old one and put in its place by the host: tamis_engine_share() is for that. Scans
 *   that run go on with the old one.
 *
 * FORK
 *
 * - An engine belongs to the process that opened it: in a child it gives TAMIS_FORKED. Open it after the fork. A process
 *   that forks while another of its threads is inside of Tamis may do nothing in the child but exec.
 * - A child has no YARA clock if its parent has scanned with YARA: `yara_seconds` does not count there, and opening an
 *   engine with YARA logs a warning of it. A server that forks its workers opens its first engine in them.
 *
 * WHAT YARA NEEDS
 *
 * - YARA rules are compiled to machine code. An engine with YARA rules, which the stock rules are, therefore needs pages
 *   that are writable first and executable then (MemoryDenyWriteExecute= of systemd forbids that), installs handlers of
 *   SIGSEGV, SIGILL, SIGFPE and SIGBUS that hand on to the host's own whatever is not theirs, and starts one thread that
 *   ticks once a second. A host that installs handlers of these signals later has to hand on, too. It also looks
 *   for WASMTIME_BACKTRACE_DETAILS and RUST_MIN_STACK in the environment, which change no verdict.
 * - tamis_options_set_yara(options, 0), or `enabled = false` in [yara], opens an engine that does nothing of all that. The
 *   library may be built without YARA altogether (docs/c-api.md).
 *
 * VERSIONS
 *
 * - Nothing here changes or goes as long as TAMIS_ABI_VERSION stays; functions, numbers and members at the end of
 *   structures are added. A structure's first member, struct_size, says which version the caller was compiled with.
 *
 * A FIRST VERDICT
 *
 *     tamis_engine *engine;  tamis_scan *scan;  tamis_verdict *verdict;
 *     if (tamis_engine_open("", 0, &engine) != TAMIS_OK) { fputs(tamis_last_error(), stderr); exit(2); }
 *     tamis_scan_new(engine, &scan);
 *     if (tamis_scan_message(scan, bytes, length, &verdict) == TAMIS_OK)
 *       puts(tamis_action_name(tamis_verdict_action(verdict)));
 *     tamis_verdict_free(verdict);  tamis_scan_free(scan);  tamis_engine_free(engine);
 */


#ifndef TAMIS_H
#define TAMIS_H

#include <stddef.h>
#include <stdint.h>

/**
 * The version of the interface that this header describes.
 */
#define TAMIS_ABI_VERSION 0

/**
 * What became of a call. Never what became of the message: that is in the verdict.
 *
 * Numbers are never used again for something else; there may be more in later versions.
 */
typedef enum tamis_status {
  /**
   * It did what it says.
   */
  TAMIS_OK = 0,
  /**
   * An argument is NULL, not UTF-8 or out of range. Nothing was changed.
   */
  TAMIS_ARGUMENT = 1,
  /**
   * The handle was freed, was never made, or is of another kind. Nothing was changed.
   */
  TAMIS_HANDLE = 2,
  /**
   * The call does not fit what was called before, such as to feed a scan that is finished. Nothing was changed.
   */
  TAMIS_ORDER = 3,
  /**
   * Another thread is using the handle right now. Nothing was changed.
   */
  TAMIS_BUSY = 4,
  /**
   * The configuration, or a file that it names, has mistakes: tamis_last_error() has all of them.
   */
  TAMIS_CONFIG = 5,
  /**
   * The message is longer than the limit. Its head was kept and will be judged; `incomplete` names the limit. Feeding on
   * is allowed and keeps nothing more.
   */
  TAMIS_TRUNCATED = 6,
  /**
   * There is no such entry: the index is beyond the last one, or what was asked for is absent.
   */
  TAMIS_ABSENT = 7,
  /**
   * The process was forked after the engine was opened: open the engine again in the child.
   */
  TAMIS_FORKED = 8,
  /**
   * A fault inside Tamis was caught. The handle is poisoned: free it, and treat the message as not judged.
   */
  TAMIS_PANIC = 9,
  /**
   * The handle is poisoned by an earlier TAMIS_PANIC: free it.
   */
  TAMIS_POISONED = 10,
  /**
   * There are too many handles, or the operating system refuses a thread.
   */
  TAMIS_RESOURCES = 11,
} tamis_status;

/**
 * What a question asks for. Numbers are never used again for something else; what a host does not know it leaves open.
 */
typedef enum tamis_question {
  /**
   * No question: the index is beyond the last one.
   */
  TAMIS_QUESTION_NONE = 0,
  /**
   * The addresses of a name: its DNS records of type A.
   */
  TAMIS_QUESTION_DNS_A = 1,
  /**
   * Something that this version cannot tell C of.
   */
  TAMIS_QUESTION_OTHER = 2,
} tamis_question;

/**
 * What to do with a message, from the mildest to the most severe. Numbers are never used again for something else.
 */
typedef enum tamis_action {
  /**
   * No action: the call had no verdict to take it from.
   */
  TAMIS_ACTION_NONE = 0,
  /**
   * Deliver it.
   */
  TAMIS_ACTION_ACCEPT = 1,
  /**
   * Deliver it, marked.
   */
  TAMIS_ACTION_TAG = 2,
  /**
   * Keep it where a person can look at it.
   */
  TAMIS_ACTION_QUARANTINE = 3,
  /**
   * Refuse it, so that the sender learns of it.
   */
  TAMIS_ACTION_REJECT = 4,
  /**
   * Take it and drop it.
   */
  TAMIS_ACTION_DISCARD = 5,
  /**
   * Ask the sender to try again later.
   */
  TAMIS_ACTION_DEFER = 6,
} tamis_action;

/**
 * Which way a message goes. Numbers are never used again for something else.
 */
typedef enum tamis_direction {
  /**
   * From outside to own users.
   */
  TAMIS_INBOUND = 0,
  /**
   * From own users to outside.
   */
  TAMIS_OUTBOUND = 1,
} tamis_direction;

/**
 * How much a log line matters. Numbers are never used again for something else.
 */
typedef enum tamis_log_level {
  /**
   * Something did not work.
   */
  TAMIS_LOG_ERROR = 1,
  /**
   * Something worked less well than it should: a time-out, a message that was not looked at wholly in time.
   */
  TAMIS_LOG_WARNING = 2,
  /**
   * Something that whoever keeps the configuration may want to know.
   */
  TAMIS_LOG_NOTE = 3,
} tamis_log_level;

/**
 * Rules, lists, model and limits, compiled. Immutable: any number of threads may use one at once. Scans keep what they
 * need of it, so that it may be freed while they run.
 */
typedef struct tamis_engine tamis_engine;

/**
 * A message that was looked at, and questions that only the network can answer: for hosts that have DNS. Ask, hand in
 * the answers that came in time, and judge; a question without an answer is neutral. Belongs to one thread at a time;
 * any thread may judge.
 */
typedef struct tamis_examined tamis_examined;

/**
 * How an engine is to be opened: what is not in the configuration. Made by tamis_options_new(); belongs to one thread at
 * a time; may be used for several engines.
 */
typedef struct tamis_options tamis_options;

/**
 * One message on its way in, or one after another. Belongs to one thread at a time; a second one that uses it meanwhile
 * gets TAMIS_BUSY. Only tamis_scan_cancel() may be called by any thread at any time.
 */
typedef struct tamis_scan tamis_scan;

/**
 * What to do with a message, and why. Immutable: any number of threads may read it at once. All pointers that come out of
 * it stay valid until it is freed.
 */
typedef struct tamis_verdict tamis_verdict;

/**
 * Receives log lines: `user_data` as it was given, the level (a tamis_log_level), and one line of text without a line
 * break, which is valid during the call. It is called on the thread that made the call which has something to say, on
 * several threads at once if several do. It must not call into Tamis and must not unwind.
 */
typedef void (*tamis_log_callback)(void *user_data, int level, const char *message);

/**
 * Why: one rule, list or detector that found something. Set `struct_size` to `sizeof(tamis_reason)` before the call.
 */
typedef struct tamis_reason {
  /**
   * sizeof(tamis_reason), set by the caller.
   */
  size_t struct_size;
  /**
   * The rule's name.
   */
  const char *rule;
  /**
   * One sentence for a person.
   */
  const char *explanation;
  /**
   * A short piece of what was seen, at most some 200 bytes.
   */
  const char *evidence;
  /**
   * The group that the rule's score is capped with; empty where there is none.
   */
  const char *group;
  /**
   * What it added to the score.
   */
  double score;
  /**
   * What the score would be without it.
   */
  double score_without;
  /**
   * The item's path, such as `2/report.zip/eicar.com`; empty: the message itself.
   */
  const char *path;
  /**
   * `raw`, `decoded`, `visible`, `folded`, `hidden`, `header:NAME`: what `offset` and `length` count in.
   */
  const char *view;
  /**
   * Where it begins, in bytes.
   */
  uint64_t offset;
  /**
   * How long it is, in bytes; 0: the item as a whole.
   */
  uint64_t length;
  /**
   * The item's number; 0: the message itself.
   */
  uint64_t item;
} tamis_reason;

/**
 * The result for one recipient. Set `struct_size` to `sizeof(tamis_recipient)` before the call.
 */
typedef struct tamis_recipient {
  /**
   * sizeof(tamis_recipient), set by the caller.
   */
  size_t struct_size;
  /**
   * As tamis_scan_add_recipient() gave it; empty where no recipient was named.
   */
  const char *address;
  /**
   * The score under the recipient's profile.
   */
  double score;
  /**
   * What to do with the recipient's copy.
   */
  enum tamis_action action;
  /**
   * What would be done if `monitor_only` were off; TAMIS_ACTION_NONE where it is off.
   */
  enum tamis_action unmonitored;
} tamis_recipient;

/**
 * Something malformed, or something that was not looked at. Set `struct_size` to `sizeof(tamis_note)` before the call.
 */
typedef struct tamis_note {
  /**
   * sizeof(tamis_note), set by the caller.
   */
  size_t struct_size;
  /**
   * The name of the defect (docs/defects.md), or of the limit (docs/limits.md).
   */
  const char *name;
  /**
   * One sentence for a person; empty for defects.
   */
  const char *explanation;
  /**
   * As in tamis_reason.
   */
  const char *path;
  /**
   * As in tamis_reason.
   */
  const char *view;
  /**
   * As in tamis_reason.
   */
  uint64_t offset;
  /**
   * As in tamis_reason.
   */
  uint64_t length;
  /**
   * As in tamis_reason.
   */
  uint64_t item;
} tamis_note;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Opens an engine from a configuration: `config_len` bytes of TOML text in UTF-8, every key optional, none of them
 * needed (docs/configuration.md). Relative paths are a mistake; see tamis_options_set_base_dir(). Stock rules and model
 * are inside the library. Nothing is read but the files that the configuration names.
 *
 * Gives TAMIS_CONFIG where anything is wrong, and all that is wrong by tamis_last_error(), each mistake with file, line
 * and remedy. `*out` is NULL then. Free the engine with tamis_engine_free().
 */
enum tamis_status tamis_engine_open(const char *config,
                                    size_t config_len,
                                    struct tamis_engine **out);

/**
 * The same, with options; NULL: none.
 */
enum tamis_status tamis_engine_open_with(const struct tamis_options *options,
                                         const char *config,
                                         size_t config_len,
                                         struct tamis_engine **out);

/**
 * One more handle for the same engine, which is there until both are freed. For a host that swaps engines: under its own
 * lock a thread takes a handle of its own of the current one, and uses it after the lock.
 */
enum tamis_status tamis_engine_share(const struct tamis_engine *engine,
                                     struct tamis_engine **out);

/**
 * Frees a handle of an engine. Scans that were made of it go on. NULL is fine, and so is a handle that was freed.
 */
void tamis_engine_free(struct tamis_engine *engine);

/**
 * A digest of the engine's rules, scores and lists, in hexadecimal digits: equal rules, equal text. Stays valid until the
 * last handle of the engine is freed; NULL where it is no engine.
 */
const char *tamis_engine_rules_version(const struct tamis_engine *engine);

/**
 * The same of its model; empty where it has none.
 */
const char *tamis_engine_model_version(const struct tamis_engine *engine);

/**
 * How many questions there are; 0 where there are none, or where it is no such handle.
 */
size_t tamis_examined_questions(const struct tamis_examined *examined);

/**
 * What question `index` asks for.
 */
enum tamis_question tamis_examined_question_kind(const struct tamis_examined *examined, size_t index);

/**
 * The name that question `index` is about, without a dot at its end. Stays valid until the handle is freed or judged;
 * NULL where there is no such question.
 */
const char *tamis_examined_question_name(const struct tamis_examined *examined,
                                         size_t index);

/**
 * Hands in the answer to question `index`. `found` is 0 where the name does not exist, else 1; then each call adds one
 * address, IPv4 or IPv6. At most 100 addresses count.
 */
enum tamis_status tamis_examined_answer(struct tamis_examined *examined,
                                        size_t index,
                                        int found,
                                        const char *address);

/**
 * Judges, with the answers that were handed in, and frees `examined` where it gives TAMIS_OK; else it is still to be
 * freed. Free the verdict with tamis_verdict_free().
 */
enum tamis_status tamis_examined_judge(struct tamis_examined *examined,
                                       struct tamis_verdict **out);

/**
 * Frees an examined message without judging it. NULL is fine, and so is a handle that was freed or judged.
 */
void tamis_examined_free(struct tamis_examined *examined);

/**
 * Makes options with nothing set. Free them with tamis_options_free().
 */
enum tamis_status tamis_options_new(struct tamis_options **out);

/**
 * Frees options. Engines that were opened with them stay as they are. NULL is fine.
 */
void tamis_options_free(struct tamis_options *options);

/**
 * The folder that relative paths in the configuration start from; must be absolute. Without it a relative path in the
 * configuration is a mistake, since a library does not know where its host's files are.
 */
enum tamis_status tamis_options_set_base_dir(struct tamis_options *options,
                                             const char *path);

/**
 * Whether YARA rules count (1, as without this call) or not (0). Without them the engine touches no signal handler,
 * starts no thread and needs no executable page.
 */
enum tamis_status tamis_options_set_yara(struct tamis_options *options,
                                         int on);

/**
 * How many threads of its own the engine may start, for large messages and to read many rules; 0, as without this call: none. At most 64.
 */
enum tamis_status tamis_options_set_threads(struct tamis_options *options,
                                            uint32_t threads);

/**
 * Where log lines go; NULL: nowhere, as without this call. `callback` and what `user_data` points to must stay valid
 * until the last engine, scan and verdict of these options is freed.
 */
enum tamis_status tamis_options_set_log(struct tamis_options *options,
                                        tamis_log_callback callback,
                                        void *user_data);

/**
 * Makes a scan of an engine, which may be freed before it. Free the scan with tamis_scan_free().
 */
enum tamis_status tamis_scan_new(const struct tamis_engine *engine, struct tamis_scan **out);

/**
 * Frees a scan, at any point. NULL is fine, and so is a handle that was freed.
 */
void tamis_scan_free(struct tamis_scan *scan);

/**
 * Makes a scan ready for another message: everything that was set or fed is forgotten, and so is tamis_scan_cancel().
 * Cheaper than a new one.
 */
enum tamis_status tamis_scan_reset(struct tamis_scan *scan);

/**
 * Which way the message goes, a tamis_direction; inbound without this call.
 */
enum tamis_status tamis_scan_set_direction(struct tamis_scan *scan, int direction);

/**
 * The SMTP client: its address, IPv4 or IPv6, without brackets; its name as the mail server verified it; what it said in
 * HELO or EHLO. Each may be NULL: unknown.
 */
enum tamis_status tamis_scan_set_client(struct tamis_scan *scan,
                                        const char *address,
                                        const char *name,
                                        const char *helo);

/**
 * MAIL FROM, with or without angle brackets; empty for a bounce. NULL: unknown.
 */
enum tamis_status tamis_scan_set_mail_from(struct tamis_scan *scan, const char *address);

/**
 * One RCPT TO, with or without angle brackets, in order. At most 100,000.
 */
enum tamis_status tamis_scan_add_recipient(struct tamis_scan *scan, const char *address);

/**
 * The user that the client authenticated as. NULL: none.
 */
enum tamis_status tamis_scan_set_auth_user(struct tamis_scan *scan, const char *user);

/**
 * Whether the session was encrypted; not, without this call.
 */
enum tamis_status tamis_scan_set_tls(struct tamis_scan *scan, int on);

/**
 * When the message was received, in seconds since 1970-01-01 UTC. Without it what compares with that time is unknown:
 * Tamis asks no clock.
 */
enum tamis_status tamis_scan_set_received_at(struct tamis_scan *scan,
                                             int64_t seconds);

/**
 * One result of authentication that the host vouches for, as in Authentication-Results (RFC 8601): the method (`spf`,
 * `dkim`, `dmarc`, `arc`), its result (`pass`, `fail`, ...), and the domain that was checked, which may be NULL.
 */
enum tamis_status tamis_scan_add_auth_result(struct tamis_scan *scan,
                                             const char *method,
                                             const char *result,
                                             const char *domain);

/**
 * How long judging may take, in milliseconds from the call that judges; 0: as long as it takes. What was not looked at by
 * then is in the verdict (`incomplete`: deadline). The first deadline of a process starts one thread, `tamis-clock`.
 */
enum tamis_status tamis_scan_set_deadline(struct tamis_scan *scan,
                                          uint32_t milliseconds);

/**
 * Ends judging as soon as it can: the verdict says `incomplete`: deadline. May be called by any thread at any time, also
 * before judging begins. From a signal handler it may not.
 */
enum tamis_status tamis_scan_cancel(const struct tamis_scan *scan);

/**
 * Adds bytes of the message, header and body as they come, with any line ends; copies them. Gives TAMIS_TRUNCATED, and
 * keeps no more, where the message is over the limit (`scan.message_bytes` of the configuration). Gives TAMIS_RESOURCES
 * where there is no memory for them; what was fed before stays.
 */
enum tamis_status tamis_scan_feed(struct tamis_scan *scan,
                                  const uint8_t *data,
                                  size_t len);

/**
 * Judges what was fed. Free the verdict with tamis_verdict_free(); it does not need the scan or the engine any more.
 */
enum tamis_status tamis_scan_finish(struct tamis_scan *scan,
                                    struct tamis_verdict **out);

/**
 * Judges a message that lies in memory as a whole; it is not copied, and has to stay as it is during the call. A scan
 * that was fed does not take it (TAMIS_ORDER). Of a message over the limit the head is judged, with TAMIS_OK, and
 * `incomplete` says so.
 */
enum tamis_status tamis_scan_message(struct tamis_scan *scan,
                                     const uint8_t *data,
                                     size_t len,
                                     struct tamis_verdict **out);

/**
 * Looks at what was fed without judging it, so that questions that only the network can answer may be answered first:
 * see tamis_examined. Free the result with tamis_examined_free(), or let tamis_examined_judge() do it.
 */
enum tamis_status tamis_scan_examine(struct tamis_scan *scan,
                                     struct tamis_examined **out);

/**
 * The text of what went wrong in this thread's last call that failed; empty where none did. Stays valid until this
 * thread's next call that fails, or its end.
 */
const char *tamis_last_error(void);

/**
 * One sentence about a status. Never NULL; stays valid for ever.
 */
const char *tamis_status_text(int32_t status);

/**
 * The name of an action, as verdicts print it: `accept`, `tag`, `quarantine`, `reject`, `discard`, `defer`; `none` for
 * every other number. Never NULL; stays valid for ever.
 */
const char *tamis_action_name(int32_t action);

/**
 * The version of the library, such as `0.1.0`. Never NULL; stays valid for ever.
 */
const char *tamis_version(void);

/**
 * The version of the interface: the number behind `libtamis.so`. It grows when something of this header changes or goes,
 * and stays when something is added. Compare it with TAMIS_ABI_VERSION of the header.
 */
uint32_t tamis_abi_version(void);

/**
 * Frees a verdict, and with it every pointer that came out of it. NULL is fine, and so is a handle that was freed.
 */
void tamis_verdict_free(struct tamis_verdict *verdict);

/**
 * What to do: the strictest action that is safe for all recipients. TAMIS_ACTION_NONE where it is no verdict.
 */
enum tamis_action tamis_verdict_action(const struct tamis_verdict *verdict);

/**
 * The score that belongs to the action. NaN where it is no verdict.
 */
double tamis_verdict_score(const struct tamis_verdict *verdict);

/**
 * How likely the message is spam by the model, calibrated, from 0 to 1. NaN where there is no model.
 */
double tamis_verdict_spam_probability(const struct tamis_verdict *verdict);

/**
 * The unrounded log-odds behind it. NaN where there is no model.
 */
double tamis_verdict_bayes_score(const struct tamis_verdict *verdict);

/**
 * How many items were looked at: parts, and everything unpacked.
 */
uint32_t tamis_verdict_items(const struct tamis_verdict *verdict);

/**
 * How many distinct readings the message has: 1 where it is unambiguous.
 */
uint32_t tamis_verdict_readings(const struct tamis_verdict *verdict);

/**
 * How many reasons there are.
 */
size_t tamis_verdict_reasons(const struct tamis_verdict *verdict);

/**
 * Reason `index`, the weightiest first. Gives TAMIS_ABSENT beyond the last one.
 */
enum tamis_status tamis_verdict_reason(const struct tamis_verdict *verdict,
                                       size_t index,
                                       struct tamis_reason *out);

/**
 * How many recipients have results: one a recipient, or one where none was named.
 */
size_t tamis_verdict_recipients(const struct tamis_verdict *verdict);

/**
 * The result for recipient `index`, in the envelope's order. Gives TAMIS_ABSENT beyond the last one.
 */
enum tamis_status tamis_verdict_recipient(const struct tamis_verdict *verdict,
                                          size_t index,
                                          struct tamis_recipient *out);

/**
 * How many defects the message has.
 */
size_t tamis_verdict_defects(const struct tamis_verdict *verdict);

/**
 * Defect `index`: something malformed. Gives TAMIS_ABSENT beyond the last one.
 */
enum tamis_status tamis_verdict_defect(const struct tamis_verdict *verdict,
                                       size_t index,
                                       struct tamis_note *out);

/**
 * How many things were not looked at, or not wholly. 0: everything was.
 */
size_t tamis_verdict_incompletes(const struct tamis_verdict *verdict);

/**
 * What was not looked at, and why, by index. Gives TAMIS_ABSENT beyond the last one.
 */
enum tamis_status tamis_verdict_incomplete(const struct tamis_verdict *verdict,
                                           size_t index,
                                           struct tamis_note *out);

/**
 * The whole verdict as one line of JSON (docs/json.md), with an empty `path` and without `elapsed_us`. `*out` stays valid
 * until the verdict is freed; NUL ends it, and `*len`, where `len` is not NULL, is its length without that.
 */
enum tamis_status tamis_verdict_json(const struct tamis_verdict *verdict,
                                     const char **out,
                                     size_t *len);

/**
 * Frees what this thread keeps: buffers and YARA scanners of the engine that it used last, and that engine itself where
 * all its handles are freed. For a thread that goes on without scanning; at the end of a thread it happens by itself.
 */
void tamis_thread_release(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TAMIS_H */
